"""The names in a medication line: exact names first, then their other endings, and what is offered for the rest.

A name is taken only as the knowledge or the terminology writes it, or with the ending another language gives the same
international name. Nothing here goes by likeness; spelling candidates are in `rules.spelling`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from rules.coded import entries_named, name_at
from rules.reading import read_besides
from rules.terms import MatchKind
from rules.tokens import normalise
from rules.vocabulary import (
    ADJECTIVES,
    CATIONS_IN_ONE_WORD,
    FORMS,
    PIECES,
    SALTS_IN_ONE_WORD,
    SALTS_OF_MAGNESIUM,
    UNITS,
    VEHICLES,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rules.compiled import CompiledRuleSet, Entry
    from rules.lookup import Lookup, Target
    from rules.reading import Reading
    from rules.report import Candidate
    from rules.spelling import Likeness

# The salt of a drug has a name of its own ("esomeprazole magnesium"): behind any other name it is another ingredient.
_MAGNESIUM: Final = "magnesium"
_LACKING: Final = ["for", "low"]
_LEADING: Final = frozenset({"to", "then"})
_IRON: Final = "iron"
_FERROUS: Final = "ferrous-"
_DIGITS: Final = frozenset("0123456789")
_AS_A_SALT: Final[tuple[list[str], ...]] = ([], ["as"], ["(", "as"])
_AS: Final = frozenset({"as", "from", "als", "comme", "("})
_SHORTEST_OTHER_ENDING: Final = 6
_VOWELS: Final = frozenset("aeiouy")
_MAXIMUM_CANDIDATES: Final = 5
_MUCH_ALIKE: Final = 0.8  # one letter of five; "since" is further from zinc
_LONGEST_TEXT: Final = 200
_BY_SPACE = re.compile(r"[^\W_]{4,60}")
_MIXED = re.compile(r"[^\W\d_][0-9][^\W\d_]")


@dataclass(slots=True)
class Named:
    """A name found in a text, and where. ``counts_element``: the label counts the element ("as citrate")."""

    target: Target
    start: int
    end: int
    counts_element: bool = False


def read_line(compiled: CompiledRuleSet, words: list[str]) -> tuple[list[Named], Reading]:
    """The names and everything else of a line; the other endings of a name are tried where a word is left over."""
    named, reading = _read(compiled, words)
    if reading.unread:
        respelt = _with_other_endings(compiled, words, reading.unread)
        if respelt is not None:
            again = _read(compiled, respelt)
            if again[0] and len(again[1].unread) < len(reading.unread):
                return again
    return named, reading


def _with_other_endings(compiled: CompiledRuleSet, words: list[str], unread: Sequence[int]) -> list[str] | None:
    """The line with international names as English writes them; nothing where there are none."""
    changed: list[str] | None = None
    for position in unread:
        found = _in_english(compiled.lookup, words[position])
        if not found and words[position] in ADJECTIVES:
            found = _salt_in_english(compiled.lookup, changed or words, position)
        if found:
            changed = changed or list(words)
            changed[position] = found
    return changed


def _in_english(lookup: Lookup, word: str) -> str:
    """The one international name that a word is with another ending; empty where it is none, or may be another name."""
    known = lookup.in_english.get(word)
    if known is None:
        generic = lookup.spelling.generic
        found = generic.intersection(other_endings(word)) or generic.intersection(_without_salt(word))
        if len(found) != 1:
            return ""
        (meant,) = found
        known = lookup.in_english[word] = "" if _near_another(lookup, word, meant) else meant
    return known


def _salt_in_english(lookup: Lookup, words: list[str], position: int) -> str:
    """The salt that a word names behind a drug of which it is known: "esomeprazol magnesico"."""
    salt = ADJECTIVES[words[position]]
    return salt if position and (words[position - 1], salt) in lookup.phrases else ""


def _near_another(lookup: Lookup, word: str, meant: str) -> bool:
    """Whether the word is one letter from the name of something else, which may be what was meant: "quinin", Quixin."""
    own = lookup.phrases.get((meant,))
    return own is not None and any(
        lookup.spelt[place].substances != own.substances for place in lookup.spelling.one_letter_from(word)
    )


def _without_salt(word: str) -> list[str]:
    """How English may end the name of a drug that German writes in one word with its salt: metoprololsuccinat.

    None for an element, whose salt is what matters: magnesiumcitrat.
    """
    for salt in SALTS_IN_ONE_WORD:
        drug = word.removesuffix(salt)
        if drug != word and len(drug) >= _SHORTEST_OTHER_ENDING and drug not in CATIONS_IN_ONE_WORD:
            return [drug, *other_endings(drug)]
    return []


def other_endings(word: str) -> list[str]:
    """How English may end an international name that other languages and Latin end so: furosemid, -a, -um, -o."""
    if len(word) < _SHORTEST_OTHER_ENDING:
        return []
    ended = word.removesuffix("um") if word.endswith("um") else word[:-1] if word[-1] in "aeo" else word
    if ended[-1] in _VOWELS:
        return []
    return [one for one in (ended, f"{ended}e") if one != word]


def _read(compiled: CompiledRuleSet, words: list[str]) -> tuple[list[Named], Reading]:
    """Find the names, longest first from left to right, then read everything that is not a name."""
    named: list[Named] = []
    taken: set[int] = set()
    brands: set[int] = set()
    own, terminology = compiled.lookup.longest_phrase, compiled.terminology
    others = terminology.phrase_lengths if terminology is not None else {}
    end = 0
    for position, word in enumerate(words):
        if position < end or (word not in own and word not in others):  # most words begin no name
            continue
        if (word in UNITS and position and words[position - 1][0] in _DIGITS) or (end and _is_beside(words, position)):
            continue
        found = name_at(compiled, words, position)
        if found is None or _may_count(compiled.lookup, words, position, found):
            continue
        length, target = found
        end = position + length
        taken.add(position)
        if length > 1:
            taken.update(range(position, end))
        if named and target.id == _MAGNESIUM and _is_its_salt(compiled.lookup, words, named[-1], position):
            continue
        named.append(Named(target, position, end))
        if target.kind is MatchKind.BRAND:
            brands.add(end)
    if len(named) > 1:
        _drop_forms(words, named, taken)
    if named:
        _name_the_salt(compiled, words, named, taken)
    return named, read_besides(words, taken, brands)


def _is_its_salt(lookup: Lookup, words: list[str], drug: Named, position: int) -> bool:
    """Whether magnesium is what the drug before it is a salt of: "esomeprazole (as magnesium trihydrate)"."""
    salt = lookup.phrases.get((*words[drug.start : drug.end], _MAGNESIUM))
    return salt is not None and salt.id == drug.target.id and words[drug.end : position] in _AS_A_SALT


def _may_count(lookup: Lookup, words: list[str], start: int, found: tuple[int, Target]) -> bool:
    """Whether the number at the end of a name may be one of pieces: "vitamin D 2 pills" is no vitamin D2."""
    length, target = found
    end = start + length
    if words[end - 1][0] not in _DIGITS or PIECES.isdisjoint(words[end : end + 1]):
        return False
    shorter = lookup.phrases.get(tuple(words[start : end - 1]))
    return shorter is not None and shorter.substances != target.substances


def _is_beside(words: list[str], position: int) -> bool:
    """Whether a name behind another is no second medicine: what the first is taken for, is diluted in or changed to."""
    before = words[position - 1]
    if before == "in":
        return words[position] in VEHICLES
    return before in _LEADING or words[position - 2 : position] == _LACKING


def _drop_forms(words: list[str], named: list[Named], taken: set[int]) -> None:
    """INH is isoniazid alone, and first with its strength; beside another name it is an inhaler."""
    first = named[0]
    for one in [each for each in named if each.end == each.start + 1 and words[each.start] in FORMS]:
        if one is first and words[one.end][0] in _DIGITS:
            continue
        named.remove(one)
        taken.discard(one.start)


def _name_the_salt(compiled: CompiledRuleSet, words: list[str], named: list[Named], taken: set[int]) -> None:
    """Take "magnesium (as citrate)" for magnesium citrate whose strength counts the magnesium."""
    for plain in named:
        if plain.target.id == _MAGNESIUM:
            break
    else:
        return
    for position in range(plain.end, len(words)):
        before, word = words[position - 1], words[position]
        if word in SALTS_OF_MAGNESIUM and before in _AS and position not in taken:
            target = compiled.lookup.phrases.get((_MAGNESIUM, word))
            if target is not None:
                named.append(Named(target, position, position + 1, counts_element=True))
                taken.add(position)
    for one in named:
        if one is not plain and one.target.id.startswith(f"{_MAGNESIUM}-") and words[one.start - 1] in _AS - {"("}:
            one.counts_element = True


def entries_of(compiled: CompiledRuleSet, named: Sequence[Named]) -> tuple[Entry, ...]:
    """The substances of all names; a plain element beside a salt of it is that salt."""
    if len(named) == 1 and len(named[0].target.substances) == 1:  # nearly always
        return entries_named(compiled, named[0].target.substances)
    substances = dict.fromkeys([name for found in named for name in found.target.substances])
    entries = entries_named(compiled, substances)
    if len(entries) == 1:
        return entries
    if any(entry.salt_form is not None for entry in entries):
        entries = tuple(entry for entry in entries if entry.id != _MAGNESIUM)
    if any(entry.id.startswith(_FERROUS) for entry in entries):
        entries = tuple(entry for entry in entries if entry.id != _IRON)
    return entries


def candidates_of(
    compiled: CompiledRuleSet, text: str, words: list[str], named: Sequence[Named], unread: Sequence[int]
) -> list[Candidate]:
    """Names close to what was typed: those found in part of the text, then those spelt alike. None is ever taken.

    ``unread``: the positions of the words that nothing explains.
    """
    scored: dict[str, tuple[float, str, str]] = {
        found.target.id: (1.0, found.target.name, "named in part of the text") for found in named
    }
    if unread:
        queries = _queries(text, words, unread)
        lookup, terminology = compiled.lookup, compiled.terminology
        for like in lookup.spelling.like(queries):
            target = lookup.spelt[like.place]
            _offer(scored, target.id, target.name, like)
        if terminology is not None:
            for like in terminology.spelling.like(queries):
                concept = terminology.concept_at(terminology.spelt[like.place])
                _offer(scored, f"rxnorm-{concept.rxcui}", concept.name, like)
    ranked = sorted(scored.items(), key=lambda pair: (-pair[1][0], pair[0]))[:_MAXIMUM_CANDIDATES]
    return [
        {"substance_id": name, "name": label, "score": f"{score:.2f}", "reason": reason}
        for name, (score, label, reason) in ranked
    ]


def is_like_another(candidates: Sequence[Candidate], named: Sequence[Named]) -> bool:
    """Whether words that nothing explains are spelt much like a medicine that the text does not name."""
    known = {one.target.id for one in named}
    return any(one["substance_id"] not in known and float(one["score"]) >= _MUCH_ALIKE for one in candidates)


def _offer(scored: dict[str, tuple[float, str, str]], name: str, label: str, like: Likeness) -> None:
    if name not in scored or like.score > scored[name][0]:
        scored[name] = (like.score, label, like.reason)


def _queries(text: str, words: list[str], unread: Sequence[int]) -> list[str]:
    """What to look for: neighbouring words that nothing explains, with the word before them, then one by one.

    Letters and figures typed without a space ("fur0semide") are one word to a reader.
    """
    groups: list[list[int]] = []
    for position in unread:
        if groups and groups[-1][-1] == position - 1:
            groups[-1].append(position)
        else:
            groups.append([position])
    together = [" ".join(words[one] for one in group) for group in groups]
    before = [
        f"{words[group[0] - 1]} {written}"
        for group, written in zip(groups, together, strict=True)
        if group[0] and words[group[0] - 1].isalpha()
    ]
    mixed = [one for one in _BY_SPACE.findall(normalise(text[:_LONGEST_TEXT])) if _MIXED.search(one)]
    singles = [words[position] for position in unread]
    return list(dict.fromkeys([*together[:2], *mixed[:2], *before[:2], *singles]))
