"""Finds substances, products, conditions and symptoms by code or by exact normalised name.

Nothing here guesses: a phrase or code belongs to exactly one record, and a rule set in which two records claim the
same one does not compile. Spelling candidates are in `rules.recognition`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from rules.spelling import SpellingIndex
from rules.terms import CodeSystem, MatchKind, RecordStatus
from rules.tokens import tokens

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from rules.model import Presentation, Product, RuleSet, Substance

_SHORTEST_GENERIC: Final = 5


@dataclass(frozen=True, slots=True)
class Target:
    """What a code or phrase stands for: the substances of it, and the product when it is one."""

    id: str
    name: str
    substances: tuple[str, ...]
    product: Product | None
    kind: MatchKind
    matched: str
    doubts: tuple[str, ...] = ()  # why this may not be all of it


@dataclass(slots=True)
class Lookup:
    """Codes and phrases of the active records of one rule set."""

    codes: dict[tuple[CodeSystem, str], Target] = field(default_factory=dict)
    withdrawn: dict[str, str] = field(default_factory=dict)  # RxNorm codes of withdrawn substances, with their names
    phrases: dict[tuple[str, ...], Target] = field(default_factory=dict)
    longest_phrase: dict[str, int] = field(default_factory=dict)
    conditions: dict[str, str] = field(default_factory=dict)
    condition_codes: dict[str, str] = field(default_factory=dict)
    symptoms: dict[str, str] = field(default_factory=dict)
    spelt: tuple[Target, ...] = ()  # what the places of the spelling index stand for
    spelling: SpellingIndex = field(default_factory=lambda: SpellingIndex(()))
    # Cache of rules.recognition: words that are a name with another ending; a name has no more than a few of them.
    in_english: dict[str, str] = field(default_factory=dict)
    labels: dict[frozenset[str], list[Presentation]] = field(default_factory=dict)  # by the substances they count

    def phrase_at(self, words: list[str], position: int) -> tuple[int, Target] | None:
        """The longest phrase that starts at the position, with its length."""
        longest = self.longest_phrase.get(words[position])
        if longest is None:
            return None
        for length in range(min(longest, len(words) - position), 0, -1):
            target = self.phrases.get(tuple(words[position : position + length]))
            if target is not None:
                return length, target
        return None

    def condition_of_code(self, code: str) -> str | None:
        """The condition with the longest ICD-10-CM prefix of the code."""
        plain = code.upper().replace(".", "")
        for length in range(len(plain), 2, -1):
            found = self.condition_codes.get(plain[:length])
            if found is not None:
                return found
        return None


@lru_cache(maxsize=4096)
def joined(text: str) -> str:
    """A condition or symptom as its words, so that case, accents, hyphens and spacing do not matter.

    The same few conditions are written again and again, and reading one costs as much as looking up a medication.
    """
    return " ".join(tokens(text))


def build_lookup(rule_set: RuleSet, report: Callable[[str, str, str, str, str], None]) -> Lookup:
    """Index the active records; a phrase or code claimed twice is reported, with both owners."""
    lookup = Lookup()
    for substance in rule_set.substances:
        if substance.status is RecordStatus.ACTIVE:
            _add_substance(lookup, substance, report)
        else:
            lookup.withdrawn.update(dict.fromkeys(substance.codes.rxnorm, substance.name))
    for product in rule_set.products:
        if product.status is RecordStatus.ACTIVE:
            _add_product(lookup, product, report)
            for label in product.presentations or ():
                lookup.labels.setdefault(frozenset(one.substance for one in label.amounts), []).append(label)
    for phrase in lookup.phrases:
        lookup.longest_phrase[phrase[0]] = max(len(phrase), lookup.longest_phrase.get(phrase[0], 0))
    lookup.spelt = tuple(lookup.phrases.values())
    lookup.spelling = SpellingIndex(map(" ".join, lookup.phrases), _generic_words(lookup))
    _add_conditions_and_symptoms(lookup, rule_set, report)
    return lookup


def _generic_words(lookup: Lookup) -> set[str]:
    """The words of international names; a brand is written the same in every language."""
    return {
        word
        for phrase, target in lookup.phrases.items()
        if target.product is None and target.kind is not MatchKind.BRAND
        for word in phrase
        if len(word) >= _SHORTEST_GENERIC and word.isalpha()
    }


def _add_conditions_and_symptoms(
    lookup: Lookup, rule_set: RuleSet, report: Callable[[str, str, str, str, str], None]
) -> None:
    for condition in rule_set.conditions:
        if condition.status is RecordStatus.ACTIVE:
            names = (condition.id, condition.name, *condition.synonyms)
            _add_terms(lookup.conditions, names, condition.id, "conditions", report)
            for prefix in condition.icd10cm:
                _claim(lookup.condition_codes, prefix.replace(".", ""), condition.id, "conditions", "/icd10cm", report)
    for symptom in rule_set.symptoms:
        if symptom.status is RecordStatus.ACTIVE:
            names = (symptom.id, symptom.name, *symptom.synonyms)
            _add_terms(lookup.symptoms, names, symptom.id, "symptoms", report)


def _claim(
    index: dict[str, str],
    key: str,
    owner: str,
    kind: str,
    pointer: str,
    report: Callable[[str, str, str, str, str], None],
) -> None:
    other = index.setdefault(key, owner)
    if other != owner:
        report(kind, owner, pointer, "claimed-twice", f"{key!r} belongs to {other!r} already")


def _add_terms(
    index: dict[str, str],
    names: Iterable[str],
    owner: str,
    kind: str,
    report: Callable[[str, str, str, str, str], None],
) -> None:
    for name in names:
        _claim(index, joined(name), owner, kind, "/synonyms", report)


def _add_phrases(
    lookup: Lookup,
    names: Iterable[tuple[str, MatchKind]],
    target: Callable[[MatchKind, str], Target],
    kind: str,
    report: Callable[[str, str, str, str, str], None],
) -> None:
    for name, match in names:
        phrase = tuple(tokens(name))
        new = target(match, name)
        if not phrase:
            report(kind, new.id, "/synonyms", "name", f"the name {name!r} holds no word")
            continue
        other = lookup.phrases.setdefault(phrase, new)
        if other.id != new.id:
            report(kind, new.id, "/synonyms", "claimed-twice", f"the name {name!r} belongs to {other.id!r} already")


def _add_codes(
    lookup: Lookup,
    codes: Iterable[tuple[CodeSystem, tuple[str, ...]]],
    target: Callable[[MatchKind, str], Target],
    kind: str,
    report: Callable[[str, str, str, str, str], None],
) -> None:
    for system, values in codes:
        for code in values:
            new = target(MatchKind.CODE, f"{system.value} {code}")
            other = lookup.codes.setdefault((system, code), new)
            if other.id != new.id:
                detail = f"the {system.value} code {code} belongs to {other.id!r} already"
                report(kind, new.id, f"/codes/{system.value}", "claimed-twice", detail)


def _names(record: Substance | Product) -> list[tuple[str, MatchKind]]:
    return [
        (record.name, MatchKind.NAME),
        *((name, MatchKind.SYNONYM) for name in record.synonyms),
        *((name, MatchKind.BRAND) for name in record.brands),
    ]


def _add_substance(lookup: Lookup, record: Substance, report: Callable[[str, str, str, str, str], None]) -> None:
    def target(kind: MatchKind, matched: str) -> Target:
        return Target(record.id, record.name, (record.id,), None, kind, matched)

    codes = record.codes
    pairs = ((CodeSystem.RXNORM, codes.rxnorm), (CodeSystem.ATC, codes.atc), (CodeSystem.UNII, codes.unii))
    _add_phrases(lookup, _names(record), target, "substances", report)
    _add_codes(lookup, pairs, target, "substances", report)


def _add_product(lookup: Lookup, record: Product, report: Callable[[str, str, str, str, str], None]) -> None:
    substances = tuple(dict.fromkeys(ingredient.substance for ingredient in record.ingredients))

    def target(kind: MatchKind, matched: str) -> Target:
        return Target(record.id, record.name, substances, record, kind, matched)

    pairs = ((CodeSystem.RXNORM, record.codes.rxnorm), (CodeSystem.ATC, record.codes.atc))
    _add_phrases(lookup, _names(record), target, "products", report)
    _add_codes(lookup, pairs, target, "products", report)
