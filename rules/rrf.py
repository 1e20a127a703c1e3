"""Rows of an RxNorm release (RRF) to one block for `rules.terminology`: what every product consists of.

It reads rows that somebody hands in and opens no file. What the release does not say is not made up: an ingredient
without a concept of its own keeps the name it has in the product, and nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from rules.code_systems import ndc_digits
from rules.errors import ReleaseInvalid
from rules.terminology import KINDS, NOTHING, RETIRED, VARIES, ConceptKind, amount_of, written
from rules.tokens import tokens

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

CONCEPTS: Final = "RXNCONSO.RRF"
RELATIONS: Final = "RXNREL.RRF"
ATTRIBUTES: Final = "RXNSAT.RRF"
# Only in the full release: which concept took the place of a retired one.
REPLACED: Final = "RXNCUI.RRF"
ARCHIVE: Final = "RXNATOMARCHIVE.RRF"
# Every row ends with a separator, so that there is one more piece than there are columns.
_COLUMNS: Final = {CONCEPTS: 18, RELATIONS: 16, ATTRIBUTES: 13, REPLACED: 5, ARCHIVE: 16}
_SOURCE: Final = "RXNORM"
_UNII_SOURCE: Final = "MTHSPL"
_SYNONYMS: Final = frozenset({"SY", "TMSY", "PSN", "ET"})
_DOSE_FORM: Final = "DF"
_HIDDEN: Final = frozenset({"E", "Y"})
_OBSOLETE: Final = "O"
LONGEST_ROW: Final = 20_000
_LONGEST_NAME: Final = 4_000
_UNII_LENGTH: Final = 10
_LONGEST_RXCUI: Final = 8
_KIND_OF: Final = {kind.value: kind for kind in KINDS}
_PACKS: Final = frozenset({ConceptKind.GENERIC_PACK, ConceptKind.BRANDED_PACK})
_BRANDED: Final = frozenset({ConceptKind.BRANDED, ConceptKind.BRANDED_FORM})
# What may stand in front of a product's first ingredient: "24 HR", "0.3 ML", "60 ACTUAT".
_QUANTITIES: Final = frozenset({"ACTUAT", "HR", "ML", "MG", "UNT"})
# Relations that are read, each from the concept that has it to the other.
_RELATIONS: Final = frozenset(
    {
        "consists_of",
        "contains",
        "form_of",
        "has_dose_form",
        "has_ingredient",
        "has_part",
        "has_precise_ingredient",
        "tradename_of",
    }
)


@dataclass(frozen=True, slots=True)
class _Part:
    """One ingredient: the concepts of it, or its name alone, and how much."""

    ingredient: int | None
    precise: int | None
    name: str
    amount: str

    @property
    def who(self) -> tuple[int | None, str]:
        """What tells it from other ingredients."""
        return (self.ingredient, "") if self.ingredient is not None else (self.precise, self.name)


@dataclass(slots=True)
class _Row:
    kind: ConceptKind
    name: str
    obsolete: bool
    synonyms: list[str] = field(default_factory=list)


class Release:
    """A release while it is being read: first the concepts, then the rest in any order, then `block`."""

    def __init__(self) -> None:
        """Nothing is read yet."""
        self._concepts: dict[int, _Row] = {}
        self._synonyms: list[tuple[int, str]] = []
        self._dose_forms: dict[int, str] = {}
        self._relations: dict[str, dict[int, list[int]]] = {name: {} for name in _RELATIONS}
        self._ndc: dict[int, tuple[bool, set[int]]] = {}
        self._unii: set[tuple[int, int]] = set()
        self._replaced: dict[int, set[int]] = {}
        self._parts: dict[int, tuple[_Part, ...]] = {}
        self._forms: dict[int, str] = {}
        self._brands: dict[int, list[int]] = {}
        self.skipped_ndc = 0

    # --- reading ----------------------------------------------------------------------------------------------------

    def read_concepts(self, lines: Iterable[str]) -> None:
        """Read RXNCONSO.

        Raises:
            ReleaseInvalid: a row does not have the form of one.
        """
        for line, row in _rows(CONCEPTS, lines):
            source, term_type, code, name, hidden = row[11], row[12], row[13], row[14], row[16]
            if source == _UNII_SOURCE and term_type == "SU":
                if len(code) == _UNII_LENGTH and code.isascii() and code.isalnum():
                    self._unii.add((int(code, 36), _rxcui(CONCEPTS, line, row[0])))
                continue
            if source != _SOURCE:
                continue
            rxcui = _rxcui(CONCEPTS, line, row[0])
            if not name.strip() or len(name) > _LONGEST_NAME or "\n" in name:
                raise ReleaseInvalid(CONCEPTS, line, f"a name has 1 to {_LONGEST_NAME} characters")
            if term_type == _DOSE_FORM:
                self._dose_forms[rxcui] = name
            elif term_type in _SYNONYMS:
                if hidden not in _HIDDEN:
                    self._synonyms.append((rxcui, name))
            elif term_type in _KIND_OF:
                self._concept(rxcui, _KIND_OF[term_type], name, obsolete=hidden == _OBSOLETE)

    def _concept(self, rxcui: int, kind: ConceptKind, name: str, *, obsolete: bool) -> None:
        known = self._concepts.get(rxcui)
        if known is None or (known.obsolete, KINDS.index(known.kind)) > (obsolete, KINDS.index(kind)):
            self._concepts[rxcui] = _Row(kind, name, obsolete)

    def read_relations(self, lines: Iterable[str]) -> None:
        """Read RXNREL: in each row the second concept has the relation to the first.

        Raises:
            ReleaseInvalid: a row does not have the form of one.
        """
        for line, row in _rows(RELATIONS, lines):
            relation = row[7]
            if row[10] != _SOURCE or relation not in _RELATIONS or row[2] != "CUI" or row[14] in _HIDDEN:
                continue
            one, other = _rxcui(RELATIONS, line, row[4]), _rxcui(RELATIONS, line, row[0])
            self._relations[relation].setdefault(one, []).append(other)

    def read_attributes(self, lines: Iterable[str]) -> None:
        """Read RXNSAT: package codes. One that is in use counts before one that is not.

        Raises:
            ReleaseInvalid: a row does not have the form of one.
        """
        for line, row in _rows(ATTRIBUTES, lines):
            if row[8] != "NDC" or row[9] != _SOURCE or row[11] in _HIDDEN:
                continue
            try:
                digits = int(ndc_digits(row[10]))
            except ValueError:
                self.skipped_ndc += 1
                continue
            rxcui, used = _rxcui(ATTRIBUTES, line, row[0]), row[11] != _OBSOLETE
            known = self._ndc.get(digits)
            if known is None or (used and not known[0]):
                self._ndc[digits] = (used, {rxcui})
            elif known[0] == used:
                known[1].add(rxcui)

    def read_replaced(self, lines: Iterable[str]) -> None:
        """Read RXNCUI: a retired concept and the one that took its place.

        Raises:
            ReleaseInvalid: a row does not have the form of one.
        """
        for line, row in _rows(REPLACED, lines):
            if row[0] != row[4]:
                self._replace(REPLACED, line, row[0], row[4])

    def read_archive(self, lines: Iterable[str]) -> None:
        """Read RXNATOMARCHIVE: atoms of retired concepts and the concept they were merged into.

        Raises:
            ReleaseInvalid: a row does not have the form of one.
        """
        for line, row in _rows(ARCHIVE, lines):
            if row[13] == _SOURCE and row[15] and row[12] != row[15]:
                self._replace(ARCHIVE, line, row[12], row[15])

    def _replace(self, file: str, line: int, old: str, new: str) -> None:
        if old and new:
            self._replaced.setdefault(_rxcui(file, line, old), set()).add(_rxcui(file, line, new))

    # --- putting together -------------------------------------------------------------------------------------------

    def block(self) -> bytes:
        """The release as one block; the same rows in any order give the same bytes.

        Raises:
            ReleaseInvalid: it names no ingredient, or nothing that is made of any.
        """
        kinds = {row.kind for row in self._concepts.values()}
        if ConceptKind.INGREDIENT not in kinds:
            detail = "no ingredient (TTY=IN, SAB=RXNORM) is in it, so it is no release of RxNorm that can be used"
            raise ReleaseInvalid(CONCEPTS, 0, detail)
        for name in ("has_ingredient", "consists_of"):
            if not self._relations[name]:
                detail = f"no relation `{name}` is in it, so nothing says what products are made of"
                raise ReleaseInvalid(RELATIONS, 0, detail)
        for branded, brands in self._relations["has_ingredient"].items():
            if self._kind(branded) in _BRANDED:
                for brand in brands:
                    self._brands.setdefault(brand, []).append(branded)
        for rxcui, name in self._synonyms:
            if rxcui in self._concepts:
                self._concepts[rxcui].synonyms.append(name)
        self._name_ingredients()
        return _Writer(self).write()

    def _name_ingredients(self) -> None:
        self._by_name: dict[str, int] = {}
        self._salt_of: dict[int, set[int]] = {}
        for rxcui in sorted(self._concepts, reverse=True):
            if self._concepts[rxcui].kind in {ConceptKind.INGREDIENT, ConceptKind.PRECISE_INGREDIENT}:
                self._by_name[" ".join(tokens(self._concepts[rxcui].name))] = rxcui
        for component, salts in self._relations["has_precise_ingredient"].items():
            for salt in salts:
                self._salt_of.setdefault(salt, set()).update(self._ingredients(component))

    def _kind(self, rxcui: int) -> ConceptKind | None:
        row = self._concepts.get(rxcui)
        return row.kind if row is not None else None

    def _others(self, relation: str, rxcui: int) -> list[int]:
        """The concepts in this release that one has a relation to."""
        return sorted(one for one in set(self._relations[relation].get(rxcui, ())) if one in self._concepts)

    def _ingredients(self, rxcui: int) -> list[int]:
        return [one for one in self._others("has_ingredient", rxcui) if self._kind(one) is ConceptKind.INGREDIENT]

    def parts_of(self, rxcui: int) -> tuple[_Part, ...]:
        """The ingredients of a concept, worked out once."""
        known = self._parts.get(rxcui)
        if known is None:
            self._parts[rxcui] = ()  # a relation that leads in a circle ends here
            known = self._parts[rxcui] = self._worked_out(rxcui)
        return known

    def _worked_out(self, rxcui: int) -> tuple[_Part, ...]:
        row = self._concepts[rxcui]
        reader: dict[ConceptKind, Callable[[int, _Row], Iterable[_Part]]] = {
            ConceptKind.INGREDIENT: lambda own, _: [_Part(own, None, "", "")],
            ConceptKind.PRECISE_INGREDIENT: self._of_salt,
            ConceptKind.INGREDIENTS: self._of_several,
            ConceptKind.BRAND: self._of_brand,
            ConceptKind.COMPONENT: lambda own, row: [self._of_component(own, row.name)],
            ConceptKind.GENERIC_FORM: lambda own, _: [_Part(one, None, "", "") for one in self._ingredients(own)],
            ConceptKind.GENERIC: self._of_product,
            ConceptKind.BRANDED_FORM: self._of_branded,
            ConceptKind.BRANDED: self._of_branded,
            ConceptKind.GENERIC_PACK: self._of_pack,
            ConceptKind.BRANDED_PACK: self._of_pack,
        }
        return tuple(dict.fromkeys(reader[row.kind](rxcui, row)))

    def _salts_ingredient(self, salt: int) -> int | None:
        """The ingredient of a salt, where there is exactly one."""
        found = {one for one in self._others("form_of", salt) if self._kind(one) is ConceptKind.INGREDIENT}
        found = found or self._salt_of.get(salt, set())
        return min(found) if len(found) == 1 else None

    def _of_salt(self, rxcui: int, _: _Row) -> Iterable[_Part]:
        return [_Part(self._salts_ingredient(rxcui), rxcui, "", "")]

    def _of_several(self, rxcui: int, row: _Row) -> Iterable[_Part]:
        parts = self._others("has_part", rxcui)
        if parts:
            return [part for one in parts for part in self.parts_of(one)]
        return [part for piece in row.name.split(" / ") for part in self._of_name(piece, "")]

    def _of_name(self, name: str, amount: str) -> Iterable[_Part]:
        """An ingredient that is only named: its concept where one has exactly this name."""
        found = self._by_name.get(" ".join(tokens(name)))
        if found is None:
            return [_Part(None, None, name, amount)]
        return [_Part(part.ingredient, part.precise, part.name, amount) for part in self.parts_of(found)]

    def _of_component(self, rxcui: int, name: str) -> _Part:
        ingredients = self._ingredients(rxcui)
        salts = self._others("has_precise_ingredient", rxcui)
        written_name, amount, _ = strength_in(name)
        salt = salts[0] if len(salts) == 1 else None
        if not ingredients:
            return _Part(None, salt, "" if salt else written_name, amount)
        return _Part(ingredients[0], salt, "", amount)

    def _of_product(self, rxcui: int, row: _Row) -> Iterable[_Part]:
        components = self._others("consists_of", rxcui)
        yield from (part for one in components for part in self.parts_of(one))
        pieces = _pieces(row.name)
        if len(components) < len(pieces):
            names = [self._concepts[one].name for one in components]
            for piece in pieces:
                if not any(_holds(piece, name) for name in names):
                    name, amount, _ = strength_in(piece)
                    yield from self._of_name(name, amount)

    def _of_branded(self, rxcui: int, _: _Row) -> Iterable[_Part]:
        return [part for one in self._others("tradename_of", rxcui) for part in self.parts_of(one)]

    def _of_pack(self, rxcui: int, _: _Row) -> Iterable[_Part]:
        """The ingredients of all that is in it; a strength only where all of it has the same."""
        amounts: dict[tuple[int | None, str], set[str]] = {}
        parts: dict[tuple[int | None, str], _Part] = {}
        for one in self._others("contains", rxcui):
            for part in self.parts_of(one):
                parts.setdefault(part.who, part)
                amounts.setdefault(part.who, set()).add(part.amount)
        for who, part in parts.items():
            amount = part.amount if len(amounts[who]) == 1 else ""
            yield _Part(part.ingredient, part.precise, part.name, amount)

    def _of_brand(self, rxcui: int, _: _Row) -> Iterable[_Part]:
        """The ingredients of all products of a brand, without strengths."""
        products = [part for one in sorted(self._brands.get(rxcui, ())) for part in self.parts_of(one)]
        if not products:
            products = [part for one in self._others("tradename_of", rxcui) for part in self.parts_of(one)]
        parts: dict[tuple[int | None, str], _Part] = {}
        for part in products:
            known = parts.setdefault(part.who, _Part(part.ingredient, part.precise, part.name, ""))
            if known.precise != part.precise and known.ingredient is not None:
                parts[part.who] = _Part(part.ingredient, None, "", "")
        return parts.values()

    def varies(self, rxcui: int) -> bool:
        """Whether the products of a brand differ in their ingredients."""
        products = self._brands.get(rxcui, ())
        return len({frozenset(part.who for part in self.parts_of(one)) for one in products}) > 1

    def form_of(self, rxcui: int) -> str:
        """The dose form in words, worked out once; of a pack, only where all in it has the same."""
        known = self._forms.get(rxcui)
        if known is None:
            self._forms[rxcui] = ""  # a relation that leads in a circle ends here
            known = self._forms[rxcui] = self._form_of(rxcui)
        return known

    def _form_of(self, rxcui: int) -> str:
        row = self._concepts[rxcui]
        named = {
            self._dose_forms[one] for one in self._relations["has_dose_form"].get(rxcui, ()) if one in self._dose_forms
        }
        if len(named) == 1:
            return min(named)
        if row.kind in _PACKS:
            forms = {self.form_of(one) for one in self._others("contains", rxcui)}
            return min(forms) if len(forms) == 1 else ""
        if row.kind in _BRANDED:
            forms = {self.form_of(one) for one in self._others("tradename_of", rxcui)}
            return min(forms) if len(forms) == 1 else ""
        if row.kind is ConceptKind.GENERIC:
            return strength_in(_pieces(row.name)[-1])[2]
        return ""

    def replacements(self) -> Iterator[tuple[int, int]]:
        """Retired concepts with those that have their place now, also through several steps."""
        for old in sorted(self._replaced):
            if old in self._concepts:
                continue
            seen, open_, found = {old}, [old], set()
            while open_:
                for new in self._replaced.get(open_.pop(), ()):
                    if new in self._concepts:
                        found.add(new)
                    elif new not in seen:
                        seen.add(new)
                        open_.append(new)
            yield from ((old, new) for new in sorted(found))


class _Pool:
    """Texts that are kept once and named by their number; number 0 is the empty text."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {"": 0}

    def number(self, text: str) -> int:
        return self._numbers.setdefault(text, len(self._numbers))

    def __bytes__(self) -> bytes:
        return "\n".join(self._numbers).encode()


