"""The packaged knowledge: whole, cited, quiet where it should be, and with the numbers of chemistry and of the labels.

The tables here were written from the literature, not from the records; a record that differs needs a reason.
"""

from __future__ import annotations

import json
import random
from decimal import Decimal
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import pytest

from rules import CompiledRuleSet, check, compile_rule_set
from rules.baseline import FOLDER, read_baseline
from rules.canonical import digest
from rules.filing import formatted
from rules.lint import lint
from rules.load import Knowledge, read_texts
from rules.quantities import elemental_fraction, molar_mass, plain
from rules.report import CheckReport, Finding
from rules.terms import RecordStatus, Severity
from rules.verify import verify
from tests import factories as make


@cache
def knowledge() -> Knowledge:
    """The packaged files, read once."""
    return read_baseline()


@cache
def world() -> CompiledRuleSet:
    """The packaged knowledge, ready to answer."""
    return compile_rule_set(knowledge().rule_set, version=1, places=knowledge().places)


@cache
def findings_of_cases() -> tuple[tuple[str, Finding], ...]:
    """Every finding of every packaged case, with the name of the case."""
    return tuple(
        (case.id, finding) for case in world().rule_set.cases for finding in check(world(), case.profile)["findings"]
    )


def ask(*texts: str, explain: bool = False, **facts: Any) -> CheckReport:  # noqa: ANN401 - parts of a question
    """A report on a list of texts; the lines are m1, m2, ..."""
    lines = [make.medication(f"m{index}", text) for index, text in enumerate(texts, start=1)]
    return check(world(), make.profile(*lines, **facts), explain=explain)


def together(report: CheckReport) -> list[Finding]:
    """The findings that name both of the first two lines."""
    return [finding for finding in report["findings"] if {"m1", "m2"} <= set(finding["medication_ids"])]


class TestWhole:
    """The files fit together, follow the house rules, and every worked case holds."""

    def test_every_file_is_written_in_the_canonical_way(self) -> None:
        files = {path.relative_to(FOLDER).as_posix(): path.read_text() for path in FOLDER.rglob("*.yaml")}
        assert [name for name, text in formatted(files).items() if text != files[name]] == []

    def test_lint_is_clean(self) -> None:
        assert [str(problem) for problem in lint(knowledge())] == []

    def test_every_case_holds(self) -> None:
        result = verify(world())
        assert [f"{failure.case_id}: {'; '.join(failure.details)}" for failure in result.failures] == []
        assert result.cases > 300

    def test_sources_are_neither_generated_nor_hosts_for_tests(self) -> None:
        """A pharmacist opens what is cited: answers of a machine and copies on test hosts are no sources."""
        hosts = {one.id: urlsplit(one.url).hostname or "" for one in world().rule_set.citations if one.url}
        first = {"beta", "dailymed-beta", "origin-www", "preview", "sit", "staging", "test", "uat"}
        assert hosts
        assert [
            f"{name}: {host}"
            for name, host in hosts.items()
            if host.split(".")[0] in first or host.endswith(("droracle.ai", "mimsdev.com"))
        ] == []

    def test_every_active_rule_fires_in_a_case(self) -> None:
        """A rule that no list can make fire would look like knowledge and be none."""
        fired = {finding["interaction_id"] for _, finding in findings_of_cases()}
        active = {one.id for one in world().rule_set.interactions if one.status is RecordStatus.ACTIVE}
        assert active - fired == set()

    def test_order_of_files_does_not_change_the_digest(self) -> None:
        files = {
            path.relative_to(FOLDER).as_posix(): path.read_text(encoding="utf-8")
            for path in FOLDER.glob("forms/*.yaml")
        }
        backwards = {name: files[name] for name in sorted(files, reverse=True)}
        assert list(files) != list(backwards)
        assert digest(read_texts(files).rule_set) == digest(read_texts(backwards).rule_set)

    def test_digest_is_that_of_the_content(self) -> None:
        assert world().digest == digest(knowledge().rule_set)
        assert len(world().digest) == 64

    def test_records_have_a_place(self) -> None:
        file, line = knowledge().places["interactions", "fluoroquinolones-with-oral-magnesium"]
        assert (file, line) == ("interactions/fluoroquinolones-with-oral-magnesium.yaml", 1)


