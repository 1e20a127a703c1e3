"""Puts the tests and parties of a rule into words for people who do not read records."""

from collections.abc import Callable
from typing import Final

from rules.compiled import CompiledRuleSet
from rules.documents import Bounds, Expression, Party
from rules.quantities import plain

_MEASURED: Final = {
    "egfr": ("eGFR", "mL/min/1.73 m²"),
    "age_years": ("age", "years"),
    "serum_magnesium": ("serum magnesium", "mmol/L"),
    "serum_potassium": ("serum potassium", "mmol/L"),
    "serum_calcium": ("serum calcium", "mmol/L"),
    "elemental_mg_per_day": ("magnesium from all products", "mg a day"),
    "duration_days": ("taken for", "days"),
    "duration_months": ("taken for", "months"),
    "daily_dose_mg": ("daily dose", "mg"),
}
_LIMITS: Final = (
    ("at_least", "at least"),
    ("above", "above"),
    ("below", "below"),
    ("at_most", "at most"),
)


def words(term: str) -> str:
    """A term of a vocabulary as people write it."""
    return term.replace("_", " ")


class Told:
    """Words for the tests of one rule set."""

    def __init__(self, compiled: CompiledRuleSet) -> None:
        self.compiled = compiled

    def names(self, classes: tuple[str, ...] = (), substances: tuple[str, ...] = ()) -> list[str]:
        """Classes and substances by their names."""
        return [
            *(self.compiled.classes[name].name for name in classes),
            *(self.compiled.substances[name].name for name in substances),
        ]

    def expression(self, expression: Expression, *, inside: bool = False) -> str:
        """A test in words; ``inside`` of another it gets brackets where it has several parts."""
        if expression.not_ is not None:
            return f"not {self.expression(expression.not_, inside=True)}"
        for parts, link in ((expression.all, " and "), (expression.any, " or ")):
            if parts is not None:
                text = link.join(self.expression(part, inside=len(parts) > 1) for part in parts)
                return f"({text})" if inside and len(parts) > 1 else text
        key = next(name for name in Expression.model_fields if getattr(expression, name) is not None)
        if key in _MEASURED:
            label, unit = _MEASURED[key]
            return f"{label} {_bounds(getattr(expression, key))} {unit}"
        return self._others()[key](expression)

    def _others(self) -> dict[str, Callable[[Expression], str]]:
        return {
            "dialysis": lambda one: "on dialysis" if one.dialysis else "not on dialysis",
            "sex": lambda one: str(one.sex),
            "pregnancy": lambda one: words(str(one.pregnancy)),
            "conditions": lambda one: " or ".join(self.compiled.conditions[name].name for name in one.conditions or ()),
            "symptoms": lambda one: " or ".join(self.compiled.symptoms[name].name for name in one.symptoms or ()),
            "co_medication": self._co_medication,
            "risk_count": self._risk_count,
        }

    def _co_medication(self, expression: Expression) -> str:
        wanted = expression.co_medication
        assert wanted is not None  # noqa: S101 - chosen by this key
        number = f"{wanted.at_least} of " if wanted.at_least > 1 else ""
        where = "takes, in the same product," if wanted.same_product else "takes"
        return f"also {where} {number}{' or '.join(self.names(wanted.classes, wanted.substances))}"

    def _risk_count(self, expression: Expression) -> str:
        wanted = expression.risk_count
        assert wanted is not None  # noqa: S101 - chosen by this key
        causes = [*self.names(wanted.classes), *(self.compiled.conditions[name].name for name in wanted.conditions)]
        return f"at least {wanted.at_least} causes among {', '.join(causes)}"

    def party(self, party: Party) -> str:
        """Who is meant, by which route and in which form."""
        text = " or ".join(self.names(party.classes, party.substances))
        given = [words(one) for one in (*party.routes, *party.dose_forms)]
        if given:
            text += f", {' or '.join(given)}"
        without = [*self.names((), party.except_substances), *(words(one) for one in party.except_dose_forms)]
        return f"{text}; not {', '.join(without)}" if without else text


def _bounds(bounds: Bounds) -> str:
    given = [(word, getattr(bounds, name)) for name, word in _LIMITS]
    return " and ".join(f"{word} {plain(value, 4)}" for word, value in given if value is not None)
