"""What a line says besides names: the strengths, routes, form and frequency that were read, and what was not.

It holds what was read and reads nothing.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Final, NamedTuple

from rules import vocabulary as known
from rules.terms import DoseForm, Route, TokenRole

_ONE: Final = Decimal(1)
PARENTERAL: Final = (Route.INTRAVENOUS, Route.INTRAMUSCULAR, Route.SUBCUTANEOUS)
_FORM_ROUTES: Final[dict[DoseForm, tuple[Route, ...]]] = {
    DoseForm.TABLET: (Route.ORAL,),
    DoseForm.CHEWABLE_TABLET: (Route.ORAL,),
    DoseForm.EFFERVESCENT: (Route.ORAL,),
    DoseForm.GASTRO_RESISTANT: (Route.ORAL,),
    DoseForm.CAPSULE: (Route.ORAL,),
    DoseForm.INJECTION: PARENTERAL,
    DoseForm.INHALATION: (Route.INHALED,),
    DoseForm.CREAM: (Route.TOPICAL, Route.VAGINAL, Route.RECTAL),
    DoseForm.OINTMENT: (Route.TOPICAL, Route.OPHTHALMIC, Route.RECTAL),
    DoseForm.EYE_DROPS: (Route.OPHTHALMIC,),
    DoseForm.EAR_DROPS: (Route.OTIC,),
    DoseForm.NASAL_SPRAY: (Route.NASAL,),
    DoseForm.PATCH: (Route.TRANSDERMAL, Route.TOPICAL),
    DoseForm.SUPPOSITORY: (Route.RECTAL, Route.VAGINAL),
    DoseForm.ENEMA: (Route.RECTAL,),
    DoseForm.LOZENGE: (Route.ORAL,),
}


class Strength(NamedTuple):
    """A number with its unit and where it stands among the tokens.

    ``per_volume``: it is a share of something, not the amount of one piece; of ``per`` of ``per_unit`` then.
    ``elemental``: the line says that it counts the element and not its salt; ``open``: it names both and does not say.
    """

    value: Decimal
    unit: str
    position: int
    per_volume: bool = False
    per: Decimal = _ONE
    per_unit: str = ""
    elemental: bool = False
    open: bool = False

    @property
    def per_millilitre(self) -> Fraction | None:
        """The number in one millilitre, of a concentration."""
        factor = known.VOLUMES.get(self.per_unit)
        if factor is None or not self.per:
            return None
        return Fraction(self.value) / (Fraction(self.per) * Fraction(factor))


class Reading(NamedTuple):
    """What a line says besides names. ``unread`` holds the positions of words that nothing explains.

    ``dose`` pieces or millilitres (``dose_unit``) are taken each time; ``a_day`` pieces over a day whose times differ.
    ``dose_unclear``: it says something about the amount taken that is no single number ("1-2 tablets").
    ``not_daily``: it is taken on some days only ("once a week", "every other day").
    ``chains``: strengths of a combination in the order written ("50/12.5 mg"); which is of what is open. No unit is "".
    ``with_food``: it is taken before, with or after food, so by mouth where it can be.
    """

    strengths: tuple[Strength, ...]
    routes: tuple[Route, ...]
    dose_form: DoseForm | None
    times_per_day: int | None
    as_needed: bool
    elemental: bool
    unread: tuple[int, ...]
    dose: Decimal | None = None
    dose_unit: str = ""
    a_day: Decimal | None = None
    dose_unclear: bool = False
    roles: tuple[TokenRole, ...] = ()
    not_daily: bool = False
    chains: tuple[tuple[Strength, ...], ...] = ()
    with_food: bool = False


def routes_of_form(form: DoseForm) -> tuple[Route, ...]:
    """The routes a dose form can be given by; empty where the form says nothing."""
    return _FORM_ROUTES.get(form, ())
