"""Codes and names to substances: what each line of a medication list stands for, and how sure that is.

One pipeline: exact code, ATC class, exact name. A line is recognised only when every word of it is accounted for, but
for the prose of an instruction, which is said (`rules.prose`); spelling candidates are offered and never taken. Results
are cached, because the same lines come again and again.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from rules.coded import CodeReading, product_named, read_code
from rules.groups import groups_in
from rules.prose import before_prose
from rules.quantities import MASS_UNITS, milligrams
from rules.reading import routes_of_form
from rules.recognition import candidates_of, entries_of, is_like_another, read_line
from rules.strengths import strengths_of
from rules.terms import MatchKind, RecognitionState, Route, word
from rules.tokens import tokens

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rules.compiled import CompiledRuleSet, Entry, Manner
    from rules.model import Product
    from rules.profile import Code, MedicationItem
    from rules.reading import Reading, Strength
    from rules.recognition import Named
    from rules.report import Candidate, CheckedMedication, MatchDetail
    from rules.terms import DoseForm

MAXIMUM_CACHED: Final = 20_000
# A text may name the amount of up to ten units or of a quarter of one; beyond that it is a slip (1000 mg for 1 mg).
_MOST_UNITS: Final = 10
_SMALLEST_PARTS: Final = 4
_PROSE: Final = "words of the instruction are not known; only what stands before them was used"
_WAYS_APART: Final = "codes and text do not agree on how it is given; all ways are taken as possible"
_KINDS: Final = {kind: word(kind) for kind in MatchKind}
_RECOGNISED: Final = word(RecognitionState.RECOGNISED)
_UNRECOGNISED: Final = word(RecognitionState.UNRECOGNISED)
_NO_MAGNESIUM_RELEVANCE: Final = word(RecognitionState.NO_MAGNESIUM_RELEVANCE)
_LOCAL_ROUTES: Final = frozenset({Route.TOPICAL, Route.OPHTHALMIC, Route.OTIC, Route.NASAL, Route.INHALED})


@dataclass(slots=True, eq=False)
class Given:
    """How a medication is given: its possible routes, where they come from in words, and its dose form."""

    routes: tuple[Route, ...]
    words: str
    dose_form: DoseForm | None
    routes_set: frozenset[Route] = field(init=False)
    manner: Manner = field(init=False)
    shown: list[str] = field(init=False)  # the routes as a report shows them
    shown_words: str = field(init=False)  # the same as one text
    reach: bool | None = field(init=False)  # whether it reaches the body by the routes it may have
    usual: bool = False  # one substance, by all the routes it has, in a form nobody named

    def __post_init__(self) -> None:
        """Work out what every check asks."""
        self.routes_set = frozenset(self.routes)
        self.manner = (self.routes_set, self.dose_form)
        self.shown = [route.value for route in self.routes]
        self.shown_words = f"{self.shown}"
        self.reach = _reaches_body(self.routes_set)


@dataclass(slots=True, eq=False)
class Resolution:
    """What a line stands for, before the caller's own route, form and dose are looked at."""

    shown: CheckedMedication  # everything a report says of the line, but its id
    entries: tuple[Entry, ...]
    listed: tuple[tuple[str, frozenset[str]], ...]  # substances with their classes, as facts count them
    product: Product | None
    reading: Reading | None
    strengths: dict[str, Strength]  # substance id -> the strength written after its name
    given: Given
    certain: bool  # something is known, and codes and text stand for the same
    identity: str = field(init=False, default="")  # written when a finding first asks for it
    given_by: dict[tuple[Route | None, DoseForm | None], Given] = field(init=False)  # as the caller says, or by itself
    amounts: dict[object, Any] = field(default_factory=dict)  # bounded cache of rules.intake

    def __post_init__(self) -> None:
        """A caller who says nothing leaves it at what was read."""
        self.given_by = {(None, None): self.given}


def _reaches_body(routes: frozenset[Route]) -> bool | None:
    """Whether a drug given so reaches the blood; None: by some of the possible routes only, or no route is known."""
    if not routes:
        return None
    if routes.isdisjoint(_LOCAL_ROUTES):
        return True
    return False if routes <= _LOCAL_ROUTES else None


def resolve(compiled: CompiledRuleSet, text: str | None, codes: tuple[Code, ...]) -> Resolution:
    """What a line stands for; the answer is shared, so nobody may change it."""
    key = _key(text, codes)
    cache = compiled.resolutions
    found: Resolution | None = cache.get(key)
    if found is None:
        found = _resolve(compiled, text, codes)
        if len(cache) >= MAXIMUM_CACHED:  # a bound on memory; rare enough that forgetting everything is cheapest
            cache.clear()
        cache[key] = found
    return found


