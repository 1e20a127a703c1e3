"""The labelled sample of medication lines: never wrong, and how often right.

A line that is not recognised, or a number that is not read, lowers the recall; anything read otherwise than a
pharmacist reads it is a fault. `tests/reference/README.md` publishes the figures.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path

import pytest

from rules import CompiledRuleSet, check, compile_rule_set
from rules.baseline import read_baseline
from rules.reading import Strength
from rules.resolution import Resolution, resolve
from tests import factories as make
from tests.reference.lines import (
    HELD_OUT,
    PROSE,
    Labelled,
    LabelledInFull,
    read_amounts,
    read_further,
    read_sample,
    read_systems,
)

SAMPLE = read_sample()
SYSTEMS = read_systems()
AMOUNTS = read_amounts()
README = Path(__file__).parents[2] / "reference" / "README.md"
_SAME = {"microgram": "mcg", "micrograms": "mcg", "\u03bcg": "mcg", "ug": "mcg", "gram": "g", "gm": "g"}


@pytest.fixture(scope="module")
def packaged() -> CompiledRuleSet:
    return compile_rule_set(read_baseline().rule_set)


def _number(value: Decimal) -> str:
    return f"{value.normalize():f}"


def written(strength: Strength) -> str:
    """A strength as the sample writes it."""
    text = f"{_number(strength.value)} {_SAME.get(strength.unit, strength.unit)}"
    if not strength.per_volume:
        return text
    number = f"{_number(strength.per)} " if strength.per_unit in {"ml", "l"} else ""
    return f"{text} per {number}{strength.per_unit}"


def read(resolution: Resolution) -> tuple[tuple[str, ...], int | None, bool]:
    """Strengths, times a day and whether it is taken when needed, as they were read."""
    reading = resolution.reading
    assert reading is not None
    return tuple(written(one) for one in reading.strengths), reading.times_per_day, reading.as_needed


def dose_of(resolution: Resolution) -> str:
    """What is taken each time, as the lines of other systems write it."""
    reading = resolution.reading
    if reading is None or reading.dose is None:
        return ""
    return _number(reading.dose) + (" ml" if reading.dose_unit == "ml" else "")


def magnesium_of(packaged: CompiledRuleSet, text: str) -> tuple[Decimal, Decimal] | None:
    """Least and most magnesium of a day; nothing where there is no end to it, or none is counted."""
    intake = check(packaged, make.profile(make.medication("m1", text)))["magnesium_intake"]
    most = intake["elemental_mg_per_day_maximum"]
    if most is None or not intake["contributions"]:
        return None
    return Decimal(intake["elemental_mg_per_day_minimum"]), Decimal(most)


def read_of(packaged: CompiledRuleSet, asked: LabelledInFull) -> dict[str, tuple[object, object]]:
    """For each question what is to be read and what is: nothing, where the line is not recognised."""
    line = asked.line
    resolution = resolve(packaged, line.text, ())
    ids = frozenset(entry.id for entry in resolution.entries)
    answers: dict[str, tuple[object, object]] = {"substances": (line.substances, ids)}
    if not (ids and line.substances):
        return answers
    strengths, times, needed = read(resolution)
    if asked.strengths_asked:
        answers["strengths"] = (line.strengths, strengths)
    answers |= {"times a day": (line.times_per_day, times), "as needed": (line.as_needed, needed)}
    if asked.dose is not None:
        answers["one dose"] = (asked.dose, dose_of(resolution))
    if asked.route:
        answers["routes"] = (True, asked.route in resolution.given.shown)
    between = magnesium_of(packaged, line.text)
    if asked.magnesium is not None and between is not None:
        least, most = between
        answers["magnesium of a day"] = (True, least - 1 < asked.magnesium < most + 1)
    return answers


def share(part: int, whole: int) -> str:
    return f"{part} of {whole} ({100 * part / whole:.1f} %)"


def rows(packaged: CompiledRuleSet, sample: Iterable[Labelled]) -> dict[str, Counter[str]]:
    """For each question: how many lines have an answer, and how many of those were answered, right or wrong."""
    result = {name: Counter[str]() for name in ("substances", "strengths", "times a day", "as needed")}
    for line in sample:
        resolution = resolve(packaged, line.text, ())
        ids = frozenset(entry.id for entry in resolution.entries)
        expected: dict[str, object] = {"substances": line.substances}
        got: dict[str, object] = {"substances": ids}
        if ids and line.substances:
            expected |= {"strengths": line.strengths, "times a day": line.times_per_day, "as needed": line.as_needed}
            strengths, times, needed = read(resolution)
            got |= {"strengths": strengths, "times a day": times, "as needed": needed}
        for name, wanted in expected.items():
            result[name]["asked"] += bool(wanted)
            if got[name]:
                result[name]["right" if got[name] == wanted else "wrong"] += 1
    return result


@pytest.mark.parametrize("line", SAMPLE, ids=lambda line: ascii(line.text))
def test_nothing_is_read_otherwise_than_a_pharmacist_reads_it(packaged: CompiledRuleSet, line: Labelled) -> None:
    resolution = resolve(packaged, line.text, ())
    ids = frozenset(entry.id for entry in resolution.entries)
    if not ids:
        return
    assert ids == line.substances
    strengths, times, needed = read(resolution)
    assert strengths in {(), line.strengths}
    assert times in {None, line.times_per_day}
    assert needed is line.as_needed


def test_the_sample_is_large_and_mixed() -> None:
    assert len(SAMPLE) >= 600
    assert len({line.text for line in SAMPLE}) == len(SAMPLE)
    assert sum(not line.substances for line in SAMPLE) >= 80
    assert len({line.section for line in SAMPLE}) >= 12


def in_words(value: object) -> str:
    """The same words whatever the hash seed is: workers compare what they have collected."""
    return ascii(" ".join(sorted(value)) if isinstance(value, frozenset) else value)


@pytest.mark.parametrize(
    ("text", "substances", "times"), [*read_further(), *read_further(HELD_OUT), *read_further(PROSE)], ids=in_words
)
def test_lines_that_were_written_afterwards_are_not_read_wrongly_either(
    packaged: CompiledRuleSet, text: str, substances: frozenset[str], times: int | None
) -> None:
    resolution = resolve(packaged, text, ())
    ids = frozenset(entry.id for entry in resolution.entries)
    assert ids in {frozenset(), substances}
    if ids:
        assert read(resolution)[1] in {None, times}


@pytest.mark.parametrize("asked", SYSTEMS, ids=lambda asked: ascii(asked.line.text))
def test_lines_of_other_systems_are_not_read_otherwise_either(packaged: CompiledRuleSet, asked: LabelledInFull) -> None:
    answers = read_of(packaged, asked)
    assert {name: got for name, (wanted, got) in answers.items() if got and got != wanted} == {}
    assert answers.get("as needed", (False, False))[0] is answers.get("as needed", (False, False))[1]
    assert answers.get("routes", (True, True))[1]
    assert answers.get("magnesium of a day", (True, True))[1]


@pytest.mark.parametrize(("text", "milligrams"), AMOUNTS)
def test_no_amount_is_read_that_the_line_does_not_say(
    packaged: CompiledRuleSet, text: str, milligrams: Decimal | None
) -> None:
    between = magnesium_of(packaged, text)
    if between is not None:
        least, most = between
        assert milligrams is not None
        assert least - 1 < milligrams < most + 1


def test_the_readme_publishes_how_many_amounts_are_read(packaged: CompiledRuleSet) -> None:
    said = sum(milligrams is not None for _, milligrams in AMOUNTS)
    found = sum(magnesium_of(packaged, text) is not None for text, _ in AMOUNTS)
    text = " ".join(README.read_text(encoding="utf-8").split())
    assert (
        f"{len(AMOUNTS)} ways to say how much magnesium is taken; {said} say it, and {found} of them are read" in text
    )


def test_the_readme_publishes_how_those_are_read(packaged: CompiledRuleSet) -> None:
    known = [asked for asked in SYSTEMS if asked.line.substances]
    answers = [read_of(packaged, asked) for asked in known]
    recognised = sum(bool(one["substances"][1]) for one in answers)
    text = " ".join(README.read_text(encoding="utf-8").split())
    assert f"{len(SYSTEMS)} lines, {len(known)} with a known medicine, {recognised} of them recognised" in text


def test_the_readme_publishes_what_is_measured(packaged: CompiledRuleSet) -> None:
    """A change of the figures, for better or worse, has to be written down."""
    measured = rows(packaged, SAMPLE)
    known = sum(bool(line.substances) for line in SAMPLE)
    lines = [f"{len(SAMPLE)} lines, {known} of which name something the knowledge holds"]
    for name, count in measured.items():
        precision = share(count["right"], count["right"] + count["wrong"])
        lines.append(f"| {name} | {precision} | {share(count['right'], count['asked'])} |")
    text = re.sub(r"\s+", " ", README.read_text(encoding="utf-8"))
    assert [line for line in lines if re.sub(r"\s+", " ", line) not in text] == []


def test_the_medicine_is_found_before_prose(packaged: CompiledRuleSet) -> None:
    lines = [(text, substances) for text, substances, _ in read_further(PROSE) if substances]
    found = [ids for text, ids in lines if {entry.id for entry in resolve(packaged, text, ()).entries} == ids]
    text = README.read_text(encoding="utf-8")
    assert f"holds {len(lines)} lines with such prose" in text
    assert f"all {len(found)} are" in text
