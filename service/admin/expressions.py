"""Says in words when something applies: an expression of a record as a sentence, or as a list where it branches."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from rules.documents import Bounds, Expression
from service.admin.words import bounds, counted, term
from service.markup import Child, Html, joined, tag

# A kind of record and an id of it, as a link.
Link = Callable[[str, str], Html]

_MEASURES: Final = {
    "egfr": ("eGFR", "mL/min/1.73 m²"),
    "age_years": ("age", "years"),
    "serum_magnesium": ("serum magnesium", "mmol/L"),
    "serum_potassium": ("serum potassium", "mmol/L"),
    "serum_calcium": ("serum calcium", "mmol/L"),
    "elemental_mg_per_day": ("elemental magnesium on the whole list", "mg a day"),
    "duration_days": ("taken for", "days"),
    "duration_months": ("taken for", "months"),
    "daily_dose_mg": ("daily dose", "mg"),
}


def in_words(expression: Expression, link: Link) -> Html:
    """An expression, with links to the records it names."""
    for name, every in (("all", "all of"), ("any", "any of")):
        parts: tuple[Expression, ...] | None = getattr(expression, name)
        if parts is not None:
            if len(parts) == 1:
                return in_words(parts[0], link)
            items = [tag("li", in_words(part, link)) for part in parts]
            return joined((tag("span", f"{every}:", class_="every"), tag("ul", items, class_="expression")))
    if expression.not_ is not None:
        if expression.not_.conditions is not None:
            return joined((tag("strong", "does not have "), _or("conditions", expression.not_.conditions, link)))
        return joined((tag("strong", "not: "), in_words(expression.not_, link)))
    return joined(_single(expression, link))


def _single(expression: Expression, link: Link) -> Child:
    for name, (called, unit) in _MEASURES.items():
        limits: Bounds | None = getattr(expression, name)
        if limits is not None:
            return f"{called} {bounds(limits, unit)}"
    if expression.dialysis is not None:
        return "on dialysis" if expression.dialysis else "not on dialysis"
    for value in (expression.sex, expression.pregnancy):
        if value is not None:
            return term(value).lower()
    return _listed(expression, link)


def _listed(expression: Expression, link: Link) -> Child:
    if expression.conditions is not None:
        return ("has ", _or("conditions", expression.conditions, link))
    if expression.symptoms is not None:
        return ("complains of ", _or("symptoms", expression.symptoms, link))
    if expression.co_medication is not None:
        other = expression.co_medication
        where = "takes, in the same product," if other.same_product else "takes"
        named = _or("classes", other.classes, link), _or("substances", other.substances, link)
        return (
            f"also {where} {counted(other.at_least, 'other substance')} of ",
            named[0],
            " or " if other.classes and other.substances else None,
            named[1],
        )
    if expression.risk_count is not None:
        causes = expression.risk_count
        named = _or("classes", causes.classes, link), _or("conditions", causes.conditions, link)
        return (
            f"at least {counted(causes.at_least, 'cause')} among ",
            named[0],
            ", " if causes.classes and causes.conditions else None,
            named[1],
        )
    return None


def _or(kind: str, names: Sequence[str], link: Link) -> Html:
    parts: list[Child] = []
    for number, name in enumerate(names):
        if number:
            parts.append(" or " if number == len(names) - 1 else ", ")
        parts.append(link(kind, name))
    return joined(parts)
