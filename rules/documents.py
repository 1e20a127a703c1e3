"""What the documents of the knowledge base are built from: their base classes, names, numbers, texts and expressions.

Only shapes and what can be seen inside one of them; the records themselves are in `rules.model` and `rules.care`.
"""

from __future__ import annotations

from calendar import monthrange
from datetime import MAXYEAR, date
from decimal import Decimal
from typing import Annotated, ClassVar, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, Strict, StringConstraints, model_validator

from rules.quantities import elemental_fraction
from rules.terms import DoseForm, EvidenceGrade, Pregnancy, RecordStatus, Route, Sex

Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(?:-[a-z0-9]+)*$", max_length=80)]
Title = Annotated[str, StringConstraints(min_length=3, max_length=140, strip_whitespace=True)]
Text = Annotated[str, StringConstraints(min_length=3, max_length=1200, strip_whitespace=True)]
ShortText = Annotated[str, StringConstraints(min_length=3, max_length=400, strip_whitespace=True)]
Name = Annotated[str, StringConstraints(min_length=2, max_length=120, strip_whitespace=True)]
# Not "yes", not 1: what is not the word true or false is a slip, and a slip is refused.
Flag = Annotated[bool, Strict()]
Hours = Annotated[Decimal, Field(ge=0, le=48, decimal_places=2)]
AtcPrefix = Annotated[str, StringConstraints(pattern=r"^[A-V](?:\d\d(?:[A-Z](?:[A-Z](?:\d\d)?)?)?)?$")]
AtcCode = Annotated[str, StringConstraints(pattern=r"^[A-V]\d\d[A-Z][A-Z]\d\d$")]
RxCui = Annotated[str, StringConstraints(pattern=r"^[1-9]\d{0,7}$")]
Unii = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]{10}$")]
Icd10Prefix = Annotated[str, StringConstraints(pattern=r"^[A-Z]\d[0-9A-Z](?:\.[0-9A-Z]{1,4})?$")]


def _formula(value: str) -> str:
    elemental_fraction(value)
    return value


# Twelve digits on either side are more than any limit or content needs; "1E+999999999" would fill the memory.
_MOST_DIGITS = 12


def moderate(value: Decimal) -> Decimal:
    """The value, when it has a moderate number of digits; otherwise an error of validation."""
    exponent = value.as_tuple().exponent
    if value.adjusted() >= _MOST_DIGITS or not isinstance(exponent, int) or exponent < -_MOST_DIGITS:
        message = f"a number has at most {_MOST_DIGITS} digits before and after the decimal point"
        raise ValueError(message)
    return value


Number = Annotated[Decimal, AfterValidator(moderate)]
Formula = Annotated[str, StringConstraints(max_length=80), AfterValidator(_formula)]