def _key(text: str | None, codes: tuple[Code, ...]) -> object:
    if len(codes) == 1:  # nearly always
        told = codes[0].__dict__  # one look into the model instead of two
        return text, told["system"], told["code"]
    return (text, *((code.system, code.code) for code in codes)) if codes else text


def resolve_item(compiled: CompiledRuleSet, item: MedicationItem) -> CheckedMedication:
    """One line as a report shows it."""
    resolution = resolve(compiled, item.text, item.codes)
    return checked(item.id, resolution, given_by(item, resolution))


def given_by(item: MedicationItem, resolution: Resolution) -> Given:
    """How a line is given. The caller's own word counts first; the answer is shared, so nobody may change it."""
    key = (item.route, item.dose_form)
    given = resolution.given_by.get(key)
    if given is None:
        given = resolution.given_by[key] = _given(item, resolution)
    return given


def _given(item: MedicationItem, resolution: Resolution) -> Given:
    form = item.dose_form or resolution.given.dose_form
    if item.route is not None:
        only = len(resolution.entries) == 1 and resolution.entries[0].routes == (item.route,)
        return Given((item.route,), f"route {item.route} as given", form, usual=only and form is None)
    routes = () if item.dose_form is None else _narrowed(routes_of_form(item.dose_form), resolution.entries)
    if routes:
        return Given(routes, f"route {'/'.join(routes)} from the dose form given", form)
    return Given(resolution.given.routes, resolution.given.words, form, usual=resolution.given.usual and form is None)


def checked(item_id: str, resolution: Resolution, given: Given) -> CheckedMedication:
    """One line as a report shows it."""
    shown = resolution.shown.copy()
    shown["id"] = item_id
    if given is not resolution.given:
        shown["routes"] = given.shown
    return shown


class _Text(NamedTuple):
    """What the text of a line stands for. ``named`` is empty where it may not be taken for anything it names.

    ``whole``: it is the name of a product. ``prose``: words of its instruction are not known.
    """

    named: Sequence[Named]
    reading: Reading | None
    whole: CodeReading | None
    problems: Sequence[str]
    candidates: list[Candidate]
    prose: bool = False


def _read_text(compiled: CompiledRuleSet, text: str, *, coded: bool) -> _Text:
    """Read a text; ``coded``: the line has codes that are known, so that nothing has to be offered for it."""
    words = tokens(text)
    if not words:
        return _NO_TEXT if coded else _NO_WORDS
    named, reading = read_line(compiled, words)
    if named and not reading.unread:
        return _Text(named, reading, None, (), [])
    whole = product_named(compiled, words)
    if whole is not None:
        return _Text((), reading, whole, (), [])
    before = before_prose(words, named, reading)
    if before is not None:
        alike = candidates_of(compiled, text, words, named, reading.unread)
        if not is_like_another(alike, named):
            return _Text(named, before, None, (), [], prose=True)
    if coded:
        return _Text((), reading, None, ("the text was not recognised; the code was used",), [])
    groups, unread = _groups(words, reading.unread)
    problems = groups if groups and not named and not unread else [_NOT_ALL if named else _NO_NAME, *groups]
    return _Text((), reading, None, problems, candidates_of(compiled, text, words, named, unread))


def _groups(words: list[str], unread: Sequence[int]) -> tuple[list[str], Sequence[int]]:
    """Why the names of groups in a line say too little, and the words that still nothing explains.

    Beside other such words, a group whose own words are read as something else ("eye drops") is none.
    """
    groups = groups_in(words)
    left = [one for one in unread if not any(one in group.places for group in groups)]
    return [group.problem for group in groups if not left or not group.places.isdisjoint(unread)], left


_NO_NAME: Final = "no name in the text is known"
_NOT_ALL: Final = "not every word of the text is known"
_NO_TEXT: Final = _Text((), None, None, (), [])
_NO_WORDS: Final = _Text((), None, None, (_NO_NAME,), [])  # white space and marks only


