"""House rules about two records at once: nothing is said twice or in two ways, and salt forms differ for a reason."""

from __future__ import annotations

import re
from itertools import combinations
from typing import TYPE_CHECKING, Final, NamedTuple

from rules.amounts import MAGNESIUM_CLASS
from rules.documents import Expression, Party
from rules.lint.inspection import active
from rules.lint.logic import can_hold
from rules.model import Interaction

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from rules.lint.inspection import Fault, Inspection
    from rules.model import Separation
    from rules.terms import Route

# What texts call some of the salts together, beside their names.
_GROUPS: Final = ("antacid", "laxative", "supplement", "binder", "bowel preparation", "gastric", "alkali")
Hours = tuple[object, object, bool]


class Pair(NamedTuple):
    """A record about two medicines, and the substances on either side."""

    record: Interaction
    affected: Party
    precipitant: Party
    drugs: frozenset[str]
    partners: frozenset[str]


def _way_in_common(one: Party, other: Party) -> bool:
    """Whether a medicine can be given as both parties ask for."""
    if one.routes and other.routes and set(one.routes).isdisjoint(other.routes):
        return False
    for asking, refusing in ((one, other), (other, one)):
        if asking.dose_forms and set(asking.dose_forms) <= set(refusing.except_dose_forms):
            return False
    return not (one.dose_forms and other.dose_forms and set(one.dose_forms).isdisjoint(other.dose_forms))


def _together(one: Pair, other: Pair) -> bool:
    """Whether nothing that the two records ask for keeps them apart."""
    records = (one.record, other.record)
    asked = [record.when for record in records if record.when is not None]
    asked += [Expression(conditions=record.conditions) for record in records if record.conditions]
    return (
        _way_in_common(one.affected, other.affected)
        and _way_in_common(one.precipitant, other.precipitant)
        and can_hold(asked)
    )


def _hours(record: Interaction, substance: str) -> Hours | None:
    """What the record says about hours between doses of the affected substance."""
    variant = next((one for one in record.variants if substance in one.substances), None)
    separation: Separation | None = (
        variant.separation if variant and variant.separation else record.management.separation
    )
    if separation is None:
        return None
    return separation.magnesium_first_hours, separation.drug_first_hours, separation.spacing_helps


def contradictions(inspection: Inspection) -> Iterator[Fault]:
    """One pair of medicines gets one finding of a kind, and one pair of numbers."""
    for one, other in combinations(_pairs(inspection), 2):
        drugs = sorted(one.drugs & other.drugs)
        partners = sorted(one.partners & other.partners)
        both = next(((drug, partner) for drug in drugs for partner in partners if drug != partner), None)
        if both is None or not _together(one, other):
            continue
        if one.record.direction is other.record.direction:
            detail = (
                f"{one.record.id!r} says the same of {' with '.join(both)}; exclude one with `when`, or make variants"
            )
            yield "interactions", other.record.id, "", "says-twice", detail
            continue
        for drug in drugs:
            hours = _hours(one.record, drug), _hours(other.record, drug)
            if None not in hours and hours[0] != hours[1]:
                detail = f"{one.record.id!r} gives other hours for {drug}"
                yield "interactions", other.record.id, "/management/separation", "two-windows", detail
                break


def _pairs(inspection: Inspection) -> Iterator[Pair]:
    for record in active(inspection.rule_set.interactions):
        affected, precipitant = record.affected, record.precipitant
        if affected is not None and precipitant is not None:
            yield Pair(record, affected, precipitant, inspection.members(affected), inspection.members(precipitant))


def differences_between_salts(inspection: Inspection) -> Iterator[Fault]:
    """Magnesium is magnesium: a rule that leaves some salt forms out says which ones it means, and so does a source."""
    if MAGNESIUM_CLASS not in inspection.compiled.classes:
        return
    salts = frozenset(inspection.compiled.members_of(MAGNESIUM_CLASS))
    names = sorted(form.replace("-", " ") for form in _forms(inspection, salts, ()))
    words = re.compile("|".join([*_GROUPS, *map(re.escape, names)]), re.IGNORECASE)
    for record in active(inspection.rule_set.interactions):
        for pointer, party in (("/affected", record.affected), ("/precipitant", record.precipitant)):
            if party is None or not _leaves_forms_out(inspection, party, salts):
                continue
            for where, text in (("text of it", _own_texts(record)), ("citation", _cited_texts(inspection, record))):
                if not words.search(text):
                    detail = f"it is about some salt forms of magnesium only, and no {where} names them"
                    yield "interactions", record.id, pointer, "salt-difference", detail


def _leaves_forms_out(inspection: Inspection, party: Party, salts: frozenset[str]) -> bool:
    """Whether a party of magnesium salts lacks a form that is given by its routes as well."""
    members = inspection.members(party)
    return (
        bool(members)
        and members <= salts
        and _forms(inspection, members, party.routes) != _forms(inspection, salts, party.routes)
    )


def _forms(inspection: Inspection, substances: Iterable[str], routes: Collection[Route]) -> set[str]:
    """The salt forms of those substances that are given by one of the routes (none: by any)."""
    records = (inspection.compiled.substances[name] for name in substances)
    return {
        record.salt_form
        for record in records
        if record.salt_form is not None and not (routes and set(routes).isdisjoint(record.routes))
    }


def _own_texts(record: Interaction) -> str:
    return f"{record.title} {record.mechanism} {record.effect} {record.management.text}"


def _cited_texts(inspection: Inspection, record: Interaction) -> str:
    references = record.evidence.citations
    titles = [inspection.compiled.citations[reference.citation].title for reference in references]
    return " ".join([*titles, *(reference.supports or "" for reference in references)])