class Document(BaseModel):
    """What every part of a record has in common."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Record(Document):
    """A reviewed record. ``id`` is its file name, or unique inside a family file. ``note`` is for other authors: why it
    is as it is, or where its source was read; no finding shows it."""  # noqa: D205, D209

    id: Slug
    status: RecordStatus = RecordStatus.ACTIVE
    last_reviewed_on: date
    note: ShortText | None = None

    # Names, codes and sources change more slowly than what is advised.
    review_years: ClassVar[int] = 4

    @property
    def review_due_on(self) -> date:
        """The day by which somebody reads the sources again; what is not reviewed in time still counts, and says so."""
        last = self.last_reviewed_on
        year = min(last.year + self.review_years, MAXYEAR)
        return last.replace(year=year, day=min(last.day, monthrange(year, last.month)[1]))


class Reference(Document):
    """One citation and the part of the record it supports."""

    citation: Slug
    supports: ShortText | None = None


References = Annotated[tuple[Reference, ...], Field(min_length=1)]


class CitedText(Document):
    """A sentence or two with the citations behind it."""

    text: Text
    citations: References


class Bounds(Document):
    """A half-line or interval; each bound is exact and says by its name whether it includes the limit."""

    below: Number | None = None
    at_most: Number | None = None
    above: Number | None = None
    at_least: Number | None = None

    @model_validator(mode="after")
    def _not_empty(self) -> Self:
        if self.below is self.at_most is self.above is self.at_least is None:
            message = "give at least one of below, at_most, above, at_least"
            raise ValueError(message)
        if (self.below is not None and self.at_most is not None) or (
            self.above is not None and self.at_least is not None
        ):
            message = "give either below or at_most, and either above or at_least"
            raise ValueError(message)
        return self


class CoMedication(Document):
    """Other medications on the list, counted by substance; an own class never counts against itself.

    With ``same_product`` only what is on the line of the rule's own medication counts: a fixed combination.
    """

    classes: tuple[Slug, ...] = ()
    substances: tuple[Slug, ...] = ()
    at_least: Annotated[int, Field(strict=True, ge=1, le=20)] = 1
    # "No" is what goes without saying: it is as good as absent.
    same_product: Annotated[Flag | None, AfterValidator(lambda value: value or None)] = None

    @model_validator(mode="after")
    def _names_something(self) -> Self:
        if not (self.classes or self.substances):
            message = "name at least one class or substance"
            raise ValueError(message)
        return self


class RiskCount(Document):
    """Independent causes counted together: one for each listed class with a member on the list, one for each listed
    condition that is present (each condition counts once)."""  # noqa: D205, D209

    classes: tuple[Slug, ...] = ()
    conditions: tuple[Slug, ...] = ()
    at_least: Annotated[int, Field(strict=True, ge=1, le=20)]


class Expression(Document):
    """When something applies: exactly one key. Facts that are not known make the answer `may_apply`.

    ``egfr`` is in mL/min/1.73 m2 (or mL/min for a creatinine clearance); serum values are in mmol/L; ``age_years``
    in years; ``elemental_mg_per_day`` is the magnesium from all products on the list; ``duration_days`` (whole
    days), ``duration_months`` and ``daily_dose_mg`` are those of the rule's own medication.
    """

    all: Annotated[tuple[Expression, ...], Field(min_length=1)] | None = None
    any: Annotated[tuple[Expression, ...], Field(min_length=1)] | None = None
    not_: Annotated[Expression | None, Field(alias="not")] = None
    egfr: Bounds | None = None
    dialysis: Flag | None = None
    age_years: Bounds | None = None
    sex: Sex | None = None
    pregnancy: Pregnancy | None = None
    conditions: Annotated[tuple[Slug, ...], Field(min_length=1)] | None = None
    symptoms: Annotated[tuple[Slug, ...], Field(min_length=1)] | None = None
    serum_magnesium: Bounds | None = None
    serum_potassium: Bounds | None = None
    serum_calcium: Bounds | None = None
    elemental_mg_per_day: Bounds | None = None
    co_medication: CoMedication | None = None
    risk_count: RiskCount | None = None
    duration_days: Bounds | None = None
    duration_months: Bounds | None = None
    daily_dose_mg: Bounds | None = None

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, serialize_by_alias=True)

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        given = [name for name in type(self).model_fields if getattr(self, name) is not None]
        if len(given) != 1:
            message = f"an expression has exactly one key, this one has {len(given)}; combine with all, any or not"
            raise ValueError(message)
        return self


class Party(Document):
    """One side of an interaction: members of any of the classes, or the substances, by one of the routes and in one
    of the dose forms (empty: any). ``except_substances`` are left out."""  # noqa: D205, D209

    classes: tuple[Slug, ...] = ()
    substances: tuple[Slug, ...] = ()
    except_substances: tuple[Slug, ...] = ()
    routes: tuple[Route, ...] = ()
    dose_forms: tuple[DoseForm, ...] = ()
    except_dose_forms: tuple[DoseForm, ...] = ()

    @model_validator(mode="after")
    def _names_something(self) -> Self:
        if not (self.classes or self.substances):
            message = "name at least one class or substance"
            raise ValueError(message)
        return self


class Evidence(Document):
    """How sure we are, and from where."""

    grade: EvidenceGrade
    citations: References