# Share of magnesium in per cent, from atomic weights Mg 24.305, H 1.008, C 12.011, N 14.007, O 15.999, S 32.06,
# Cl 35.45, P 30.974, Si 28.085; rounded to two decimals. Molar masses in g/mol.
ELEMENTAL_PER_CENT: dict[str, tuple[str, str]] = {
    "MgO": ("60.30", "40.30"),
    "MgO2": ("43.17", "56.30"),
    "4MgO·MgO2": ("55.87", "217.52"),
    "Mg(OH)2": ("41.68", "58.32"),
    "MgCO3": ("28.83", "84.31"),
    "4MgCO3·Mg(OH)2·5H2O": ("25.02", "485.65"),
    "4MgCO3·Mg(OH)2·4H2O": ("25.99", "467.63"),
    "Mg3(C6H5O7)2": ("16.16", "451.11"),
    "Mg3(C6H5O7)2·9H2O": ("11.89", "613.25"),
    "MgC6H6O7": ("11.34", "214.41"),
    "Mg(C6H11O7)2": ("5.86", "414.60"),
    "Mg(C6H11O7)2·2H2O": ("5.39", "450.63"),
    "MgCl2": ("25.53", "95.21"),
    "MgCl2·6H2O": ("11.96", "203.30"),
    "Mg(C2H4NO2)2": ("14.10", "172.42"),
    "Mg(C2H4NO2)2·2H2O": ("11.66", "208.45"),
    "Mg(C3H5O3)2": ("12.01", "202.44"),
    "Mg(C3H5O3)2·2H2O": ("10.19", "238.48"),
    "Mg(C3H5O3)2·3H2O": ("9.48", "256.49"),
    "Mg(C4H6NO4)2": ("8.42", "288.50"),
    "Mg(C4H6NO4)2·2H2O": ("7.49", "324.53"),
    "MgC4H6NO4Cl·3H2O": ("9.88", "245.89"),
    "MgC4H4O5": ("15.54", "156.38"),
    "MgC4H4O5·3H2O": ("11.55", "210.42"),
    "Mg(C4H5O5)2": ("8.37", "290.46"),
    "Mg(C2H6NO3S)2": ("8.92", "272.57"),
    "Mg(C4H8NO4S)2": ("6.81", "356.65"),
    "Mg(C4H7O3)2": ("10.54", "230.50"),
    "Mg(C4H7O5)2": ("8.25", "294.50"),
    "Mg(C4H7O5)2·H2O": ("7.78", "312.51"),
    "Mg(C5H3N2O4)2": ("7.27", "334.48"),
    "Mg(C5H3N2O4)2·2H2O": ("6.56", "370.51"),
    "MgSO4": ("20.19", "120.36"),
    "MgSO4·7H2O": ("9.86", "246.47"),
    "Mg(C5H6NO3)2": ("8.66", "280.52"),
    "MgC3H7O6P": ("12.51", "194.36"),
    "Mg(C6H7O6)2": ("6.49", "374.54"),
    "Mg(C2H3O2)2": ("17.07", "142.39"),
    "Mg(C2H3O2)2·4H2O": ("11.33", "214.45"),
    "Mg2Si3O8": ("18.63", "260.86"),
    "Mg6Al2(OH)16CO3·4H2O": ("24.15", "603.97"),
    # Not magnesium products, but the figures that show why: an excipient and the salt of another drug.
    "Mg(C18H35O2)2": ("4.11", "591.26"),
    "Mg(C17H18N3O3S)2·3H2O": ("3.17", "767.17"),
}


