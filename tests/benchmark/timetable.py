"""The timetable of real medicines: what a day plan adds to a check, and how often its search ends without an answer.

Lists of twelve medicines and twenty-five doses are drawn from those that the packaged knowledge keeps apart from
magnesium, with one or two magnesium products, beside medicines that only have a label of their own. Half of the doses
come with their times.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from typing import TYPE_CHECKING, Any

from rules import MedicationProfile, check, compile_rule_set
from rules.baseline import read_baseline
from tests.benchmark.measure import ratio_of, rounds

if TYPE_CHECKING:
    from rules import CompiledRuleSet

MEDICATIONS = 12
DOSES = 25
LISTS = 60
# With how often a day each is taken at most.
_APART = {
    **dict.fromkeys(("levothyroxine", "levofloxacin", "moxifloxacin", "digoxin", "rosuvastatin"), 1),
    **dict.fromkeys(("dolutegravir", "bictegravir", "deferasirox", "eltrombopag", "fexofenadine"), 1),
    **dict.fromkeys(("ciprofloxacin", "doxycycline", "minocycline", "norfloxacin", "mycophenolate"), 2),
    **dict.fromkeys(("raltegravir", "cefpodoxime", "penicillamine"), 2),
    "gabapentin": 3,
}
_BESIDE = {
    **dict.fromkeys(("omeprazole", "hydrochlorothiazide", "prednisolone", "simvastatin", "amlodipine"), 1),
    "bisoprolol": 1,
    **dict.fromkeys(("furosemide", "naproxen", "ramipril", "metoprolol", "carvedilol"), 2),
    **dict.fromkeys(("metformin", "pregabalin", "baclofen", "hydralazine", "ibuprofen", "acetaminophen"), 3),
}
_MAGNESIUM = ("magnesium oxide", "magnesium citrate", "magnesium hydroxide", "magnesium carbonate")
_MAGNESIUM_A_DAY = 3
_TIMES = {
    1: (["08:00"], ["22:00"], ["12:00"]),
    2: (["08:00", "20:00"], ["07:00", "19:00"]),
    3: (["08:00", "14:00", "20:00"], ["07:00", "13:00", "22:00"]),
}


def _list(source: random.Random) -> dict[str, Any]:
    """One list: a few medicines that are kept apart, one or two magnesium products, the rest beside them."""
    products = source.sample(_MAGNESIUM, source.choice((1, 1, 2)))
    apart = source.sample(list(_APART), source.choice((2, 3, 3, 4)))
    texts = [*products, *apart, *source.sample(list(_BESIDE), MEDICATIONS - len(products) - len(apart))]
    most = [{**_APART, **_BESIDE}.get(text, _MAGNESIUM_A_DAY) for text in texts]
    if sum(most) < DOSES:
        return _list(source)
    doses = [1] * MEDICATIONS
    while sum(doses) < DOSES:
        at = source.randrange(MEDICATIONS)
        doses[at] += doses[at] < most[at]
    lines: list[dict[str, Any]] = []
    for number, (text, often) in enumerate(zip(texts, doses, strict=True)):
        given = source.random() < 0.5
        how = {"times": source.choice(_TIMES[often])} if given else {"times_per_day": often}
        lines.append({"id": f"m{number}", "text": text, "route": "oral", **how})
    return {"medications": lines}


def _timed(compiled: CompiledRuleSet, profile: MedicationProfile) -> tuple[str, float]:
    started = time.process_time()
    report = check(compiled, profile)
    return report["timetable"]["state"], time.process_time() - started


def plans(count: int) -> None:
    """A check with a timetable as a ratio to the same check without; what became of the plans; the longest search."""
    compiled = compile_rule_set(read_baseline().rule_set)
    source = random.Random(3)
    bodies = [_list(source) for _ in range(LISTS)]
    without = [MedicationProfile.model_validate(body, strict=False) for body in bodies]
    planned = [profile.model_copy(update={"timetable": True}) for profile in without]
    unknown = {
        line["id"] for profile in without for line in check(compiled, profile)["medications"] if not line["substances"]
    }
    if unknown:
        message = f"lines that the packaged knowledge does not know: {sorted(unknown)}"
        raise SystemExit(message)
    timed = [_timed(compiled, profile) for profile in planned]
    states = Counter(state for state, _ in timed)
    typical = [profile for profile, (state, _) in zip(planned, timed, strict=True) if state == "planned"]
    alike = [profile for profile, (state, _) in zip(without, timed, strict=True) if state == "planned"]
    results = rounds(
        {
            "without": (lambda profile: check(compiled, profile), alike),
            "planned": (lambda profile: check(compiled, profile), typical),
        },
        count,
    )
    print(f"timetables of {LISTS} lists, {MEDICATIONS} medications and {DOSES} doses each, {count} rounds")
    share = ", ".join(f"{state} {number}" for state, number in sorted(states.items()))
    print(f"  what became of them: {share}; out of steps {states['not_found'] / LISTS:.0%}")
    ratio = ratio_of([result["planned"] / result["without"] for result in results])
    middle = ratio_of([result["planned"] * 1e3 for result in results]).median
    print(f"  a check with a day plan / the same check without {ratio}   {middle:10.1f} ms here")
    longest = sorted(seconds for _, seconds in timed)
    base = ratio_of([result["without"] for result in results]).median
    for name, seconds in (("median", longest[len(longest) // 2]), ("longest", longest[-1])):
        print(f"  {name} of all, first time / a check without {seconds / base:11.2f}   {seconds * 1e3:10.1f} ms here")