class _Writer:
    """Turns a release into columns of numbers."""

    def __init__(self, release: Release) -> None:
        self._release = release
        self._concepts = release._concepts  # noqa: SLF001 - one module, one job in two steps
        self._order = sorted(self._concepts)
        self._index = {rxcui: index for index, rxcui in enumerate(self._order)}

    def write(self) -> bytes:
        release, order, index = self._release, self._order, self._index
        names: list[bytes] = [self._concepts[rxcui].name.encode() for rxcui in order]
        synonym_of: list[int] = []
        for number, rxcui in enumerate(order):
            own = self._concepts[rxcui]
            for synonym in sorted(set(own.synonyms) - {own.name}):
                names.append(synonym.encode())
                synonym_of.append(number)
        forms, amounts, part_names = _Pool(), _Pool(), _Pool()
        parts = [release.parts_of(rxcui) for rxcui in order]
        flat = [part for own in parts for part in own]
        ndc = [
            (digits, index[rxcui])
            for digits, (_, rxcuis) in sorted(release._ndc.items())  # noqa: SLF001
            for rxcui in sorted(rxcuis)
            if rxcui in index
        ]
        unii = [(number, index[rxcui]) for number, rxcui in sorted(release._unii) if rxcui in index]  # noqa: SLF001
        gone = list(release.replacements())
        numbers = {
            "rxcui": order,
            "kind": [KINDS.index(self._concepts[rxcui].kind) for rxcui in order],
            "flags": [self._flags(rxcui) for rxcui in order],
            "form": [forms.number(release.form_of(rxcui)) for rxcui in order],
            "parts_end": _ends(map(len, parts)),
            "ingredient": [NOTHING if part.ingredient is None else index[part.ingredient] for part in flat],
            "precise": [NOTHING if part.precise is None else index[part.precise] for part in flat],
            "amount": [amounts.number(part.amount) for part in flat],
            "part_name": [part_names.number(part.name) for part in flat],
            "names_end": _ends(map(len, names)),
            "synonym_of": synonym_of,
            "ndc": [digits for digits, _ in ndc],
            "ndc_of": [place for _, place in ndc],
            "unii": [number for number, _ in unii],
            "unii_of": [place for _, place in unii],
            "gone": [old for old, _ in gone],
            "gone_to": [new for _, new in gone],
        }
        texts = {
            "names": b"".join(names),
            "forms": bytes(forms),
            "amounts": bytes(amounts),
            "part_names": bytes(part_names),
        }
        return written(numbers, texts)

    def _flags(self, rxcui: int) -> int:
        return VARIES * self._release.varies(rxcui) | RETIRED * self._concepts[rxcui].obsolete


