"""What a client may do about a finding by itself: write it down, or change the times of the orders it is about.

A changed order is the client's own resource with other times and one instruction more. Nothing is ever deleted, and
nothing is suggested that the report does not say.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from rules.profile import MedicationItem
from rules.report import Finding
from rules.report_plan import Timetable
from service.api.cds_hooks.card_types import CREATE, UPDATE, CdsAction, CdsSuggestion
from service.api.cds_hooks.plain_markdown import plain
from service.application.card_ids import CardKind, card_id
from service.fhir.elements import objects, text_of
from service.fhir.issues import Answered, detected_issue
from service.unchanging import Unchanging

_MOST_IN_LABEL: Final = 100
_SET: Final = frozenset({"set", "moved"})


class _ToChange(NamedTuple):
    """Orders whose times could be changed, and the hours after magnesium and after the other medicine."""

    orders: list[str]
    hours: tuple[str | None, str | None]


_DESCRIBED: Final[Unchanging[str]] = Unchanging()


def _described(finding: Finding) -> str:
    return plain(f"Records a detected issue: {finding['title']}", _MOST_IN_LABEL)


@dataclass(frozen=True, slots=True)
class Suggestions:
    """Makes the suggestions of findings. ``orders`` is what the place of the orders was called, if there are any.

    ``plan`` is the day plan that times come from; None as long as nobody asked whether they `need_a_plan`.
    """

    decision: str
    answered: Answered
    patient: str | None
    orders: str | None
    base: str | None
    plan: Timetable | None = None

    def need_a_plan(self, findings: Iterable[Finding]) -> bool:
        """Whether the suggestions of one of these findings need a day plan; most answers need none."""
        return any(self._to_change(finding) is not None for finding in findings)

    def of(self, number: int, finding: Finding) -> list[CdsSuggestion]:
        """Those of one finding; the times first."""
        times = self._times(number, finding)
        return [*([times] if times is not None else []), self._record(number, finding)]

    def _record(self, number: int, finding: Finding) -> CdsSuggestion:
        issue = detected_issue(finding, self.answered, base=self.base or "")
        if self.patient is not None:
            issue["patient"] = {"reference": f"Patient/{self.patient}"}
        action: CdsAction = {
            "type": CREATE,
            "description": _DESCRIBED.of(finding["management"], lambda: _described(finding)),
            "resource": issue,
        }
        return {
            "label": "Record as a detected issue",
            "uuid": card_id(self.decision, CardKind.RECORD, number),
            "actions": [action],
        }

    def _to_change(self, finding: Finding) -> _ToChange | None:
        """The orders whose times somebody could change, and the hours between; None where that does not help."""
        separation = finding["management"]["separation"]
        timing = finding["timing"]
        kept = timing is not None and timing["state"] == "kept"
        if self.orders is None or separation is None or kept or not separation["spacing_helps"]:
            return None
        changed = [name for name in finding["medication_ids"] if self._may_change(name)]
        if not changed:
            return None
        hours = (separation["magnesium_first_hours"], separation["drug_first_hours"])
        return None if hours == (None, None) else _ToChange(changed, hours)

    def _times(self, number: int, finding: Finding) -> CdsSuggestion | None:
        wanted = self._to_change(finding)
        if wanted is None:
            return None
        changed, hours = wanted
        items = [item for item in self.answered.reading.medications if item.id in changed]
        times = _planned(self.plan, items) if self.plan is not None else {}
        actions: list[CdsAction] = []
        for name in changed:
            instruction = self._instruction(name, finding, hours)
            resource = _changed(self.answered.reading.sources[name].resource, times.get(name, []), instruction)
            said = f"at {', '.join(times[name])}: " if name in times else ""
            action: CdsAction = {
                "type": UPDATE,
                "description": plain(f"Changes the order: {said}{instruction}", _MOST_IN_LABEL * 2),
                "resource": resource,
            }
            actions.append(action)
        all_times = [f"{'/'.join(times[name])}" for name in changed if name in times]
        label = f"Change the times to {', '.join(all_times)}" if all_times else "Add the interval to the order"
        return {
            "label": plain(label, _MOST_IN_LABEL),
            "uuid": card_id(self.decision, CardKind.TIMES, number),
            "actions": actions,
        }

    def _may_change(self, name: str) -> bool:
        """Whether a line is one of the orders, and the client can tell which."""
        source = self.answered.reading.sources.get(name)
        return (
            source is not None
            and source.origin == self.orders
            and text_of(source.resource.get("id")) is not None
            # A whole resource takes the place of the order, and what was withheld would be gone.
            and self.answered.reading.is_whole(source.pointer)
        )

    def _instruction(self, name: str, finding: Finding, hours: tuple[str | None, str | None]) -> str:
        """The interval as an instruction, from the side of the line."""
        after_magnesium, after_drug = hours
        affected = finding["affected"]
        substances = {
            one["id"]
            for line in self.answered.report["medications"]
            if line["id"] == name
            for one in line["substances"]
        }
        if affected is not None and affected["id"] in substances:
            other, before, after = "magnesium", after_drug, after_magnesium
        else:
            other, before, after = (
                (affected["name"] if affected is not None else "the other medicine"),
                after_magnesium,
                after_drug,
            )
        parts = [
            *([f"at least {before} h before {other}"] if before is not None else []),
            *([f"at least {after} h after {other}"] if after is not None else []),
        ]
        return f"To be taken {' or '.join(parts)}"


def _planned(plan: Timetable, items: Iterable[MedicationItem]) -> Mapping[str, list[str]]:
    """The times that a plan gives lines whose number of doses a day is known, where it gives any that are new."""
    counts = {item.id: item.times_per_day or len(item.times) for item in items}
    times: dict[str, list[str]] = {}
    new: set[str] = set()
    for dose in plan["doses"]:
        name = dose["medication_id"]
        if name in counts:
            times.setdefault(name, []).append(dose["time"])
            if dose["move"] in _SET:
                new.add(name)
    return {name: found for name, found in times.items() if name in new and len(found) == counts[name]}


def _changed(order: Mapping[str, Any], times: list[str], instruction: str) -> dict[str, Any]:
    """A copy of an order with an instruction more, and with other times where nothing else in it says when."""
    changed: dict[str, Any] = without_empty(
        {key: copy.deepcopy(value) for key, value in order.items() if not key.startswith("_resolved")}
    )
    dosages = objects(changed.get("dosageInstruction")) or [{}]
    changed["dosageInstruction"] = dosages
    settable = bool(times) and len(dosages) == 1 and _takes_times(dosages[0])
    said = instruction if settable or not times else f"At {', '.join(times)}. {instruction}"
    for dosage in dosages:
        dosage["additionalInstruction"] = [*objects(dosage.get("additionalInstruction")), {"text": said}]
    if settable:
        timing = dosages[0].setdefault("timing", {})
        repeat = timing.setdefault("repeat", {})
        repeat.pop("when", None)  # FHIR has either meals or times of day
        repeat.pop("offset", None)
        of_day = [f"{one}:00" for one in times]
        repeat.update({"frequency": len(times), "period": 1, "periodUnit": "d", "timeOfDay": of_day})
    return changed


def _takes_times(dosage: Mapping[str, Any]) -> bool:
    """Whether times can be set without contradicting or losing anything: no text, no range, and every day."""
    timing = dosage.get("timing", {})
    repeat = timing.get("repeat", {}) if isinstance(timing, dict) else None
    return (
        isinstance(repeat, dict)
        and not {"text", "asNeededBoolean", "asNeededCodeableConcept"} & dosage.keys()
        and not {"frequencyMax", "periodMax", "dayOfWeek", "count", "countMax"} & repeat.keys()
        and repeat.get("period", 1) == 1
        and repeat.get("periodUnit", "d") == "d"
    )


def without_empty(value: Any) -> Any:  # noqa: ANN401 - any JSON
    """A copy without anything that is null or empty, all the way down."""
    if isinstance(value, dict):
        kept = {key: without_empty(inner) for key, inner in value.items()}
        return {key: inner for key, inner in kept.items() if not _is_empty(inner)}
    if isinstance(value, list):
        return [inner for inner in map(without_empty, value) if not _is_empty(inner)]
    return value


def _is_empty(value: object) -> bool:
    return value is None or (isinstance(value, str | dict | list) and not value)
