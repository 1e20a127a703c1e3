"""A small release of RxNorm for tests: a few well-known public rows, written the way the published files have them.

Rows are lists of columns; `members` makes the three files of them and `write_zip` a file to import.
"""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from rules.rrf import ARCHIVE, ATTRIBUTES, CONCEPTS, RELATIONS, REPLACED, Release
from rules.terminology import Terminology

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

NAME = "RxNorm_full_prescribe_10062025.zip"
INGREDIENTS = {
    4603: "furosemide",
    29046: "lisinopril",
    5487: "hydrochlorothiazide",
    6582: "magnesium oxide",
    6585: "magnesium sulfate",
    7646: "omeprazole",
    9071: "quinidine",
    52364: "magnesium salicylate",
}
SALTS = {203563: "enalapril maleate", 214214: "quinidine sulfate"}


def concept(rxcui: int, term_type: str, name: str, *, hidden: str = "N", source: str = "RXNORM", code: str = "") -> str:
    """A row of RXNCONSO."""
    return f"{rxcui}|ENG||||||{rxcui}1||{rxcui}||{source}|{term_type}|{code or rxcui}|{name}||{hidden}|4096|"


def relation(one: int, name: str, other: int, *, source: str = "RXNORM", hidden: str = "") -> str:
    """A row of RXNREL: the first concept has the relation to the second."""
    return f"{other}||CUI|RO|{one}||CUI|{name}|1||{source}||||{hidden}|4096|"


def attribute(rxcui: int, value: str, *, name: str = "NDC", source: str = "RXNORM", hidden: str = "N") -> str:
    """A row of RXNSAT."""
    return f"{rxcui}|||{rxcui}|AUI|{rxcui}|||{name}|{source}|{value}|{hidden}|4096|"


def replaced(old: int, new: int) -> str:
    """A row of RXNCUI."""
    return f"{old}|20AA_040101F|20AA_250101F|1|{new}|"


def archived(old: int, new: int | str, *, source: str = "RXNORM") -> str:
    """A row of RXNATOMARCHIVE."""
    return f"1||old name|x|x|x|{old}||ENG|20AA|||{old}|{source}|SCD|{new}|"


def component(rxcui: int, name: str, ingredient: int, salt: int | None = None) -> tuple[list[str], list[str]]:
    """An ingredient with its strength."""
    relations = [relation(rxcui, "has_ingredient", ingredient)]
    if salt is not None:
        relations.append(relation(rxcui, "has_precise_ingredient", salt))
    return [concept(rxcui, "SCDC", name)], relations


class Rows:
    """The rows of a release; the usual ones, to which a test adds its own."""

    def __init__(self) -> None:
        """Furosemide, lisinopril with hydrochlorothiazide, magnesium oxide, enalapril, a pack and three brands."""
        self.concepts = [concept(rxcui, "IN", name) for rxcui, name in INGREDIENTS.items()]
        self.concepts += [concept(rxcui, "PIN", name) for rxcui, name in SALTS.items()]
        self.relations: list[str] = []
        self.attributes: list[str] = []
        self.replaced: list[str] = []
        self.archived: list[str] = []
        self.component(315971, "furosemide 40 MG", 4603)
        self.component(316151, "lisinopril 10 MG", 29046)
        self.component(316052, "hydrochlorothiazide 12.5 MG", 5487)
        self.component(329952, "magnesium oxide 400 MG", 6582)
        self.component(332157, "magnesium sulfate 500 MG/ML", 6585)
        self.component(317541, "quinidine sulfate 200 MG", 9071, 214214)
        self.product(313988, "furosemide 40 MG Oral Tablet", 315971)
        self.product(314076, "lisinopril 10 MG Oral Tablet", 316151)
        self.product(197885, "hydrochlorothiazide 12.5 MG / lisinopril 10 MG Oral Tablet", 316052, 316151)
        self.product(198444, "magnesium oxide 400 MG Oral Tablet", 329952)
        self.product(1, "10 ML magnesium sulfate 500 MG/ML Injectable Solution", 332157)
        self.product(852904, "quinidine sulfate 200 MG Oral Tablet", 317541)
        self.brand(202991, "Lasix", (200809, "furosemide 40 MG Oral Tablet [Lasix]", 313988))
        self.brand(196472, "Zestril", (104377, "lisinopril 10 MG Oral Tablet [Zestril]", 314076))
        self.brand(
            203212, "Zestoretic", (823971, "hydrochlorothiazide 12.5 MG / lisinopril 10 MG Oral Tablet [Z]", 197885)
        )
        self.pack(
            2, "GPCK", "{7 (lisinopril 10 MG Oral Tablet) / 7 (furosemide 40 MG Oral Tablet) } Pack", 314076, 313988
        )
        self.attributes += [
            attribute(313988, "00093500456"),
            attribute(104377, "00310013010"),
            attribute(2, "11111222233"),
        ]
        self.concepts.append(concept(4603, "SU", "FUROSEMIDE", source="MTHSPL", code="7LXU5N7ZO5"))

    def component(self, rxcui: int, name: str, ingredient: int, salt: int | None = None) -> None:
        """Add an ingredient with its strength."""
        concepts, relations = component(rxcui, name, ingredient, salt)
        self.concepts += concepts
        self.relations += relations

    def product(self, rxcui: int, name: str, *components: int) -> None:
        """Add a generic product."""
        self.concepts.append(concept(rxcui, "SCD", name))
        self.relations += [relation(rxcui, "consists_of", one) for one in components]

    def brand(self, rxcui: int, name: str, *products: tuple[int, str, int]) -> None:
        """Add a brand with its products, each with the generic product it is."""
        self.concepts.append(concept(rxcui, "BN", name))
        for product, product_name, generic in products:
            self.concepts.append(concept(product, "SBD", product_name))
            self.relations += [relation(product, "tradename_of", generic), relation(product, "has_ingredient", rxcui)]

    def pack(self, rxcui: int, term_type: str, name: str, *products: int) -> None:
        """Add a pack."""
        self.concepts.append(concept(rxcui, term_type, name))
        self.relations += [relation(rxcui, "contains", one) for one in products]

    def block(self) -> bytes:
        """The release as one block."""
        release = Release()
        release.read_concepts(self.concepts)
        release.read_relations(self.relations)
        release.read_attributes(self.attributes)
        if self.replaced:
            release.read_replaced(self.replaced)
        if self.archived:
            release.read_archive(self.archived)
        return release.block()

    def terminology(self) -> Terminology:
        """The release, ready to be asked."""
        return loaded(self.block())

    def members(self) -> dict[str, str]:
        """The files of the release."""
        rows = {
            CONCEPTS: self.concepts,
            RELATIONS: self.relations,
            ATTRIBUTES: self.attributes,
            REPLACED: self.replaced,
            ARCHIVE: self.archived,
        }
        return {f"rrf/{name}": text(lines) for name, lines in rows.items() if lines}


def loaded(block: bytes, version: str = "RxNorm test") -> Terminology:
    """A block, ready to be asked."""
    return Terminology.load(block, version=version, digest=hashlib.sha256(block).hexdigest())


def text(lines: Iterable[str]) -> str:
    """Rows as a file has them."""
    return "".join(f"{line}\n" for line in lines)


def write_zip(folder: Path, members: Mapping[str, str | bytes], name: str = NAME) -> Path:
    """A file to import."""
    path = folder / name
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, content in members.items():
            archive.writestr(member, content)
    return path