def _ends(lengths: Iterable[int]) -> list[int]:
    total, ends = 0, []
    for length in lengths:
        total += length
        ends.append(total)
    return ends


def _rows(file: str, lines: Iterable[str]) -> Iterator[tuple[int, list[str]]]:
    """The rows of a file with their numbers, each with all its columns.

    Raises:
        ReleaseInvalid: one has more or fewer, or there is none.
    """
    columns, number = _COLUMNS[file], 0
    for number, line in enumerate(lines, 1):
        if len(line) > LONGEST_ROW:
            raise ReleaseInvalid(file, number, f"a row has at most {LONGEST_ROW} characters")
        row = line.rstrip("\r\n").split("|")
        if len(row) != columns + 1:
            detail = f"{len(row) - 1} columns instead of {columns}; the file is cut short or no release of RxNorm"
            raise ReleaseInvalid(file, number, detail)
        yield number, row
    if not number:
        raise ReleaseInvalid(file, 0, "it is empty")


def _rxcui(file: str, line: int, text: str) -> int:
    if text.isascii() and text.isdigit() and len(text) <= _LONGEST_RXCUI and text[0] != "0":
        return int(text)
    raise ReleaseInvalid(file, line, f"a concept's number (RXCUI) is 1 to {_LONGEST_RXCUI} digits")


