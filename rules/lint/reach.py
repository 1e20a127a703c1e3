"""House rules about what can ever matter: routes and bands that meet, tests that can hold, members that are there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rules.documents import Expression
from rules.lint.inspection import active
from rules.lint.logic import can_hold
from rules.terms import Direction, RecordStatus, Route

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from rules.documents import Party, Record
    from rules.lint.inspection import Fault, Inspection
    from rules.model import Interaction


def _parties(record: Interaction) -> Iterator[tuple[str, Party]]:
    if record.affected is not None:
        yield "/affected", record.affected
    if record.precipitant is not None:
        yield "/precipitant", record.precipitant


def gut_routes(inspection: Inspection) -> Iterator[Fault]:
    """What happens in the gut concerns oral doses only, on both sides."""
    for interaction in active(inspection.rule_set.interactions):
        if interaction.direction is not Direction.MAGNESIUM_ALTERS_DRUG:
            continue
        for pointer, party in _parties(interaction):
            if not party.routes:
                detail = f"say by which route, for example routes: [{Route.ORAL}]"
                yield "interactions", interaction.id, pointer, "no-route", detail


def bands_meet(inspection: Inspection) -> Iterator[Fault]:
    """The bands of a range meet without gap or overlap."""
    for reference in inspection.rule_set.reference_ranges:
        for index, (lower, upper) in enumerate(zip(reference.bands, reference.bands[1:], strict=False)):
            high = lower.bounds.below if lower.bounds.below is not None else lower.bounds.at_most
            low = upper.bounds.at_least if upper.bounds.at_least is not None else upper.bounds.above
            # At the limit itself exactly one of the two bands holds.
            holders = (lower.bounds.at_most is not None) + (upper.bounds.at_least is not None)
            if high is None or high != low or holders != 1:
                detail = f"band {index + 1} does not begin where band {index} ends"
                yield "reference_ranges", reference.id, f"/bands/{index + 1}/bounds", "band-gap", detail


def members_there(inspection: Inspection) -> Iterator[Fault]:
    """A variant that describes no member of the affected party, and a class without members, can never matter."""
    for record in active(inspection.rule_set.classes):
        if not inspection.compiled.members_of(record.id):
            yield "classes", record.id, "/members", "empty-class", "no substance belongs to the class"
    for interaction in active(inspection.rule_set.interactions):
        if interaction.affected is None:
            continue
        members = inspection.members(interaction.affected)
        for index, variant in enumerate(interaction.variants):
            for name in variant.substances:
                if name not in members:
                    detail = f"{name!r} is not in the affected party"
                    yield "interactions", interaction.id, f"/variants/{index}/substances", "variant-outside", detail


def routes_of_members(inspection: Inspection) -> Iterator[Fault]:
    """A party asks for a route by which at least one of its members is given."""
    substances = inspection.compiled.substances
    for interaction in active(inspection.rule_set.interactions):
        for pointer, party in _parties(interaction):
            given = {route for name in inspection.members(party) for route in substances[name].routes}
            if party.routes and given.isdisjoint(party.routes):
                detail = f"no member is given by {' or '.join(party.routes)}"
                yield "interactions", interaction.id, f"{pointer}/routes", "route-of-nobody", detail


def tests_that_can_hold(inspection: Inspection) -> Iterator[Fault]:
    """A test that contradicts itself silences its rule for good, and looks like knowledge."""
    detail = "the parts contradict each other, so that it can never hold"
    for record in active(inspection.rule_set.interactions):
        asked = _asked(record)
        if not can_hold(asked):
            yield "interactions", record.id, "/when", "never-true", detail
            continue
        for index, factor in enumerate(record.factors):
            if not can_hold([*asked, factor.when]):
                pointer = f"/factors/{index}/when"
                yield "interactions", record.id, pointer, "never-true", "it can never hold where the rule applies"
    for condition in active(inspection.rule_set.conditions):
        if condition.present_when is not None and not can_hold([condition.present_when]):
            yield "conditions", condition.id, "/present_when", "never-true", detail


def _asked(record: Interaction) -> list[Expression]:
    """Everything a rule asks before it applies."""
    asked = [] if record.when is None else [record.when]
    return [*asked, Expression(conditions=record.conditions)] if record.conditions else asked


def withdrawn_references(inspection: Inspection) -> Iterator[Fault]:
    """Nothing recognises a withdrawn record, so a rule that waits for one waits in vain."""
    for record in active(inspection.rule_set.interactions):
        for pointer, kind, names in _named(record):
            known: Mapping[str, Record] = getattr(inspection.compiled, kind)
            for index, name in enumerate(names):
                if known[name].status is RecordStatus.WITHDRAWN:
                    place = f"{pointer}/{index}"
                    yield "interactions", record.id, place, "withdrawn-reference", f"{name!r} is withdrawn"


def _named(record: Interaction) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """What a rule waits for: places, kinds and names."""
    for pointer, party in _parties(record):
        yield f"{pointer}/classes", "classes", party.classes
        yield f"{pointer}/substances", "substances", party.substances
    yield "/conditions", "conditions", record.conditions
