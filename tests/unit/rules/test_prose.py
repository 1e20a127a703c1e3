"""Lines that print a whole instruction: the medicine is taken where only the prose of it is not known."""

from __future__ import annotations

from decimal import Decimal

import pytest

from rules import CompiledRuleSet, check
from rules.prose import instruction_of
from rules.resolution import Resolution, resolve
from rules.tokens import tokens
from tests import factories as make

PROSE = "words of the instruction are not known; only what stands before them was used"


@pytest.fixture(scope="module")
def world() -> CompiledRuleSet:
    return make.compiled(
        make.substance("furosemide", brands=["Lasix"], codes={"rxnorm": ["4603"]}, routes=["oral", "intravenous"]),
        make.substance("digoxin", codes={"rxnorm": ["3407"]}),
        make.substance("magnesium-oxide", codes={"rxnorm": ["6582"]}, salt_form="oxide"),
        make.salt_form("oxide", "MgO", label_strength="salt"),
        make.medication_class(make.MAGNESIUM, "magnesium-oxide"),
        make.interaction("about-all", precipitant=make.party(substances=["furosemide", "digoxin", "magnesium-oxide"])),
    )


def ids(resolution: Resolution) -> list[str]:
    return [entry.id for entry in resolution.entries]


@pytest.mark.parametrize(
    "text",
    [
        "Furosemide 40 mg tablet take 1 tablet daily, weigh yourself",
        "Furosemide take as wobbled",  # an order is the beginning of an instruction, whatever follows
        "Furosemide 40 mg daily wobble",  # how often, of a strength
        "Furosemide 1 tablet wobble",  # how many
        "Furosemide 40 mg prn wobble",
        "Take 1 tablet of furosemide daily and wobble",
        "Furosemide 40 mg take 1 daily, phone the clinic when 2 kg above dry weight",
        "Furosemide 40 mg take 1 daily, do not take if your ankles wobble",
        "Furosemide 40 mg take 1 daily, don't take with wobble",
        "Furosemide 40 mg take 1 daily, no wobble",
        "Furosemide 40 mg take 1 daily, no more than 3 a day",
    ],
)
def test_the_medicine_is_taken_and_the_rest_is_said(world: CompiledRuleSet, text: str) -> None:
    resolution = resolve(world, text, ())
    assert ids(resolution) == ["furosemide"]
    assert resolution.shown["state"] == "recognised"
    assert resolution.shown["problems"] == [PROSE]
    assert resolution.shown["candidates"] == []
    assert not resolution.certain


def test_the_answer_is_incomplete_and_has_the_findings(world: CompiledRuleSet) -> None:
    profile = make.profile(make.medication("m1", "Furosemide 40 mg take 1 tablet daily, weigh yourself"))
    report = check(world, profile)
    assert report["status"] == "incomplete"
    assert [finding["medication_ids"] for finding in report["findings"]] == [["m1"]]


