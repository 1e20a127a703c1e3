"""The question: a medication list with what is known about the patient. Every fact may be missing.

Strict types: a number written as text is not a number and a boolean is not a number, so that a slip of a client is an
error and never a wrong answer. No name, birth date or record number is asked for.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    GetPydanticSchema,
    StringConstraints,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import InitErrorDetails, ValidationError
from pydantic_core.core_schema import (
    CoreSchema,
    custom_error_schema,
    no_info_after_validator_function,
    str_schema,
)
from typing_extensions import TypeAliasType

from rules.code_systems import SPELLINGS, system_of
from rules.quantities import DOSE_UNITS, kidney_unit, serum_units
from rules.terms import (
    CodeSystem,
    DoseBasis,
    DoseForm,
    MedicationStatus,
    ObservationKind,
    Pregnancy,
    Route,
    Sex,
)

MAXIMUM_MEDICATIONS = 200
MAXIMUM_CONDITIONS = 100
MAXIMUM_OBSERVATIONS = 100
MAXIMUM_SYMPTOMS = 50
MAXIMUM_ACKNOWLEDGEMENTS = 200
MAXIMUM_NAME_LENGTH = 200

Decimals = Annotated[
    str,
    StringConstraints(pattern=r"^[0-9]{1,9}(\.[0-9]{1,9})?$"),
    Field(description="A decimal number as text, without sign or exponent.", examples=["400", "0.62"]),
]
# The most that UK product information gives by mouth is 24 mmol a day, 583 mg; a slip of a digit is no plan.
SupplementTarget = Annotated[
    str,
    StringConstraints(pattern=r"^(([1-9][0-9]?|[1-5][0-9]{2})(\.[0-9]{1,9})?|600)$"),
    Field(
        description="Elemental magnesium a day that the plan is to reach with a supplement, from 1 to 600 mg, as text.",
        examples=["300"],
    ),
]
Typed = Annotated[str, StringConstraints(min_length=1, max_length=MAXIMUM_NAME_LENGTH)]
Identifier = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._:-]{1,64}$")]
ClockTime = Annotated[str, StringConstraints(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]


class _Units(dict[str, str]):
    """Units of dose as they are usually written. Capitals do not matter."""

    def __missing__(self, unit: str) -> str:
        """Take any other way of writing a unit.

        Raises:
            ValueError: it is none; the text says what is allowed.
        """
        if unit.lower() not in self:
            message = f"not a unit of dose; allowed: {', '.join(DOSE_UNITS)}"
            raise ValueError(message)
        return unit


# Asked for every dose of every question, so a unit as it is usually written runs no line of Python.
_unit_of = _Units({spelling: spelling for unit in DOSE_UNITS for spelling in (unit, unit.lower())}).__getitem__

DoseUnit = Annotated[str, StringConstraints(min_length=1, max_length=20), AfterValidator(_unit_of)]


def _system_schema(_source: object, _handler: object) -> CoreSchema:
    """Text that is a spelling of a code system; what is no text is told the short names."""
    *names, last = [repr(system.value) for system in CodeSystem]
    text = custom_error_schema(
        str_schema(), custom_error_type="enum", custom_error_context={"expected": f"{', '.join(names)} or {last}"}
    )
    return no_info_after_validator_function(system_of, text)


# A type of its own, so that the API's description gives it a name.
SystemName = TypeAliasType(
    "SystemName",
    Annotated[
        CodeSystem,
        GetPydanticSchema(_system_schema),
        WithJsonSchema(
            {
                "type": "string",
                "title": "SystemName",
                "description": "The code system by its short name, its FHIR address or its object identifier.",
                "enum": list(SPELLINGS),
                "x-enum-varnames": [
                    *(system.name for system in CodeSystem),
                    *(f"{system.name}_{kind}" for kind in ("ADDRESS", "OID") for system in CodeSystem),
                ],
            },
            mode="validation",
        ),
    ],
)


def _each_once(times: tuple[str, ...]) -> tuple[str, ...]:
    """Refuse a time of day that stands twice: a day plan would see one dose there, and a sum of magnesium two.

    Raises:
        ValueError: one does; the text says what to give instead.
    """
    if len(set(times)) != len(times):
        message = "a time of day stands twice: give each once, and what is taken together as one dose"
        raise ValueError(message)
    return times


class Question(BaseModel):
    """What every part of the question has in common."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class KidneyFunction(Question):
    """Estimated glomerular filtration rate, or a creatinine clearance in mL/min."""

    value: Decimals
    unit: Annotated[str, StringConstraints(min_length=1, max_length=30), AfterValidator(kidney_unit)] = Field(
        description="`mL/min/1.73m2` for an eGFR, `mL/min` for a creatinine clearance; capitals do not matter, and "
        "`m²`, `{1.73_m2}` or a decimal comma are read as well.",
        examples=["mL/min/1.73m2"],
    )
    taken_on: date | None = None


class PatientFacts(Question):
    """What is known about the patient; leave out what is not known."""

    age_years: Annotated[int, Field(ge=0, le=130)] | None = None
    sex: Sex | None = None
    pregnancy: Pregnancy | None = None
    egfr: KidneyFunction | None = None
    dialysis: bool | None = None
    dietary_magnesium_mg_per_day: (
        Annotated[Decimals, Field(description="Magnesium from food a day, when somebody has worked it out.")] | None
    ) = None


class Code(Question):
    """A code of a medication."""

    system: SystemName
    code: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9.-]{1,32}$")]


class Dose(Question):
    """The amount taken each time. ``of`` says whether a mass counts the salt or the magnesium in it."""

    value: Decimals
    unit: DoseUnit
    of: DoseBasis | None = None