def _resolve(compiled: CompiledRuleSet, text: str | None, codes: tuple[Code, ...]) -> Resolution:
    by_code, problems = _by_code(compiled, codes) if codes else ([], [])
    named, reading, whole, unknown, candidates, prose = (
        _read_text(compiled, text, coded=bool(by_code)) if text else _NO_TEXT
    )
    problems += unknown
    text_entries = entries_of(compiled, named) if named else ()
    products = by_code if whole is None else [*by_code, whole]

    readings = [found.entries for found in products] + ([text_entries] if text_entries else [])
    entries = readings[0] if len(readings) == 1 else _union(readings)
    strengths = strengths_of(compiled.lookup, named, reading, text_entries) if named and reading is not None else {}
    said = reading if whole is None else None
    doubts: list[str] = []
    # The name of a substance leaves no doubt.
    doubtful = [one for one in named if one.target.doubts or one.target.product is not None]
    if products or doubtful:
        doubts = _doubts(products, named)
        strengths, slips = _together(products, strengths)
        doubts += slips + _ways_apart(said, products)
        if len({frozenset(entry.id for entry in one) for one in readings}) > 1:
            doubts.append("codes and text do not agree; all of them were checked")
        gone = _withdrawn(compiled, [found.product for found in by_code], named)
        if gone:
            doubts.append(f"withdrawn here and not checked: {', '.join(gone)}")
    if prose:
        (problems if by_code else doubts).append(_PROSE)
    problems += doubts
    match: MatchDetail | None = products[0].match if products else None
    product = by_code[0].product if by_code else None
    if match is None and text_entries:
        first = named[0].target
        match = {"kind": _KINDS[first.kind], "matched": first.matched}
        product = first.product if len(named) == 1 else None
    if _WAYS_APART in doubts:
        routes, route_words, dose_form = _all_ways(said, products), "route not agreed on", None
    else:
        routes, route_words, dose_form = _routes(said, products, product, entries)
    usual = len(entries) == 1 and dose_form is None and routes == entries[0].routes
    given = _given_as(routes, route_words, dose_form, usual)
    return Resolution(
        shown={
            "id": "",
            "state": _state_of(entries),
            "match": match,
            "substances": [entry.reference for entry in entries],
            "routes": given.shown,
            "candidates": candidates,
            "problems": problems,
        },
        entries=entries,
        listed=tuple([(entry.id, entry.keys) for entry in entries]),
        product=product,
        reading=reading,
        strengths=strengths,
        given=given,
        certain=bool(entries) and not doubts,
    )


def _state_of(entries: Sequence[Entry]) -> RecognitionState:
    for entry in entries:
        if entry.relevant:
            return _RECOGNISED
    return _NO_MAGNESIUM_RELEVANCE if entries else _UNRECOGNISED


@lru_cache(maxsize=4096)  # there are few ways of giving anything
def _given_as(routes: tuple[Route, ...], words: str, dose_form: DoseForm | None, usual: bool) -> Given:  # noqa: FBT001 - by position it is found sooner
    return Given(routes, words, dose_form, usual=usual)


def _withdrawn(compiled: CompiledRuleSet, by_code: list[Product | None], named: Sequence[Named]) -> list[str]:
    """Ingredients that were withdrawn from the knowledge while their product was not."""
    products = [product for product in (*by_code, *(found.target.product for found in named)) if product is not None]
    parts = {part.substance for product in products for part in product.ingredients}
    return sorted(part for part in parts if part not in compiled.entries)


def _by_code(compiled: CompiledRuleSet, codes: tuple[Code, ...]) -> tuple[list[CodeReading], list[str]]:
    """What the codes stand for, and what is wrong with those that stand for nothing here."""
    readings: list[CodeReading] = []
    problems: list[str] = []
    for position, code in enumerate(codes):
        found = read_code(compiled, code)
        if isinstance(found, str):
            problems.append(f"the {code.system} code at position {position} {found}")
        else:
            readings.append(found)
    return readings, problems


def _doubts(products: list[CodeReading], named: Sequence[Named]) -> list[str]:
    """Why what was read may not be all that is in the medication."""
    of_products = [doubt for one in products for doubt in one.doubts]
    return list(dict.fromkeys(of_products + [doubt for one in named for doubt in one.target.doubts]))


def _together(products: list[CodeReading], spoken: dict[str, Strength]) -> tuple[dict[str, Strength], list[str]]:
    """The strengths of the codes and of the text, which counts first, and the doubts where they cannot both be right.

    A text may say what is taken, several units or a part of one; a thousandfold slip is neither.
    """
    strengths: dict[str, Strength] = {}
    slips: list[str] = []
    for found in products:
        for name, strength in found.strengths.items():
            said = spoken.get(name) or strengths.get(name)
            if said is None:
                strengths[name] = strength
            elif not _can_be_both(said, strength):
                both = f"{said.value:f} {said.unit} and {strength.value:f} {strength.unit}"
                slips.append(f"the strengths do not agree: {both}")
    return {**strengths, **spoken}, slips