@pytest.mark.parametrize(
    "text",
    [
        "Furosemide wobble 40 mg take 1 tablet daily",  # what stands before the instruction may be of the medicine
        "Furosemide daily wobble",  # of no strength, this may be a name: "Centrum daily complex"
        "Furosemide 40 mg wobble",
        "Furosemide 40 mg daily + wobble",  # joined to it
        "Furosemide 40 mg daily plus wobble",
        "Furosemide 40 mg daily wobble 5 mg",  # a strength is of another medicine
        "Furosemide 40 mg daily digoxn",  # spelt like another one
        "Furosemide 40 mg daily wobble digoxin",  # another one is named behind it
        "Furosemide 40 mg daily stopped",
        "Furosemide 40 mg daily stopped 2026-12-01",
        "Furosemide 40 mg daily stop",
        "Furosemide 40 mg 1 daily. Withhold until 12/03/2026",
        "Furosemide 40 mg 1 daily, do not start until 12/03",
        "Furosemide 40 mg 1 daily, not until 12/03",
        "Furosemide 40 mg daily, stop 5 mg",
        "Furosemide 40 mg stop 12/03",  # how it is taken has not been said
        "Furosemide 40 mg take 1 tablet daily, held for wobble",
        "Furosemide 40 mg daily, not taking",
        "Furosemide 40 mg daily, does not take it",
        "Furosemide 40 mg daily: do not take",
        "Furosemide 40 mg daily, never started",
        "Furosemide 40 mg daily - d/c'd 3/24",
        "Furosemide 40 mg daily dc'd by wobble",
        "Furosemide 40 mg daily isn't taking it",
        "Furosemide 40 mg daily can't tolerate",
        "Furosemide 40 mg daily no more",
        "Furosemide 40 mg daily ran out",
        "Furosemide 40 mg daily wrong wobble",
        "Furosemide 40 mg daily do not give",
        "Furosemide 40 mg daily not prescribed",
        "Furosemide 40 mg daily last taken 2019",
        "Furosemide 40 mg daily given up",
        "Furosemide 40 mg daily omitted",
        "Furosemide 40 mg 1-0-0 gestoppt",
        "Furosemide 40 mg 1-0-0 ausgesetzt",
        "Furosemide 40 mg 1 dd 1 gestopt",
        "Furosemide 40 mg 1 cp interrompu",
        "Furosemide 40 mg 1 cp non pris",
        "Furosemide 40 mg 1 cpr sospesa",
        "Furosemide 40 mg 1 comprimido no toma",
        "Furosemide 40 mg 1 comprimido suspensa",
        "Furosemide 40 mg daily -> digoxin 125 mcg daily",  # a change, and nobody says whether it is made
        "Furosemide 40 mg daily --> digoxin",
        "Furosemide 40 mg daily => digoxin",
        "Furosemide 40 mg daily > digoxin",
        "Furosemide 40 mg daily \u2192 digoxin",
        "Furosemide 40 mg \u279c 80 mg daily",
        "Furosemide 40->80 mg daily",
        "Furosemide 40 mg daily to digoxin 125 mcg daily",
        "Furosemide to digoxin",
        "Furosemide 40 mg daily then digoxin 125 mcg daily",
        "wobble take 1 tablet daily",
    ],
)
def test_nothing_is_taken_where_it_may_be_another_or_none(world: CompiledRuleSet, text: str) -> None:
    resolution = resolve(world, text, ())
    assert resolution.shown["state"] == "unrecognised"
    assert ids(resolution) == []


@pytest.mark.parametrize(
    "text",
    [
        "Furosemide 40 mg tablet -> take 1 tablet twice daily",  # an instruction, and nothing is changed
        "Furosemide 40 mg tablet twice daily, take > 1 hour before breakfast",
        "Furosemide 40 mg 1 to 2 tablets twice daily",
    ],
)
def test_an_arrow_or_a_word_like_it_that_changes_nothing_is_read(world: CompiledRuleSet, text: str) -> None:
    resolution = resolve(world, text, ())
    assert ids(resolution) == ["furosemide"]
    assert resolution.shown["problems"] == []
    assert resolution.reading is not None
    assert resolution.reading.times_per_day == 2


@pytest.mark.parametrize(
    "end", ["stop 2026-12-01", "stop date 12/01/2026", "stop on 12 March", "stop Friday", "then stop"]
)
def test_the_day_on_which_it_is_to_stop_is_said_and_not_compared_with_today(world: CompiledRuleSet, end: str) -> None:
    resolution = resolve(world, f"Furosemide 40 mg tablet 1 tablet twice daily {end}", ())
    assert ids(resolution) == ["furosemide"]
    assert resolution.reading is not None
    assert (resolution.reading.times_per_day, resolution.reading.dose) == (2, Decimal(1))
    assert not resolution.certain
    assert resolution.shown["problems"] == [PROSE]