class MedicationItem(Question):
    """One line of the list, by codes, by text as typed, or both."""

    id: Identifier
    text: Typed | None = None
    codes: Annotated[tuple[Code, ...], Field(max_length=10)] = ()
    status: MedicationStatus = MedicationStatus.CURRENT
    route: Route | None = None
    dose_form: DoseForm | None = None
    dose: Dose | None = None
    times_per_day: Annotated[int, Field(ge=1, le=24)] | None = None
    times: Annotated[
        tuple[ClockTime, ...],
        Field(
            max_length=24,
            description="Times of day of all doses, each once: what is taken together is one dose, such as 2 tablets.",
        ),
        AfterValidator(_each_once),
    ] = ()
    as_needed: (
        Annotated[
            bool,
            Field(
                description="Taken only when needed, or regularly. Left out, the text says so, unless `times_per_day` "
                "or `times` is given: that counts as regular use."
            ),
        ]
        | None
    ) = None
    started_on: (
        Annotated[
            date,
            Field(
                description="Since when it is taken without a break. A day after `as_of` counts as no time yet, and "
                "`problems` of the medication says so."
            ),
        ]
        | None
    ) = None

    @model_validator(mode="after")
    def _names_something(self) -> Self:
        if self.text is None and not self.codes:
            message = "give text or at least one code"
            raise ValueError(message)
        if self.times and self.times_per_day is not None and self.times_per_day != len(self.times):
            message = "times_per_day is not the number of times"
            raise ValueError(message)
        return self


class ConditionItem(Question):
    """A condition, by code or by text."""

    text: Typed | None = None
    codes: Annotated[tuple[Code, ...], Field(max_length=10)] = ()

    @model_validator(mode="after")
    def _names_something(self) -> Self:
        if self.text is None and not self.codes:
            message = "give text or at least one code"
            raise ValueError(message)
        return self


class Observation(Question):
    """A laboratory value."""

    kind: ObservationKind
    value: Decimals
    unit: Annotated[str, StringConstraints(min_length=1, max_length=20)]
    taken_on: date | None = None

    @model_validator(mode="after")
    def _unit_fits(self) -> Self:
        allowed = serum_units(self.kind)
        if self.unit.lower() not in {unit.lower() for unit in allowed}:
            message = f"not a unit of {self.kind}; allowed: {', '.join(allowed)}"
            raise ValueError(message)
        return self


class WakingDay(Question):
    """The waking hours and the meals that a timetable is to respect; what is left out is assumed, and it says so."""

    wakes_at: ClockTime | None = None
    sleeps_at: ClockTime | None = None
    meals: Annotated[tuple[ClockTime, ...], Field(max_length=6)] | None = None


class Acknowledgement(Question):
    """That somebody has dealt with a finding: it is listed as settled for as long as nothing it rests on changes."""

    finding_key: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{16}$")] = Field(
        description="`key` of the finding."
    )
    context_digest: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")] = Field(
        description="`context_digest` of the finding when it was dealt with."
    )
    reason: Annotated[str, StringConstraints(min_length=1, max_length=400, pattern=r"\S")] = Field(
        description="Why it is settled, in words; it is given back with the settled finding."
    )
    until: date | None = Field(None, description="The last day on which it counts.")


def _ids_differ(items: tuple[MedicationItem, ...]) -> tuple[MedicationItem, ...]:
    """Refuse an id that stands twice, and point at the second: findings could not say which of the two they are about.

    Raises:
        ValidationError: each that stands there again, by its place.
    """
    if len({item.id for item in items}) == len(items):
        return items
    first: dict[str, int] = {}
    again: list[InitErrorDetails] = []
    for position, item in enumerate(items):
        if first.setdefault(item.id, position) != position:
            fault = ValueError(f"/medications/{first[item.id]} has this id already: medication ids must differ")
            again.append({"type": "value_error", "loc": (position, "id"), "input": item.id, "ctx": {"error": fault}})
    raise ValidationError.from_exception_data("medications", again)


MedicationItems = Annotated[
    tuple[MedicationItem, ...], Field(max_length=MAXIMUM_MEDICATIONS), AfterValidator(_ids_differ)
]


class MedicationProfile(Question):
    """A medication list and what is known about the patient; everything but ``medications`` may be left out.

    ``conditions`` left out means that they are not known; an empty list means that there are none.
    ``as_of`` is the day the question is about; without it, nothing is known about durations.
    """

    medications: MedicationItems
    patient: PatientFacts = PatientFacts()
    conditions: Annotated[tuple[ConditionItem, ...], Field(max_length=MAXIMUM_CONDITIONS)] | None = None
    observations: Annotated[tuple[Observation, ...], Field(max_length=MAXIMUM_OBSERVATIONS)] = ()
    symptoms: Annotated[tuple[Typed, ...], Field(max_length=MAXIMUM_SYMPTOMS)] = ()
    as_of: date | None = None
    last_ecg_on: date | None = None
    acknowledgements: Annotated[tuple[Acknowledgement, ...], Field(max_length=MAXIMUM_ACKNOWLEDGEMENTS)] = ()
    timetable: bool = Field(default=False, description="`true` adds a day plan of all medications taken by mouth.")
    day: WakingDay = WakingDay()
    plan: bool = Field(
        default=False, description="`true` adds what may be done about magnesium, and what to measure when."
    )
    magnesium_target_mg_per_day: SupplementTarget | None = None
    ncpdp: bool = Field(default=False, description="`true` adds to each finding what a pharmacy message holds of it.")
