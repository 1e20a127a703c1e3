"""The documents behind a plan: how a medicine is taken, what is measured and when, how much magnesium is aimed at.

They say nothing about interactions. Each is general knowledge with a source; whether it concerns a person is decided by
`rules.timetable`, `rules.risk` and `rules.plan`.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, ClassVar, Self

from pydantic import AfterValidator, Field, model_validator

from rules.documents import Bounds, Flag, Hours, Record, References, Slug, Text, Title, moderate
from rules.profile import ClockTime
from rules.terms import DoseForm, FoodRelation, MonitoringTest, PlanDecision, Sex, TimeOfDay

Minutes = Annotated[int, Field(strict=True, ge=0, le=720)]
MilligramsPerDay = Annotated[Decimal, Field(gt=0), AfterValidator(moderate)]


class Administration(Record):
    """How a medicine is taken by mouth: with or without food, at which time of day, how far apart.

    ``minutes_before_food`` is the least time from the dose to the next meal, ``minutes_after_food`` the least time
    from a meal to the dose; they belong to ``food: empty_stomach``, the first also to ``before_food``.
    ``minutes_before_other_medicines``: nothing else is taken by mouth for so long after a dose.
    ``before_first_food``: before anything is eaten on that day, not only between two meals.
    ``own_doses_hours`` is the least time between two doses of the medicine. ``dose_forms`` empty: any, also one that
    nobody named, less ``except_dose_forms``. ``not_after`` is for days that begin at 07:00; for others it counts from
    waking.
    """

    review_years: ClassVar[int] = 3

    title: Title
    classes: tuple[Slug, ...] = ()
    substances: tuple[Slug, ...] = ()
    except_substances: tuple[Slug, ...] = ()
    dose_forms: tuple[DoseForm, ...] = ()
    except_dose_forms: tuple[DoseForm, ...] = ()
    food: FoodRelation | None = None
    minutes_before_food: Minutes | None = None
    minutes_after_food: Minutes | None = None
    before_first_food: Flag = False
    minutes_before_other_medicines: Minutes | None = None
    time_of_day: TimeOfDay | None = None
    not_after: ClockTime | None = None
    own_doses_hours: Hours | None = None
    text: Text
    citations: References

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not (self.classes or self.substances):
            message = "name at least one class or substance"
            raise ValueError(message)
        if self.food is FoodRelation.WITH_FOOD or self.food is None:
            minutes = self.minutes_before_food is not None or self.minutes_after_food is not None
            if minutes or self.before_first_food:
                message = "minutes before and after food belong to food: empty_stomach or before_food"
                raise ValueError(message)
        elif self.minutes_before_food is None:
            message = f"food: {self.food} needs minutes_before_food"
            raise ValueError(message)
        said = (self.food, self.minutes_before_other_medicines, self.time_of_day, self.not_after, self.own_doses_hours)
        if all(value is None for value in said):
            message = (
                "say at least one of food, minutes_before_other_medicines, time_of_day, not_after, own_doses_hours"
            )
            raise ValueError(message)
        return self


class MonitoringSchedule(Record):
    """What is measured because of a treatment or condition, and how often.

    It concerns a person when one of the ``interactions`` is among the findings (with one of the ``substances``, where
    some are named) or, with ``decisions``, when the plan comes to one of them. ``at_start``: a value is wanted at the
    start, so that none at all is due now. ``every_days`` left out: the source gives no interval, and a value that is
    there is not called overdue.
    """

    review_years: ClassVar[int] = 2

    title: Title
    interactions: tuple[Slug, ...] = ()
    substances: tuple[Slug, ...] = ()
    decisions: tuple[PlanDecision, ...] = ()
    tests: Annotated[tuple[MonitoringTest, ...], Field(min_length=1)]
    at_start: Flag = True
    every_days: Annotated[int, Field(strict=True, ge=1, le=3660)] | None = None
    text: Text
    citations: References

    @model_validator(mode="after")
    def _concerns_somebody(self) -> Self:
        if not (self.interactions or self.decisions):
            message = "name at least one interaction or decision"
            raise ValueError(message)
        return self


class RecommendedIntake(Record):
    """How much magnesium a day from all sources a body recommends for a group of people (left out: for all)."""

    body: Title
    mg_per_day: MilligramsPerDay
    sex: Sex | None = None
    age_years: Bounds | None = None
    text: Text
    citations: References


class SupplementTarget(Record):
    """How much elemental magnesium a day a plan aims at for a decision, in how many doses at least."""

    title: Title
    decision: PlanDecision
    least_mg_per_day: MilligramsPerDay
    most_mg_per_day: MilligramsPerDay
    age_years: Bounds | None = None
    least_doses_per_day: Annotated[int, Field(strict=True, ge=1, le=6)] = 1
    text: Text
    citations: References

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.least_mg_per_day > self.most_mg_per_day:
            message = "least_mg_per_day is above most_mg_per_day"
            raise ValueError(message)
        return self