class TestForms:
    """What the packaged forms are made of."""

    @pytest.mark.parametrize("formula", sorted(ELEMENTAL_PER_CENT))
    def test_share_of_magnesium(self, formula: str) -> None:
        per_cent, grams = ELEMENTAL_PER_CENT[formula]
        assert f"{float(elemental_fraction(formula) * 100):.2f}" == per_cent
        # Half a unit of the last digit: tables round 40.304 and 203.295 to two decimals in either way.
        assert abs(float(molar_mass(formula)) - float(grams)) <= 0.0051

    def test_every_packaged_formula_is_in_the_table(self) -> None:
        """A new hydrate needs a figure worked out by hand before it is added up for anybody."""
        packaged = {hydrate.formula for form in world().rule_set.forms for hydrate in form.hydrates}
        assert packaged - set(ELEMENTAL_PER_CENT) == set()

    @pytest.mark.parametrize(
        ("form", "formulas"),
        [
            ("oxide", {"MgO"}),
            ("hydroxide", {"Mg(OH)2"}),
            ("carbonate", {"MgCO3", "4MgCO3·Mg(OH)2·5H2O", "4MgCO3·Mg(OH)2·4H2O"}),
            ("citrate", {"Mg3(C6H5O7)2", "Mg3(C6H5O7)2·9H2O", "MgC6H6O7"}),
            ("gluconate", {"Mg(C6H11O7)2", "Mg(C6H11O7)2·2H2O"}),
            ("chloride", {"MgCl2", "MgCl2·6H2O"}),
            ("sulfate", {"MgSO4", "MgSO4·7H2O"}),
            ("glycinate", {"Mg(C2H4NO2)2", "Mg(C2H4NO2)2·2H2O"}),
            ("lactate", {"Mg(C3H5O3)2", "Mg(C3H5O3)2·2H2O", "Mg(C3H5O3)2·3H2O"}),
        ],
    )
    def test_hydrates_on_sale(self, form: str, formulas: set[str]) -> None:
        assert {hydrate.formula for hydrate in world().forms[form].hydrates} == formulas

    @pytest.mark.parametrize(
        ("form", "rank"),
        [
            ("citrate", "well_absorbed"),
            ("chloride", "well_absorbed"),
            ("lactate", "well_absorbed"),
            ("aspartate", "well_absorbed"),
            ("glycinate", "probably_similar"),
            ("gluconate", "probably_similar"),
            ("threonate", "insufficient_data"),
            ("orotate", "insufficient_data"),
            ("oxide", "low_fraction"),
            ("hydroxide", "low_fraction"),
            ("carbonate", "low_fraction"),
        ],
    )
    def test_absorption_says_how_sure_it_is(self, form: str, rank: str) -> None:
        assert world().forms[form].absorption.rank == rank

    @pytest.mark.parametrize(
        ("form", "raises"),
        [
            ("oxide", True),
            ("hydroxide", True),
            ("carbonate", True),
            ("trisilicate", True),
            ("citrate", False),
            ("chloride", False),
        ],
    )
    def test_alkaline_forms_raise_gastric_ph(self, form: str, *, raises: bool) -> None:
        assert world().forms[form].raises_gastric_ph is raises