def _pieces(name: str) -> list[str]:
    """The ingredients of a product's name, without what may stand in front of the first."""
    pieces = name.split(" / ")
    words = pieces[0].split(" ")
    while len(words) > 2 and _is_number(words[0]) and words[1] in _QUANTITIES:  # noqa: PLR2004 - number, unit, more
        words = words[2:]
    pieces[0] = " ".join(words)
    return pieces


def _holds(piece: str, name: str) -> bool:
    return f" {name} " in f" {piece} "


def _is_number(word: str) -> bool:
    return word[:1].isdigit() and word.isascii() and not word.strip("0123456789.")


def strength_in(text: str) -> tuple[str, str, str]:
    """What stands before the last number with a unit, the number with its unit, and what follows them."""
    words = text.split(" ")
    for position in range(len(words) - 2, 0, -1):
        amount = f"{words[position]} {words[position + 1]}"
        if _is_number(words[position]) and _is_unit(words[position + 1]) and _is_amount(amount):
            return " ".join(words[:position]), amount, " ".join(words[position + 2 :])
    return text, "", ""


def _is_unit(word: str) -> bool:
    """Units are written in capitals, which tells "12 MG" from "12 Amb a 1-U"."""
    return word.isascii() and word == word.upper() and (word == "%" or word[0].isalpha())


def _is_amount(text: str) -> bool:
    try:
        amount_of(text)
    except (ValueError, ArithmeticError):
        return False
    return True
