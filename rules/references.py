"""Finds references between records that lead nowhere, ids that are used twice, and classes that include themselves.

It reads any record without knowing its type: the names of the fields say what they refer to.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from rules.model import Case, Condition, Interaction, MedicationClass
from rules.profile import MedicationProfile

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rules.model import RuleSet

Fault = tuple[str, str, str, str, str]  # kind, record id, pointer, code, detail

# Field name -> kind of record it refers to, wherever it stands.
REFERENCES: dict[str, str] = {
    "citation": "citations",
    "classes": "classes",
    "includes": "classes",
    "substance": "substances",
    "substances": "substances",
    "except_substances": "substances",
    "members": "substances",
    "exclusions": "substances",
    "conditions": "conditions",
    "symptoms": "symptoms",
    "salt_form": "forms",
    "forms": "forms",
    "guidance": "guidance",
    "cases": "cases",
    "interactions": "interactions",
    "interaction": "interactions",
    "absent": "interactions",
    "settled": "interactions",
    "form": "forms",
}


def references_of(node: BaseModel, pointer: str = "") -> Iterator[tuple[str, str, str]]:
    """All references below a node, such as a record: kind, id, pointer."""
    for name, value in node.__dict__.items():
        if value is None or (isinstance(value, str | int | MedicationProfile) and name not in REFERENCES):
            continue
        target = REFERENCES.get(name)
        place = f"{pointer}/{name.removesuffix('_')}"  # `not_` is written `not`
        if isinstance(value, BaseModel):
            yield from references_of(value, place)
        elif isinstance(value, tuple):
            for index, item in enumerate(value):
                if isinstance(item, BaseModel):
                    yield from references_of(item, f"{place}/{index}")
                elif target is not None:
                    yield target, item, f"{place}/{index}"
        elif target is not None and isinstance(value, str):
            yield target, value, place


def _includes_itself(record: MedicationClass, classes: dict[str, MedicationClass]) -> bool:
    seen: set[str] = set()
    open_ = list(record.includes)
    while open_:
        name = open_.pop()
        if name == record.id:
            return True
        if name not in seen and name in classes:
            seen.add(name)
            open_.extend(classes[name].includes)
    return False


def _by_id(rule_set: RuleSet, faults: list[Fault]) -> dict[str, dict[str, Any]]:
    records: dict[str, dict[str, Any]] = {}
    for kind in type(rule_set).model_fields:
        content = getattr(rule_set, kind)
        if isinstance(content, tuple):
            known = records[kind] = {}
            for record in content:
                if record.id in known:
                    faults.append((kind, record.id, "/id", "duplicate-id", f"the id {record.id!r} is used twice"))
                known[record.id] = record
    return records


def broken_references(rule_set: RuleSet) -> list[Fault]:
    """Every fault in how the records refer to each other, in no particular order."""
    faults: list[Fault] = []
    records = _by_id(rule_set, faults)
    for kind, known in records.items():
        for record in known.values():
            for target, name, pointer in references_of(record):
                if name not in records[target]:
                    detail = f"there is no {name!r} among the {target}"
                    faults.append((kind, record.id, pointer, "unknown-reference", detail))
    faults.extend(
        ("classes", record.id, "/includes", "cycle", "the class includes itself")
        for record in records["classes"].values()
        if _includes_itself(record, records["classes"])
    )
    derived = {record.id for record in records["conditions"].values() if record.present_when is not None}
    for record in records["conditions"].values():
        faults.extend(_population_faults(record, derived))
    for record in records["cases"].values():
        faults.extend(_case_faults(record))
    for record in records["interactions"].values():
        faults.extend(_variant_faults(record))
    return faults


def _population_faults(condition: Condition, derived: set[str]) -> Iterator[Fault]:
    """A condition that follows from facts follows from no other such condition: nothing says which comes first."""
    if condition.present_when is not None:
        for target, name, pointer in references_of(condition.present_when, "/present_when"):
            if target == "conditions" and name in derived:
                detail = f"{name!r} follows from facts itself; name those facts here"
                yield "conditions", condition.id, pointer, "derived-from-derived", detail


def _case_faults(case: Case) -> Iterator[Fault]:
    ids = {item.id for item in case.profile.medications}
    for index, expected in enumerate(case.expect.findings):
        for name in expected.medications or ():
            if name not in ids:
                pointer = f"/expect/findings/{index}/medications"
                yield "cases", case.id, pointer, "unknown-medication", f"the profile has no medication {name!r}"
    timetable = case.expect.timetable
    if timetable is not None:
        for place, names in (
            ("times", timetable.times),
            ("moved", timetable.moved or ()),
            ("conflict", timetable.conflict or ()),
        ):
            for name in names:
                if name not in ids:
                    detail = f"the profile has no medication {name!r}"
                    yield "cases", case.id, f"/expect/timetable/{place}", "unknown-medication", detail
    for name in case.expect.states:
        if name not in ids:
            detail = f"the profile has no medication {name!r}"
            yield "cases", case.id, f"/expect/states/{name}", "unknown-medication", detail


def _variant_faults(interaction: Interaction) -> Iterator[Fault]:
    seen: set[str] = set()
    for index, variant in enumerate(interaction.variants):
        for name in variant.substances:
            if name in seen:
                detail = f"{name!r} has two variants"
                yield "interactions", interaction.id, f"/variants/{index}/substances", "claimed-twice", detail
            seen.add(name)
