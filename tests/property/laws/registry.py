"""All laws by name, and how one is tried."""

from __future__ import annotations

from hypothesis import given, settings

from tests.property.laws import Law, documents, facts, lists, names, reference, settling, timetable, timetables, timing

LAWS: dict[str, Law] = {
    "I1 adding a medicine removes nothing": lists.I1,
    "I2 order means nothing": lists.I2,
    "I3 listed twice is once, and said": lists.I3,
    "I4 asked again, the same bytes": lists.I4,
    "I5 replayed from what is stored": lists.I5,
    "I6 every finding shows its grounds": facts.I6,
    "I8 nothing is ignored": lists.I8,
    "I9 missing is never milder": facts.I9,
    "I10 limits are exact": facts.I10,
    "I11 units mean what they say": facts.I11,
    "I11 unknown units are refused": facts.I11_REFUSED,
    "I12 another name finds the same": names.I12,
    "I12 a combination is its ingredients": names.I12_COMBINATIONS,
    "I13 turning the clock changes nothing": timing.I13,
    "I13 a day plan is as good as any": timetable.EXACT,
    "I13 the smallest conflict is smallest": timetable.CONFLICT,
    "I13 out of steps is no day plan": timetable.BOUNDED,
    "I13 order and strangers change no day plan": timetable.INDEPENDENT,
    "I13 a day turned gives the same day plan": timetable.TURNED,
    "I13 every line has its place in the timetable": timetables.PLACES,
    "I13 the timetable keeps every gap": timetables.GAPS,
    "I13 the timetable keeps what labels say": timetables.LABELS,
    "I13 the timetable put into practice stands": timetables.PRACTICE,
    "I13 what would help helps": timetables.REMEDIES,
    "I13 a turned day has the same timetable": timetables.TURNED,
    "I14 the worst is on top": lists.I14,
    "I14 settled is not lost": settling.SETTLED,
    "I14 an acknowledgement counts until its day": settling.UNTIL,
    "I14 findings have names of their own": settling.NAMES,
    "I14 ids and order change no name": settling.IDS,
    "I14 what a finding rests on brings it back": settling.BACK,
    "I14 a proposal answers for what it brings": settling.PROPOSED,
    "I17 what is accepted is answered": documents.I17,
    "I17 damaged rule sets are refused": documents.I17_RULES,
    "I17 damaged questions are refused": documents.I17_QUESTIONS,
    "I17 files are read or refused": documents.I17_FILES,
    "I20 what is not known shows": lists.I20,
    "engine and naive evaluator agree": reference.DIFFERENTIAL,
}


def try_law(law: Law, profile: settings) -> None:
    """Try a law on as many cases as the profile says; fails on the first that breaks it."""

    @profile
    @given(law.cases)
    def holds(case: object) -> None:
        law.holds(case)

    holds()