class TestIntake:
    """Milligrams of magnesium of everyday products."""

    @pytest.mark.parametrize(
        ("text", "milligrams"),
        [
            ("Magnesium oxide 400 mg tab PO BID", "482.4"),  # labelled 241.3 mg each
            ("Magnesium oxide 400 mg tablet once daily", "241.2"),
            ("magnesium chloride 64 mg EC tab bid", "128"),  # labelled by its magnesium; the salt is 535 mg
            ("Magnesium hydroxide 1200 mg once daily", "500.1"),  # labelled 500 mg in 15 mL
            ("Magnesium 10 mmol sachet daily", "243"),  # labelled 243 mg
        ],
    )
    def test_labels(self, text: str, milligrams: str) -> None:
        assert ask(text)["magnesium_intake"]["elemental_mg_per_day"] == milligrams

    @pytest.mark.parametrize(
        ("age", "levels"),
        [
            (0, {}),
            (1, {"us": "65", "no": "85"}),
            (2, {"us": "65", "no": "85"}),
            (3, {"us": "65"}),
            (4, {"us": "110", "eu": "250"}),
            (8, {"us": "110", "eu": "250"}),
            (9, {"us": "350", "eu": "250"}),
            (10, {"us": "350", "eu": "250", "no": "280"}),
            (17, {"us": "350", "eu": "250", "no": "280"}),
            (18, {"us": "350", "eu": "250", "uk": "400", "no": "350"}),
            (90, {"us": "350", "eu": "250", "uk": "400", "no": "350"}),
        ],
    )
    def test_upper_levels_by_age(self, age: int, levels: dict[str, str]) -> None:
        """United States 65, 110, 350 mg; European Union 250 mg from 4 years; United Kingdom 400 mg; Norway 85–350 mg.

        Of the Norwegian levels that for 3 to 10 years is left out: its page prints it with a slip.
        """
        limits = ask("Magnesium 100 mg daily", patient={"age_years": age})["magnesium_intake"]["limits"]
        assert {limit["id"].partition("-")[0]: limit["mg_per_day"] for limit in limits} == levels

    @pytest.mark.parametrize(
        "text",
        ["epsom salt bath", "magnesium sulfate 2 g IV", "esomeprazole magnesium 40 mg daily", "furosemide 40 mg daily"],
    )
    def test_what_does_not_count(self, text: str) -> None:
        assert ask(text)["magnesium_intake"]["elemental_mg_per_day"] == "0"


# Hours after magnesium until the drug, hours after the drug until magnesium, and the severity. From labels and the
# monographs that repeat them; of "2 to 3 h" and "3 to 4 h" the longer end counts. None: no number.
WINDOWS: dict[str, tuple[str | None, str | None, str]] = {
    "ciprofloxacin": ("6", "2", "major"),
    "levofloxacin": ("2", "2", "major"),
    "moxifloxacin": ("8", "4", "major"),
    "delafloxacin": ("6", "2", "major"),
    "gemifloxacin": ("3", "2", "major"),
    "ofloxacin": ("2", "2", "major"),
    "trovafloxacin": ("2", "2", "major"),
    "norfloxacin": ("2", "2", "moderate"),
    "nalidixic acid": ("2", "2", "moderate"),
    "lomefloxacin": ("4", "2", "moderate"),
    "prulifloxacin": ("4", "2", "moderate"),
    "enoxacin": ("8", "2", "moderate"),
    "gatifloxacin": (None, "4", "moderate"),
    "sparfloxacin": (None, "4", "moderate"),
    "pefloxacin": ("6", "2", "moderate"),
    "tetracycline": ("3", "3", "moderate"),
    "doxycycline": ("3", "3", "moderate"),
    "minocycline": ("3", "3", "moderate"),
    "lymecycline": ("3", "3", "moderate"),
    "omadacycline": ("4", "4", "moderate"),
    "dolutegravir": ("6", "2", "major"),
    "Juluca": ("6", "4", "major"),  # dolutegravir with rilpivirine
    "bictegravir": ("6", "2", "major"),
    "Biktarvy": ("6", "2", "major"),
    "elvitegravir": ("4", "4", "major"),  # European label; the US guideline says 2 h
    "cabotegravir": ("2", "4", "major"),  # the other way round than dolutegravir
    "raltegravir": (None, None, "major"),
    "alendronic acid": ("4", "0.5", "moderate"),
    "ibandronic acid": ("6", "1", "moderate"),
    "risedronic acid": ("4", "4", "moderate"),
    "etidronic acid": ("2", "2", "moderate"),
    "tiludronic acid": ("2", "2", "moderate"),
    "levothyroxine": ("4", "4", "moderate"),
    "gabapentin": ("2", None, "moderate"),
    "mycophenolate mofetil": ("2", "2", "moderate"),
    "eltrombopag": ("4", "2", "major"),
    "rosuvastatin": (None, "2", "minor"),
    "penicillamine": ("4", "4", "moderate"),
    "riociguat": ("2", "1", "moderate"),  # European leaflet; the US label says 1 h
    "ferrous sulfate": ("4", "4", "minor"),
    "ketoconazole": ("1", "2", "moderate"),
    "itraconazole": ("2", "2", "moderate"),
    "cefdinir": ("2", "2", "moderate"),
    "cefaclor": ("3", "3", "minor"),
    "nitroxoline": ("4", "4", "moderate"),
    "chloroquine": ("4", "4", "minor"),
    "proguanil": ("3", "3", "minor"),
    "atazanavir": ("1", "2", "major"),
    "rilpivirine": ("2", "4", "major"),
    "dasatinib": ("2", "2", "major"),
    "nilotinib": ("2", "2", "moderate"),
    "neratinib": ("3", "3", "moderate"),  # European leaflet: three hours apart
    "gefitinib": ("6", "6", "moderate"),
    "captopril": ("3", "3", "minor"),
    "baloxavir marboxil": (None, None, "moderate"),
}
NO_SPACING_HELPS = {"raltegravir", "baloxavir marboxil"}


