"""A knowledge base of a few made-up records, so that these tests do not change with the clinical ones."""

from collections.abc import Mapping
from pathlib import Path

from rules.load import read_texts
from rules.model import RuleSet

REVIEWED = "last_reviewed_on: 2026-11-01"
FILES: Mapping[str, str] = {
    "substances/ciprofloxacin.yaml": f"""
id: ciprofloxacin
{REVIEWED}
name: ciprofloxacin
brands: [Cipro]
codes: {{rxnorm: ["2551"], atc: [J01MA02]}}
routes: [oral, intravenous]
""",
    "substances/furosemide.yaml": f"""
id: furosemide
{REVIEWED}
name: furosemide
codes: {{rxnorm: ["4603"], atc: [C03CA01]}}
routes: [oral]
""",
    "substances/magnesium-oxide.yaml": f"""
id: magnesium-oxide
{REVIEWED}
name: magnesium oxide
codes: {{rxnorm: ["6582"], atc: [A12CC10]}}
routes: [oral]
""",
    "classes/fluoroquinolones.yaml": f"""
id: fluoroquinolones
{REVIEWED}
name: Fluoroquinolones
description: Antibiotics that bind magnesium ions.
atc: [J01MA]
""",
    "classes/loop-diuretics.yaml": f"""
id: loop-diuretics
{REVIEWED}
name: Loop diuretics
description: Diuretics that act on the thick ascending limb.
atc: [C03CA]
""",
    "classes/magnesium-salts.yaml": f"""
id: magnesium-salts
{REVIEWED}
name: Magnesium salts
description: Products that release magnesium ions.
members: [magnesium-oxide]
""",
    "classes/unused-class.yaml": f"""
id: unused-class
{REVIEWED}
name: Unused class
description: A class that no interaction refers to.
members: [furosemide]
""",
    "citations/example-label.yaml": f"""
id: example-label
{REVIEWED}
kind: label
title: "An example of a label"
url: https://label.example/2026
accessed_on: 2026-11-01
verification: primary_text
""",
    "citations/nobody-cites-this.yaml": f"""
id: nobody-cites-this
{REVIEWED}
kind: web
title: "A page that no record refers to"
url: https://page.example/
accessed_on: 2026-11-01
verification: unverified
""",
    "attributions/example.yaml": f"""
id: example
{REVIEWED}
developer: the makers of the example
funding_source: none
""",
    "interactions/fluoroquinolones-with-oral-magnesium.yaml": f"""
id: fluoroquinolones-with-oral-magnesium
{REVIEWED}
released_on: 2026-11-01
title: Fluoroquinolone with an oral magnesium product
direction: magnesium_alters_drug
severity: major
seriousness: serious
operational_class: minimize_risk
onset: rapid
affected: {{classes: [fluoroquinolones], routes: [oral]}}
precipitant: {{classes: [magnesium-salts], routes: [oral]}}
mechanism: Magnesium ions bind the antibiotic in the gut.
effect: Less of the antibiotic is absorbed.
management:
  action: separate_doses
  text: Consider giving the antibiotic first.
  patient_text: Please ask your pharmacist at what times to take each.
  prescriber:
    heading: Antibiotic first, magnesium later
    text: Two hours before magnesium, or six hours after it, less of the antibiotic is lost.
  separation: {{magnesium_first_hours: 6, drug_first_hours: 2}}
  monitoring: [Whether the infection responds]
evidence:
  grade: A
  citations: [{{citation: example-label, supports: both intervals}}]
""",
    "interactions/loop-diuretics-deplete-magnesium.yaml": f"""
id: loop-diuretics-deplete-magnesium
{REVIEWED}
released_on: 2026-11-01
title: Loop diuretics and loss of magnesium
direction: depletes_magnesium
severity: moderate
seriousness: serious
operational_class: monitor
onset: delayed
precipitant: {{classes: [loop-diuretics]}}
mechanism: Less magnesium is taken back in the kidney.
effect: More magnesium leaves with the urine.
management:
  action: monitor
  text: Consider a test of magnesium.
  patient_text: Your doctor can tell you whether a blood test is worthwhile.
  prescriber:
    heading: Consider magnesium in the next blood test
    text: High doses and a second cause of loss make a low value likelier.
evidence:
  grade: B
  citations: [{{citation: example-label}}]
factors:
  - id: kidney
    when: {{egfr: {{below: 30}}}}
    severity: major
    text: Reduced kidney function adds to the loss.
    citations: [{{citation: example-label}}]
""",
    "assessments/two-questions.yaml": f"""
- id: do-fluoroquinolones-meet-magnesium
  {REVIEWED}
  title: Do fluoroquinolones meet magnesium?
  area: absorption
  verdict: rule
  text: They do, in the gut.
  classes: [fluoroquinolones, magnesium-salts]
  interactions: [fluoroquinolones-with-oral-magnesium]
- id: do-loop-diuretics-drain-magnesium
  {REVIEWED}
  title: Do loop diuretics drain magnesium?
  area: depletion
  verdict: rule
  text: They do, and nothing else here does.
  classes: [loop-diuretics, unused-class]
  interactions: [loop-diuretics-deplete-magnesium]
""",
    "cases/fluoroquinolones.yaml": f"""
- id: ciprofloxacin-meets-magnesium
  {REVIEWED}
  interaction: fluoroquinolones-with-oral-magnesium
  kind: fires
  title: Both by mouth
  rationale: The label names both intervals.
  citations: [{{citation: example-label}}]
  profile:
    medications:
      - {{id: m1, text: ciprofloxacin 500 mg oral tablet}}
      - {{id: m2, text: magnesium oxide 400 mg tablet}}
  expect:
    findings: [{{interaction: fluoroquinolones-with-oral-magnesium, severity: major, drug_first_hours: 2}}]
- id: intravenous-ciprofloxacin-is-quiet
  {REVIEWED}
  interaction: fluoroquinolones-with-oral-magnesium
  kind: quiet
  title: The antibiotic as an infusion
  rationale: Nothing meets in the gut.
  citations: [{{citation: example-label}}]
  profile:
    medications:
      - {{id: m1, text: ciprofloxacin, route: intravenous}}
      - {{id: m2, text: magnesium oxide 400 mg tablet}}
  expect:
    absent: [fluoroquinolones-with-oral-magnesium]
""",
    "cases/loop-diuretics.yaml": f"""
- id: furosemide-alone
  {REVIEWED}
  interaction: loop-diuretics-deplete-magnesium
  kind: fires
  title: A loop diuretic alone
  rationale: The class effect.
  citations: [{{citation: example-label}}]
  profile:
    medications: [{{id: m1, text: furosemide 40 mg tablet}}]
  expect:
    findings: [{{interaction: loop-diuretics-deplete-magnesium}}]
- id: furosemide-without-egfr
  {REVIEWED}
  interaction: loop-diuretics-deplete-magnesium
  kind: missing_fact
  title: Kidney function is not known
  rationale: It could be worse than it looks.
  citations: [{{citation: example-label}}]
  profile:
    medications: [{{id: m1, text: furosemide 40 mg tablet}}]
  expect:
    findings: [{{interaction: loop-diuretics-deplete-magnesium, severity_ceiling: major}}]
- id: no-loop-diuretic
  {REVIEWED}
  interaction: loop-diuretics-deplete-magnesium
  kind: quiet
  title: A magnesium product alone
  rationale: Nothing drains magnesium here.
  citations: [{{citation: example-label}}]
  profile:
    medications: [{{id: m1, text: magnesium oxide 400 mg tablet}}]
  expect:
    absent: [loop-diuretics-deplete-magnesium]
""",
}


def small_rule_set(*, title: str = "Loop diuretics and loss of magnesium") -> RuleSet:
    """The rule set, with a title to tell one version from another."""
    changed = {name: text.replace("Loop diuretics and loss of magnesium", title) for name, text in FILES.items()}
    return read_texts(changed).rule_set


def write_small_knowledge(folder: Path) -> Path:
    """Write the files below a folder and return it."""
    for name, text in FILES.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text.lstrip("\n"), encoding="utf-8")
    return folder