def _routes_said(reading: Reading | None) -> tuple[Route, ...]:
    """The routes a text names, or those of the dose form it names."""
    if reading is None:
        return ()
    return reading.routes or (routes_of_form(reading.dose_form) if reading.dose_form is not None else ())


def _ways_apart(reading: Reading | None, products: list[CodeReading]) -> list[str]:
    """Ways of giving it that cannot be the same: the text's, and those of each code."""
    ways = [set(routes) for routes in (_routes_said(reading), *(found.routes for found in products)) if routes]
    if len(ways) < 2 or set.intersection(*ways):  # noqa: PLR2004 - two of them to disagree
        return []
    return [_WAYS_APART]


def _all_ways(reading: Reading | None, products: list[CodeReading]) -> tuple[Route, ...]:
    ways = [*_routes_said(reading), *(route for found in products for route in found.routes)]
    return tuple(dict.fromkeys(ways))


def _can_be_both(said: Strength, strength: Strength) -> bool:
    """Whether an amount is that of some units, halves or quarters, of a strength."""
    if said.per_volume or strength.per_volume or not said.value or not strength.value:
        return True  # an amount beside a concentration: nothing to compare
    if said.unit in MASS_UNITS and strength.unit in MASS_UNITS:
        ratio = milligrams(said.value, said.unit) / milligrams(strength.value, strength.unit)
    elif said.unit == strength.unit:
        ratio = Fraction(said.value) / Fraction(strength.value)
    else:
        return True  # milligrams of a salt beside milliequivalents of what is in it
    return ratio <= _MOST_UNITS and (ratio * _SMALLEST_PARTS).denominator == 1


def _union(readings: Iterable[tuple[Entry, ...]]) -> tuple[Entry, ...]:
    return tuple({entry.id: entry for entries in readings for entry in entries}.values())


def _narrowed(routes: tuple[Route, ...], entries: tuple[Entry, ...]) -> tuple[Route, ...]:
    """Of the routes a dose form allows, those the substances are given by; all of them where none is."""
    known = {route for entry in entries for route in entry.routes}
    return tuple([route for route in routes if route in known]) or routes


def _is_never_given_so(product: Product, entries: tuple[Entry, ...], routes: tuple[Route, ...]) -> bool:
    """Whether neither the product nor anything in it is given so: an ampoule of it is one to drink."""
    known = {*product.routes, *(route for entry in entries for route in entry.routes)}
    return known.isdisjoint(routes)


def _routes(
    reading: Reading | None,
    by_code: list[CodeReading],
    product: Product | None,
    entries: tuple[Entry, ...],
) -> tuple[tuple[Route, ...], str, DoseForm | None]:
    """The possible routes, in words where they come from, and the dose form."""
    dose_form = reading.dose_form if reading is not None else None
    forms = {found.dose_form for found in by_code if found.dose_form is not None} if by_code else None
    if dose_form is None and product is not None:
        dose_form = product.dose_form
    if dose_form is None and forms is not None and len(forms) == 1:
        dose_form = forms.pop()
    if reading is not None and reading.routes:
        routes = reading.routes
        return routes, f"route {'/'.join(routes)} read from the text", dose_form
    if reading is not None and reading.dose_form is not None:
        routes = _narrowed(routes_of_form(reading.dose_form), entries)
        if routes and not (product is not None and _is_never_given_so(product, entries, routes)):
            return routes, f"route {'/'.join(routes)} read from the dose form in the text", dose_form
    from_codes = tuple(dict.fromkeys(route for found in by_code for route in found.routes)) if by_code else ()
    if from_codes:
        words = next(found.words for found in by_code if found.routes)
        return from_codes, f"route {'/'.join(from_codes)} {words}", dose_form
    if product is not None:
        return product.routes, f"route {'/'.join(product.routes)} of the product", dose_form
    routes, words = _of_substances(entries, with_food=reading is not None and reading.with_food)
    return routes, words, dose_form


def _of_substances(entries: tuple[Entry, ...], *, with_food: bool) -> tuple[tuple[Route, ...], str]:
    """The routes the substances have, where nothing else says how it is given."""
    routes: tuple[Route, ...]
    if len(entries) == 1 and len(entries[0].routes) == 1:  # nearly always
        routes = entries[0].routes
    else:
        routes = tuple(dict.fromkeys([route for entry in entries for route in entry.routes]))
    if len(routes) == 1:
        return routes, f"route {routes[0]}, the only one it has"
    if with_food and Route.ORAL in routes:
        return (Route.ORAL,), "route oral, because it is taken before, with or after food"
    return routes, "route not given"