class TestWindows:
    """Two numbers for each drug, never one, and never the wrong way round."""

    @pytest.mark.parametrize("drug", sorted(WINDOWS))
    def test_with_a_magnesium_antacid(self, drug: str) -> None:
        magnesium_first, drug_first, severity = WINDOWS[drug]
        report = check(
            world(),
            make.profile(
                make.medication("m1", drug, route="oral"), make.medication("m2", "Magnesium hydroxide tablet")
            ),
        )
        found = [finding for finding in together(report) if finding["direction"] == "magnesium_alters_drug"]
        assert len(found) == 1
        assert (found[0]["severity"], found[0]["applicability"]) == (severity, "applies")
        separation = found[0]["management"]["separation"]
        assert separation is not None
        assert (separation["magnesium_first_hours"], separation["drug_first_hours"]) == (magnesium_first, drug_first)
        assert separation["spacing_helps"] is (drug not in NO_SPACING_HELPS)

    @pytest.mark.parametrize("drug", ["ciprofloxacin", "moxifloxacin", "dolutegravir", "cabotegravir", "levothyroxine"])
    @pytest.mark.parametrize("salt", ["oxide", "citrate", "chloride", "glycinate", "gluconate", "lactate", "carbonate"])
    def test_chelation_does_not_depend_on_the_salt(self, drug: str, salt: str) -> None:
        """A rule is written once for the magnesium ion."""
        lines = (make.medication("m1", drug, route="oral"), make.medication("m2", f"Magnesium {salt}"))
        found = together(check(world(), make.profile(*lines)))
        hours = [
            (separation["magnesium_first_hours"], separation["drug_first_hours"])
            for finding in found
            if (separation := finding["management"]["separation"])
        ]
        assert hours == [WINDOWS[drug][:2]]

    @pytest.mark.parametrize("drug", ["ketoconazole", "dasatinib", "riociguat", "rosuvastatin", "captopril"])
    def test_acid_matters_for_alkaline_salts_only(self, drug: str) -> None:
        """What is about gastric acid does not concern citrate or chloride."""
        for salt, expected in (("hydroxide", 1), ("citrate", 0), ("chloride", 0)):
            lines = (make.medication("m1", drug, route="oral"), make.medication("m2", f"Magnesium {salt} tablet"))
            assert len(together(check(world(), make.profile(*lines)))) == expected


