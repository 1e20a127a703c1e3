"""What differs between two rule sets is named, record by record and place by place, and nothing else is."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from rules.canonical import content, records_of
from rules.diff import FieldChange, differences, record_difference
from rules.model import RECORD_TYPES, RuleSet
from rules.terms import RecordChange, RecordStatus
from tests import factories as make

FUROSEMIDE = {"substances": ["furosemide"]}


def with_title(title: str, **more: object) -> RuleSet:
    interaction = make.interaction("one", title=title, affected=FUROSEMIDE, **more)
    return make.rule_set(interaction, make.substance("furosemide"))


def test_every_kind_of_record_is_known() -> None:
    assert list(RECORD_TYPES) == [name for name in RuleSet.model_fields if isinstance(getattr(RuleSet(), name), tuple)]


def test_the_same_differs_in_nothing() -> None:
    assert differences(with_title("A title"), with_title("A title")) == []


def test_a_revised_record_names_the_place() -> None:
    (found,) = differences(with_title("A title"), with_title("Another"))
    assert (found.kind, found.record_id, found.change) == ("interactions", "one", RecordChange.REVISED)
    assert found.fields == (FieldChange("/title", "A title", "Another"),)


def test_records_that_come_go_and_are_withdrawn() -> None:
    before = make.rule_set(make.substance("furosemide"), make.substance("bumetanide"))
    gone = make.rule_set(make.substance("furosemide", status="withdrawn"), make.substance("torasemide"))
    found = {one.record_id: one.change for one in differences(before, gone)}
    assert found == {
        "furosemide": RecordChange.WITHDRAWN,
        "bumetanide": RecordChange.REMOVED,
        "torasemide": RecordChange.CREATED,
    }


def test_a_withdrawn_record_that_is_revised_is_revised() -> None:
    before = make.substance("furosemide", status="withdrawn")
    after = make.substance("furosemide", status="withdrawn", brands=["Lasix"])
    assert record_difference("substances", "furosemide", before, after).change is RecordChange.REVISED
    back = before.model_copy(update={"status": RecordStatus.ACTIVE})
    assert record_difference("substances", "furosemide", before, back).change is RecordChange.REVISED


def test_places_inside_lists_of_one_length_and_whole_lists_otherwise() -> None:
    one = make.substance("furosemide", brands=["Lasix", "Furix"])
    other = make.substance("furosemide", brands=["Lasix", "Frusol"])
    longer = make.substance("furosemide", brands=["Lasix", "Furix", "Frusol"])
    assert record_difference("substances", "furosemide", one, other).fields == (
        FieldChange("/brands/1", "Furix", "Frusol"),
    )
    assert record_difference("substances", "furosemide", one, longer).fields == (
        FieldChange("/brands", ["Lasix", "Furix"], ["Lasix", "Furix", "Frusol"]),
    )


def put(target: object, pointer: str, value: object) -> None:
    """Set the place of a pointer, as RFC 6902 would; None removes it."""
    *steps, last = [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]
    for step in steps:
        target = target[int(step)] if isinstance(target, list) else target.setdefault(step, {})  # type: ignore[attr-defined]
    if isinstance(target, list):
        target[int(last)] = value
    elif value is None:
        target.pop(last)  # type: ignore[attr-defined]
    else:
        target[last] = value  # type: ignore[index]


TITLES = st.sampled_from(["A title", "Another", "A third"])
BRANDS = st.lists(st.sampled_from(["Lasix", "Furix", "Frusol"]), unique=True)


@given(TITLES, TITLES, BRANDS, BRANDS)
def test_the_changes_lead_from_one_to_the_other(
    title: str, other_title: str, brands: list[str], other: list[str]
) -> None:
    before = make.rule_set(
        make.interaction("one", title=title, affected=FUROSEMIDE), make.substance("furosemide", brands=brands)
    )
    after = make.rule_set(
        make.interaction("one", title=other_title, affected=FUROSEMIDE), make.substance("furosemide", brands=other)
    )
    for (kind, record_id), record in records_of(before).items():
        target = content(record)
        for found in differences(before, after):
            if (found.kind, found.record_id) == (kind, record_id):
                for change in found.fields:
                    put(target, change.pointer, change.after)
        assert target == content(records_of(after)[kind, record_id])


def test_keys_with_slashes_are_escaped() -> None:
    class Free(type(make.substance("furosemide"))):  # type: ignore[misc]
        """A record with a free object, as no record has yet."""

        free: dict[str, int] = {}  # noqa: RUF012 - pydantic copies it

    found = record_difference(
        "substances",
        "x",
        Free.model_validate({**content(make.substance("furosemide")), "free": {"a/b~c": 1}}),
        Free.model_validate({**content(make.substance("furosemide")), "free": {"a/b~c": 2}}),
    )
    assert found.fields == (FieldChange("/free/a~1b~0c", 1, 2),)
