"""Codes and names to substances: what each line of a medication list stands for, and how sure that is.

One pipeline: exact code, ATC class, exact name. A line is recognised only when every word of it is accounted for;
spelling candidates are offered and never taken. Results are cached, because the same lines come again and again.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Final

from rules.names import Reading, read_besides, routes_of_form, tokens
from rules.terms import CodeSystem, MatchKind, RecognitionState, Route, word

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rules.compiled import CompiledRuleSet, Entry, Manner
    from rules.lookup import Target
    from rules.model import Product
    from rules.names import Strength
    from rules.profile import Code, MedicationItem
    from rules.report import Candidate, CheckedMedication, MatchDetail
    from rules.terms import DoseForm

MAXIMUM_CACHED: Final = 20_000
_MAXIMUM_CANDIDATES: Final = 5
_LEAST_SCORE: Final = 0.72
_SHORTEST_PREFIX: Final = 3
_LOCAL_ROUTES: Final = frozenset({Route.TOPICAL, Route.OPHTHALMIC, Route.OTIC, Route.NASAL, Route.INHALED})
_CLASS_PREFIX_LENGTH: Final = 5
# "Magnesium" straight after another name is the salt of that drug ("esomeprazole magnesium"), not a magnesium product.
_SALT_WORD: Final = "magnesium"


@dataclass(slots=True, eq=False)
class Given:
    """How a medication is given: its possible routes, where they come from in words, and its dose form."""

    routes: tuple[Route, ...]
    words: str
    dose_form: DoseForm | None
    routes_set: frozenset[Route] = field(init=False)
    manner: Manner = field(init=False)
    shown: list[str] = field(init=False)  # the routes as a report shows them
    reach: bool | None = field(init=False)  # whether it reaches the body by the routes it may have
    usual: bool = False  # one substance, by all the routes it has, in a form nobody named

    def __post_init__(self) -> None:
        """Work out what every check asks."""
        self.routes_set = frozenset(self.routes)
        self.manner = (self.routes_set, self.dose_form)
        self.shown = [route.value for route in self.routes]
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
    given_by: dict[tuple[Route | None, DoseForm | None], Given] = field(default_factory=dict)


@dataclass(slots=True)
class _Named:
    """A name found in a text, and where."""

    target: Target
    start: int
    end: int


def _reaches_body(routes: frozenset[Route]) -> bool | None:
    """Whether a drug given so reaches the blood; None: by some of the possible routes only. Not known counts as yes."""
    if routes.isdisjoint(_LOCAL_ROUTES):
        return True
    return False if routes <= _LOCAL_ROUTES else None


def resolve(compiled: CompiledRuleSet, text: str | None, codes: tuple[Code, ...]) -> Resolution:
    """What a line stands for; the answer is shared, so nobody may change it."""
    key = (codes[0].system, codes[0].code) if text is None and len(codes) == 1 else _key(text, codes)
    cache = compiled.resolutions
    found: Resolution | None = cache.get(key)
    if found is None:
        found = _resolve(compiled, text, codes)
        if len(cache) >= MAXIMUM_CACHED:  # a bound on memory; rare enough that forgetting everything is cheapest
            cache.clear()
        cache[key] = found
    return found


def _key(text: str | None, codes: tuple[Code, ...]) -> object:
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
    if item.dose_form is not None:
        routes = _narrowed(routes_of_form(item.dose_form), resolution.entries)
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


def _resolve(compiled: CompiledRuleSet, text: str | None, codes: tuple[Code, ...]) -> Resolution:
    problems: list[str] = []
    by_code: list[tuple[MatchDetail, tuple[Entry, ...], Product | None, tuple[Route, ...]]] = []
    for position, code in enumerate(codes):
        found = _of_code(compiled, code)
        if found is None:
            problems.append(f"the {code.system} code at position {position} is not known here")
        else:
            by_code.append(found)

    words = tokens(text) if text else []
    named, reading = _read(compiled, words)
    unexplained = bool(words) and (not named or bool(reading.unread))
    text_entries = () if unexplained else _entries_of(compiled, named)
    candidates: list[Candidate] = []
    if unexplained and not by_code:
        candidates = _candidates(compiled, words, named, reading)
        problems.append("not every word of the text is known" if named else "no name in the text is known")
    elif unexplained:
        problems.append("the text was not recognised; the code was used")

    entries = _union([found[1] for found in by_code] + ([text_entries] if text_entries else []))
    readings = [found[1] for found in by_code] + ([text_entries] if text_entries else [])
    disagrees = len({frozenset(entry.id for entry in one) for one in readings}) > 1
    if disagrees:
        problems.append("codes and text do not agree; all of them were checked")
    gone = _withdrawn(compiled, [found[2] for found in by_code], [] if unexplained else named)
    if gone:
        problems.append(f"withdrawn here and not checked: {', '.join(gone)}")
    match: MatchDetail | None = by_code[0][0] if by_code else None
    product = by_code[0][2] if by_code else None
    if match is None and text_entries:
        first = named[0].target
        match = {"kind": word(first.kind), "matched": first.matched}
        product = first.product if len(named) == 1 else None
    routes, route_words, dose_form = _routes(reading if words else None, by_code, product, entries)
    if not entries:
        state = RecognitionState.UNRECOGNISED
    elif any(entry.relevant for entry in entries):
        state = RecognitionState.RECOGNISED
    else:
        state = RecognitionState.NO_MAGNESIUM_RELEVANCE
    usual = len(entries) == 1 and dose_form is None and routes == entries[0].routes
    return Resolution(
        shown={
            "id": "",
            "state": word(state),
            "match": match,
            "substances": [entry.reference for entry in entries],
            "routes": [route.value for route in routes],
            "candidates": candidates,
            "problems": problems,
        },
        entries=entries,
        listed=tuple((entry.id, entry.keys) for entry in entries),
        product=product,
        reading=reading if words else None,
        strengths=_strengths(named, reading) if text_entries else {},
        given=Given(routes, route_words, dose_form, usual=usual),
        certain=bool(entries) and not disagrees and not gone,
    )


def _withdrawn(compiled: CompiledRuleSet, by_code: list[Product | None], named: list[_Named]) -> list[str]:
    """Ingredients that were withdrawn from the knowledge while their product was not."""
    products = [product for product in (*by_code, *(found.target.product for found in named)) if product is not None]
    parts = {part.substance for product in products for part in product.ingredients}
    return sorted(parts - compiled.entries.keys())


def _union(readings: Iterable[tuple[Entry, ...]]) -> tuple[Entry, ...]:
    return tuple({entry.id: entry for entries in readings for entry in entries}.values())


def _of_code(
    compiled: CompiledRuleSet, code: Code
) -> tuple[MatchDetail, tuple[Entry, ...], Product | None, tuple[Route, ...]] | None:
    value = code.code.strip().upper()
    target = compiled.lookup.codes.get((code.system, value))
    if target is not None:
        entries = tuple(compiled.entries[name] for name in target.substances if name in compiled.entries)
        routes = tuple(route for entry in entries for route in entry.atc_routes.get(value, ()))
        return {"kind": word(MatchKind.CODE), "matched": target.matched}, entries, target.product, routes
    if code.system is CodeSystem.ATC and len(value) >= _CLASS_PREFIX_LENGTH:
        classes = compiled.classes_of_atc(value)
        if classes:
            name = f"ATC {value}"
            routes = compiled.routes_of_atc(value[:_CLASS_PREFIX_LENGTH])
            entry = compiled.entry(f"atc-{value.lower()}", name, classes, routes=routes)
            return {"kind": word(MatchKind.CODE_PREFIX), "matched": f"atc {value}"}, (entry,), None, ()
    return None


def _read(compiled: CompiledRuleSet, words: list[str]) -> tuple[list[_Named], Reading]:
    """Find the names, longest first from left to right, then read everything that is not a name."""
    named: list[_Named] = []
    taken: set[int] = set()
    position = 0
    while position < len(words):
        found = compiled.lookup.phrase_at(words, position)
        if found is None:
            position += 1
            continue
        length, target = found
        follows = bool(named) and named[-1].end == position
        if not (follows and length == 1 and words[position] == _SALT_WORD):
            named.append(_Named(target, position, position + length))
        taken.update(range(position, position + length))
        if follows and length == 1 and words[position] == _SALT_WORD:
            named[-1].end = position + length
        position += length
    return named, read_besides(words, frozenset(taken))


def _entries_of(compiled: CompiledRuleSet, named: list[_Named]) -> tuple[Entry, ...]:
    """The substances of all names; plain "magnesium" beside a magnesium salt is that salt."""
    entries = _union(
        tuple(compiled.entries[name] for name in found.target.substances if name in compiled.entries) for found in named
    )
    if any(entry.salt_form is not None for entry in entries):
        entries = tuple(entry for entry in entries if entry.id != _SALT_WORD)
    return entries


def _strengths(named: list[_Named], reading: Reading) -> dict[str, Strength]:
    """The first strength written after each name and before the next one, for names of one substance."""
    result: dict[str, Strength] = {}
    for index, found in enumerate(named):
        end = named[index + 1].start if index + 1 < len(named) else None
        for strength in reading.strengths:
            after = strength.position >= found.end and (end is None or strength.position < end)
            if after and len(found.target.substances) == 1:
                result.setdefault(found.target.substances[0], strength)
                break
    return result


def _narrowed(routes: tuple[Route, ...], entries: tuple[Entry, ...]) -> tuple[Route, ...]:
    """Of the routes a dose form allows, those the substances are given by; all of them where none is."""
    known = {route for entry in entries for route in entry.routes}
    return tuple(route for route in routes if route in known) or routes


def _routes(
    reading: Reading | None,
    by_code: list[tuple[MatchDetail, tuple[Entry, ...], Product | None, tuple[Route, ...]]],
    product: Product | None,
    entries: tuple[Entry, ...],
) -> tuple[tuple[Route, ...], str, DoseForm | None]:
    """The possible routes, in words where they come from, and the dose form."""
    dose_form = reading.dose_form if reading else None
    if dose_form is None and product is not None:
        dose_form = product.dose_form
    if reading is not None and reading.routes:
        routes = reading.routes
        return routes, f"route {'/'.join(routes)} read from the text", dose_form
    if reading is not None and reading.dose_form is not None:
        routes = _narrowed(routes_of_form(reading.dose_form), entries)
        if routes:
            return routes, f"route {'/'.join(routes)} read from the dose form in the text", dose_form
    from_codes = tuple(dict.fromkeys(route for found in by_code for route in found[3]))
    if from_codes:
        return from_codes, f"route {'/'.join(from_codes)} from the ATC code", dose_form
    if product is not None:
        return product.routes, f"route {'/'.join(product.routes)} of the product", dose_form
    routes = tuple(dict.fromkeys(route for entry in entries for route in entry.routes))
    if len(routes) == 1:
        return routes, f"route {routes[0]}, the only one it has", dose_form
    return routes, "route not given", dose_form


def _candidates(compiled: CompiledRuleSet, words: list[str], named: list[_Named], reading: Reading) -> list[Candidate]:
    """Names close to what was typed: those found in part of the text, then those spelt alike."""
    scored: dict[str, tuple[float, str]] = {}
    for found in named:
        scored[found.target.id] = (1.0, found.target.name)
    unread = [words[position] for position in reading.unread]
    if unread:
        wanted = " ".join(unread)
        for phrase, target in compiled.lookup.phrases.items():
            written = " ".join(phrase)
            score = _similarity(wanted, written)
            if len(unread) > 1:
                score = max(score, *(_similarity(word, written) for word in unread))
            if score >= _LEAST_SCORE and score > scored.get(target.id, (0.0, ""))[0]:
                scored[target.id] = (score, target.name)
    ranked = sorted(scored.items(), key=lambda pair: (-pair[1][0], pair[0]))[:_MAXIMUM_CANDIDATES]
    return [{"substance_id": name, "name": label, "score": f"{score:.2f}"} for name, (score, label) in ranked]


def _similarity(one: str, other: str) -> float:
    """Share of letters in common, in order; 0 where lengths alone rule it out, so that the long way is rare."""
    shorter, longer = sorted((len(one), len(other)))
    if shorter < _SHORTEST_PREFIX or 2 * shorter < _LEAST_SCORE * (shorter + longer):
        return 0.0
    matcher = SequenceMatcher(None, one, other, autojunk=False)
    if matcher.real_quick_ratio() < _LEAST_SCORE or matcher.quick_ratio() < _LEAST_SCORE:
        return 0.0
    return matcher.ratio()