# Pairs that lists on the web flag and evidence does not.
QUIET: tuple[tuple[str, str], ...] = (
    ("Ciprofloxacin 400 mg IV", "Magnesium oxide 400 mg tablet"),  # chelation is in the gut
    ("ciprofloxacin eye drops", "Magnesium oxide 400 mg tablet"),
    ("ofloxacin ear drops", "Magnesium oxide 400 mg tablet"),
    ("azithromycin 500 mg IV", "magnesium hydroxide"),
    ("zoledronic acid 5 mg IV", "magnesium citrate"),
    ("Cabenuva", "magnesium citrate"),  # injected
    ("tigecycline 50 mg IV", "magnesium citrate"),  # by vein only
    ("ciprofloxacin 500 mg tablet", "epsom salt bath"),
    ("levofloxacin 500 mg tablet", "magnesium sulfate 2 g IV"),
    ("levothyroxine 100 mcg tablet", "esomeprazole magnesium 40 mg"),  # 1.4 mg of magnesium
    ("tacrolimus ointment", "magnesium oxide"),
    ("amlodipine 5 mg", "magnesium citrate"),  # reports are of magnesium by vein
    ("rocuronium 50 mg IV", "magnesium citrate"),
    ("morphine 10 mg tablet", "magnesium citrate"),
    ("warfarin 5 mg", "magnesium hydroxide"),  # shown for dicoumarol
    ("pregabalin 75 mg capsule", "magnesium oxide"),
    ("metformin 500 mg tablet", "magnesium citrate"),
    ("atorvastatin 20 mg", "magnesium hydroxide"),
    ("fluconazole 150 mg capsule", "magnesium hydroxide"),
    ("vitamin D3 1000 IU", "magnesium citrate"),
    ("calcium carbonate 500 mg", "magnesium citrate"),
    ("empagliflozin 10 mg", "magnesium citrate"),
    ("ketoconazole 200 mg tablet", "magnesium citrate"),
    ("famotidine 20 mg tablet", "magnesium citrate"),
)


class TestQuiet:
    """Over-alerting is this field's first complaint."""

    @pytest.mark.parametrize(("drug", "magnesium"), QUIET)
    def test_pair(self, drug: str, magnesium: str) -> None:
        report = ask(drug, magnesium)
        assert report["status"] == "complete"
        assert [finding["interaction_id"] for finding in together(report)] == []

    def test_injected_quinolone_is_quiet_and_says_why_on_request(self) -> None:
        report = ask("Ciprofloxacin 400 mg IV", "Magnesium oxide 400 mg tablet", explain=True)
        miss = next(
            one for one in report["near_misses"] if one["interaction_id"] == "fluoroquinolones-with-oral-magnesium"
        )
        assert any("intravenous" in reason["detail"] for reason in miss["failed"])

    def test_oral_quinolone_is_not_quiet(self) -> None:
        found = together(ask("Ciprofloxacin 500 mg tablet", "Magnesium oxide 400 mg tablet"))
        assert [(finding["interaction_id"], finding["severity"]) for finding in found] == [
            ("fluoroquinolones-with-oral-magnesium", "major")
        ]

    def test_quinolone_of_unknown_route_may_apply(self) -> None:
        found = together(ask("Ciprofloxacin 400 mg", "Magnesium oxide 400 mg tablet"))
        assert [(finding["applicability"], finding["missing_facts"]) for finding in found] == [
            ("may_apply", ["medications.m1.route"])
        ]

    @pytest.mark.parametrize(
        "texts",
        [
            ("lisinopril 10 mg", "atorvastatin 20 mg", "metformin 500 mg"),
            ("paracetamol 500 mg", "famotidine 20 mg"),
            ("tobramycin inhalation", "paracetamol 500 mg"),
            ("ciprofloxacin 500 mg tablet", "paracetamol 500 mg"),
            ("gentamicin ear drops",),
            ("ciclosporin eye drops",),
        ],
    )
    def test_list_without_any_finding(self, texts: tuple[str, ...]) -> None:
        report = ask(*texts)
        assert report["findings"] == []
        assert "safe" not in report["statement"].lower()

    @pytest.mark.parametrize("text", ["furosemide 40 mg tablet", "hydrochlorothiazide 12.5 mg tablet"])
    def test_ordinary_diuretic_alone_is_a_quiet_note(self, text: str) -> None:
        assert ask(text)["highest_severity"] == "minor"

    def test_short_course_of_an_acid_suppressant(self) -> None:
        """The regulator saw cases after three months at the earliest."""
        line = make.medication("m1", "omeprazole 20 mg capsule", started_on="2026-10-22")
        assert check(world(), make.profile(line, as_of="2026-11-22", conditions=[]))["findings"] == []