def test_what_stands_before_counts(world: CompiledRuleSet) -> None:
    text = "Furosemide 40 mg tablet take 2 tablets by mouth twice daily as needed, wobble"
    reading = resolve(world, text, ()).reading
    assert reading is not None
    assert (reading.times_per_day, reading.dose, reading.as_needed) == (2, Decimal(2), True)
    assert [route.value for route in reading.routes] == ["oral"]
    assert len(reading.roles) == len(tokens(text))  # of the whole line, for whoever asks how it was read


@pytest.mark.parametrize(
    "prose",
    [
        "wobble twice daily",  # another number of times
        "wobble 3 tablets",
        "wobble then 3 tablets",
        "wobble as needed",
        "wobble every other day",
        "doubled when you wobble",
        "unless you wobble",
        "only if the knees wobble",
        "wobble and an extra one",
        "and one at wobble",
    ],
)
def test_amounts_are_open_where_the_prose_may_change_them(world: CompiledRuleSet, prose: str) -> None:
    reading = resolve(world, f"Furosemide 40 mg take 1 tablet daily, {prose}", ()).reading
    assert reading is not None
    assert (reading.times_per_day, reading.dose, reading.dose_unclear) == (None, None, True)


def test_magnesium_is_counted_as_the_line_begins(world: CompiledRuleSet) -> None:
    text = "Magnesium oxide 400 mg tablet take 1 tablet twice daily, phone the clinic if wobbly"
    intake = check(world, make.profile(make.medication("m1", text)))["magnesium_intake"]
    assert intake["contributions"][0]["elemental_mg_per_day"] == "482.4"  # 2 x 400 x 24.305 / 40.304


class TestInstruction:
    """A text beside a medicine that is named elsewhere: all its words may belong to the instruction."""

    @pytest.mark.parametrize(
        "text",
        [
            "Take 1 tablet (40 mg total) by mouth 2 (two) times a day.",
            "Take 1 tablet by mouth twice a day, swallow whole with a full glass of water",
            "1 tablet Orally Twice a day, weigh yourself",
            "Take 1 tablet by mouth 2 times a day. Phone the clinic if you wobble",
        ],
    )
    def test_it_is_read_up_to_its_prose(self, text: str) -> None:
        reading = instruction_of(tokens(text))
        assert reading is not None
        assert (reading.dose, reading.times_per_day, reading.strengths) == (Decimal(1), 2, ())
        assert [route.value for route in reading.routes] == ["oral"]

    def test_what_stands_in_the_prose_leaves_amounts_open(self) -> None:
        reading = instruction_of(tokens("Take 1 tablet daily, wobble, 2 tablets"))
        assert reading is not None
        assert (reading.dose, reading.times_per_day, reading.dose_unclear) == (None, None, True)
        assert reading.unread == (5,)

    @pytest.mark.parametrize("text", ["wobble daily", "Take 1 tablet daily, stopped", "wobble"])
    def test_of_what_does_not_begin_so_nothing_is_read(self, text: str) -> None:
        assert instruction_of(tokens(text)) is None


def test_beside_a_code_that_is_known_nothing_is_left_open(world: CompiledRuleSet) -> None:
    profile = make.profile(
        make.medication("m1", "Furosemide 40 mg take 2 tablets daily, weigh yourself", codes={"rxnorm": "4603"})
    )
    report = check(world, profile)
    assert report["status"] == "complete"
    assert report["medications"][0]["problems"] == [PROSE]


def test_beside_a_code_of_another_medicine_both_are_checked(world: CompiledRuleSet) -> None:
    profile = make.profile(
        make.medication("m1", "Furosemide 40 mg take 2 tablets daily, weigh yourself", codes={"rxnorm": "3407"})
    )
    report = check(world, profile)
    assert report["status"] == "incomplete"
    assert [one["id"] for one in report["medications"][0]["substances"]] == ["digoxin", "furosemide"]
