"""How a line was understood, token by token, and what it adds up to; made on request, never during a check.

It shows what `rules.resolution` read and decides nothing of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rules.doses import is_of_a_day, written
from rules.lines import Line, Taken
from rules.ranges import number_words
from rules.recognition import read_line
from rules.resolution import checked
from rules.terms import DosePeriod, MatchKind, TokenRole, word
from rules.tokens import places, tokens

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rules.compiled import CompiledRuleSet
    from rules.profile import MedicationItem
    from rules.reading import Strength
    from rules.recognition import Named
    from rules.report import ReadDose, ReadStrength, ReadToken, ResolvedMedication, Understanding


def explained(compiled: CompiledRuleSet, item: MedicationItem) -> ResolvedMedication:
    """One line as a report shows it, with how its text was understood."""
    line = Line(compiled, item, None)
    shown = checked(item.id, line.resolution, line.given)
    return {**shown, "understood": None if item.text is None else _understood(compiled, line, item.text)}


def _understood(compiled: CompiledRuleSet, line: Line, text: str) -> Understanding:
    words = tokens(text)
    named, reading = read_line(compiled, words)
    whole = line.resolution.reading is not None and not named and bool(line.entries) and not line.item.codes
    amounts = [(entry.id, Taken(line, entry).daily_dose_mg) for entry in line.entries]
    owned = {strength.position: (name, strength) for name, strength in line.resolution.strengths.items()}
    # Of a chain ("195/220") only what a label gives to a substance is a strength.
    chained = [strength for chain in reading.chains for strength in chain if strength.position in owned]
    form = line.given.dose_form
    return {
        "tokens": _tokens(text, named, reading.roles, whole=whole),
        "strengths": [
            _strength(*owned.get(strength.position, (None, strength))) for strength in (*reading.strengths, *chained)
        ],
        "dose": _dose(line),
        "times_per_day": line.times_per_day,
        "as_needed": line.as_needed,
        "dose_form": None if form is None else word(form),
        "daily_doses": [
            {"substance_id": name, "mg_per_day": number_words(amount)} for name, amount in amounts if amount is not None
        ],
    }


def _tokens(text: str, named: Sequence[Named], roles: Sequence[TokenRole], *, whole: bool) -> list[ReadToken]:
    """Each token with its place in the text as typed; ``whole``: the text is the name of a product."""
    brands = {place for one in named if one.target.kind is MatchKind.BRAND for place in range(one.start, one.end)}
    return [
        {
            "text": text[start:end],
            "start": start,
            "end": end,
            "role": word(TokenRole.NAME if whole else TokenRole.BRAND if place in brands else role),
        }
        for place, ((start, end), role) in enumerate(zip(places(text), roles, strict=True))
    ]


def _strength(substance: str | None, strength: Strength) -> ReadStrength:
    return {
        "value": written(strength.value),
        "unit": strength.unit,
        "per": f"{written(strength.per)} {strength.per_unit}" if strength.per_volume else None,
        "elemental": strength.elemental,
        "substance_id": substance,
    }


def _dose(line: Line) -> ReadDose | None:
    """What is taken at once or over a day, when something says so as one number."""
    dose, reading, taking = line.item.dose, line.resolution.reading, line.taking
    if dose is not None:
        return {"value": dose.value, "unit": dose.unit, "per": word(DosePeriod.INTAKE)}
    of_a_day = [one for one in line.resolution.strengths.values() if is_of_a_day(one)]
    if of_a_day:
        return {"value": written(of_a_day[0].value), "unit": of_a_day[0].unit, "per": word(DosePeriod.DAY)}
    said = reading is not None and (reading.dose is not None or taking.a_day)
    if taking.millilitres is not None:
        return {"value": written(taking.millilitres), "unit": "mL", "per": word(DosePeriod.INTAKE)}
    if said and taking.pieces is not None:
        return {
            "value": written(taking.pieces),
            "unit": "unit",
            "per": word(DosePeriod.DAY if taking.a_day else DosePeriod.INTAKE),
        }
    return None