DISCHARGE = (
    "Lasix 40 MG Oral Tablet",
    "Spironolactone 25 mg tablet",
    "Lanoxin 125 mcg tablet",
    "Nexium 40 mg capsule",
    "Lipitor 40 mg",
    "metformin 850 mg BID",
    "Synthroid 100 mcg",
    "Magnesium oxide 400 mg tab PO BID",
    "Fosamax 70 mg once weekly",
    "Aspirin 81 mg",
)
PATIENT: dict[str, Any] = {"age_years": 78, "egfr": {"value": "41", "unit": "mL/min/1.73m2"}}


class TestAsANewUser:
    """The lists of the first five minutes."""

    def test_discharge_list_of_ten_with_brands_and_strengths(self) -> None:
        report = ask(*DISCHARGE, patient=PATIENT)
        assert report["status"] == "complete"
        assert [
            line["substances"][0]["id"] for line in sorted(report["medications"], key=lambda line: int(line["id"][1:]))
        ] == [
            "furosemide",
            "spironolactone",
            "digoxin",
            "esomeprazole",
            "atorvastatin",
            "metformin",
            "levothyroxine",
            "magnesium-oxide",
            "alendronic-acid",
            "acetylsalicylic-acid",
        ]
        found = {finding["interaction_id"]: finding for finding in report["findings"]}
        assert found["cardiac-glycosides-with-magnesium-depleting-drugs"]["severity"] == "major"
        assert found["thyroid-hormones-with-oral-magnesium"]["medication_ids"] == ["m7", "m8"]
        assert found["oral-bisphosphonates-with-oral-magnesium"]["medication_ids"] == ["m8", "m9"]
        assert report["magnesium_intake"]["elemental_mg_per_day"] == "482.4"

    def test_shuffled_list_gives_the_same_bytes(self) -> None:
        lines = [make.medication(f"m{index}", text) for index, text in enumerate((*DISCHARGE, "zzyxin"))]
        expected = json.dumps(check(world(), make.profile(*lines, patient=PATIENT), explain=True))
        shuffle = random.Random(7).shuffle
        for _ in range(20):
            shuffle(lines)
            assert json.dumps(check(world(), make.profile(*lines, patient=PATIENT), explain=True)) == expected

    def test_fresh_rule_set_gives_the_same_bytes(self) -> None:
        """What was remembered from other lists changes nothing."""
        question = make.profile(*(make.medication(f"m{index}", text) for index, text in enumerate(DISCHARGE)))
        fresh = compile_rule_set(knowledge().rule_set, version=1)
        assert json.dumps(check(world(), question)) == json.dumps(check(fresh, question))

    def test_empty_list(self) -> None:
        report = ask()
        assert (report["status"], report["findings"], report["highest_severity"]) == ("complete", [], None)
        assert report["statement"] == "No medication was given, so none was checked."

    def test_nonsense_name(self) -> None:
        report = ask("Zzyxin 40 mg tablet", "furosemide 40 mg")
        assert report["status"] == "incomplete"
        assert [line["state"] for line in report["medications"]] == ["unrecognised", "recognised"]
        assert report["statement"].startswith("Incomplete: ")

    @pytest.mark.parametrize(
        ("typed", "meant"), [("furosmide 40 mg", "furosemide"), ("ciprofloxacim 500mg", "ciprofloxacin")]
    )
    def test_misspelt_name_is_offered_and_not_taken(self, typed: str, meant: str) -> None:
        line = ask(typed)["medications"][0]
        assert line["state"] == "unrecognised"
        assert line["candidates"][0]["substance_id"] == meant

    @pytest.mark.parametrize(
        ("text", "substances"),
        [
            ("Furosemide 40 MG Oral Tablet", ["furosemide"]),
            ("Magnesium oxide 400 mg tab PO BID", ["magnesium-oxide"]),
            ("Cipro 500mg", ["ciprofloxacin"]),
            ("esomeprazole magnesium 40 mg", ["esomeprazole"]),
            ("Lasix [furosemide]", ["furosemide"]),
            ("milk of magnesia", ["magnesium-hydroxide"]),
            ("Epsom salt", ["magnesium-sulfate"]),
            ("Co-amilofruse", ["amiloride", "furosemide"]),
            ("Hydrochlorothiazide 12.5 mg / triamterene 37.5 mg", ["hydrochlorothiazide", "triamterene"]),
            ("Acetaminophen 500 mg", ["paracetamol"]),
            ("Frusemide 40 mg", ["furosemide"]),
        ],
    )
    def test_names(self, text: str, substances: list[str]) -> None:
        assert [substance["id"] for substance in ask(text)["medications"][0]["substances"]] == substances

    @pytest.mark.parametrize(
        ("system", "code", "substance"),
        [
            ("rxnorm", "4603", "furosemide"),
            ("rxnorm", "2551", "ciprofloxacin"),
            ("rxnorm", "6582", "magnesium-oxide"),
            ("rxnorm", "3407", "digoxin"),
            ("rxnorm", "10582", "levothyroxine"),
            ("atc", "C03CA01", "furosemide"),
            ("atc", "J01MA02", "ciprofloxacin"),
            ("atc", "A02BC01", "omeprazole"),
            ("atc", "L01XA01", "cisplatin"),
        ],
    )
    def test_codes(self, system: str, code: str, substance: str) -> None:
        line = make.medication("m1", codes={system: code})
        shown = check(world(), make.profile(line))["medications"][0]
        assert [one["id"] for one in shown["substances"]] == [substance]

    def test_unlisted_quinolone_by_its_class(self) -> None:
        """A code under the anchor of the class is a quinolone, even one that is not listed."""
        lines = (
            make.medication("m1", codes={"atc": "J01MA98"}, route="oral"),
            make.medication("m2", "magnesium oxide"),
        )
        found = together(check(world(), make.profile(*lines)))
        assert [finding["interaction_id"] for finding in found] == ["fluoroquinolones-with-oral-magnesium"]

    @pytest.mark.parametrize(
        ("value", "level"),
        [("0.69", "low"), ("0.70", "normal"), ("1.05", "normal"), ("1.06", "high"), ("0.39", "low"), ("4", "high")],
    )
    def test_serum_magnesium(self, value: str, level: str) -> None:
        """0.70 mmol/L is the usual lower limit of a laboratory, 1.05 mmol/L the upper one."""
        observation = {"kind": "serum_magnesium", "value": value, "unit": "mmol/L"}
        bands = ask("furosemide 40 mg", observations=[observation])["deficiency_risk"]["serum"]
        assert [band["level"] for band in bands] == [level]


class TestEveryFinding:
    """Whatever the packaged cases make fire holds what a professional needs to judge it."""

    def test_cites_something_that_can_be_opened(self) -> None:
        for name, finding in findings_of_cases():
            assert finding["evidence"]["citations"], name
            for citation in finding["evidence"]["citations"]:
                assert citation["address"].startswith("https://"), name
                assert citation["supports"], name

    def test_says_why(self) -> None:
        for name, finding in findings_of_cases():
            assert finding["why"], name
            assert all(reason["detail"] for reason in finding["why"]), name

    def test_open_findings_name_the_missing_fact(self) -> None:
        for name, finding in findings_of_cases():
            if finding["applicability"] == "may_apply":
                assert finding["missing_facts"], name

    def test_ceiling_is_never_below_the_severity(self) -> None:
        for name, finding in findings_of_cases():
            severity, ceiling = Severity(finding["severity"]), Severity(finding["severity_ceiling"])
            assert ceiling.rank >= severity.rank, name
            assert (ceiling.rank > severity.rank) == bool(finding["open_factors"]), name

    def test_never_says_safe(self) -> None:
        for name, finding in findings_of_cases():
            texts = (
                finding["title"],
                finding["effect"],
                finding["management"]["text"],
                finding["management"]["patient_text"],
            )
            for text in texts:
                assert " is safe" not in text.lower(), name
                assert "harmless" not in text.lower(), name

    def test_hours_are_plain_numbers(self) -> None:
        for name, finding in findings_of_cases():
            separation = finding["management"]["separation"]
            if separation is not None:
                hours = [separation["magnesium_first_hours"], separation["drug_first_hours"]]
                assert all(one is None or plain(Decimal(one), 2) == one for one in hours), name
