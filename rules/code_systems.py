"""Names of code systems, and the one way a package code (NDC) is written here.

Other systems' names for a code system are only translated, never guessed at: what is not listed is refused.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NoReturn

from rules.terms import CodeSystem

# The addresses FHIR uses, and the object identifiers HL7 v2, v3 and older FHIR servers send.
ADDRESSES: Final[dict[str, CodeSystem]] = {
    "http://www.nlm.nih.gov/research/umls/rxnorm": CodeSystem.RXNORM,
    "http://hl7.org/fhir/sid/ndc": CodeSystem.NDC,
    "http://www.whocc.no/atc": CodeSystem.ATC,
    "http://fdasis.nlm.nih.gov": CodeSystem.UNII,
    "http://hl7.org/fhir/sid/icd-10-cm": CodeSystem.ICD10CM,
}
IDENTIFIERS: Final[dict[str, CodeSystem]] = {
    "urn:oid:2.16.840.1.113883.6.88": CodeSystem.RXNORM,
    "urn:oid:2.16.840.1.113883.6.69": CodeSystem.NDC,
    "urn:oid:2.16.840.1.113883.6.73": CodeSystem.ATC,
    "urn:oid:2.16.840.1.113883.4.9": CodeSystem.UNII,
    "urn:oid:2.16.840.1.113883.6.90": CodeSystem.ICD10CM,
}
SPELLINGS: Final[dict[str, CodeSystem]] = {
    **{system.value: system for system in CodeSystem},
    **ADDRESSES,
    **IDENTIFIERS,
}

NDC_DIGITS: Final = 11
_NDC_PARTS: Final = (5, 4, 2)
_SHORTER_LAYOUTS: Final = frozenset({(5, 4, 2), (4, 4, 2), (5, 3, 2), (5, 4, 1)})
_VETERANS_DIGITS: Final = 12  # the form of the Department of Veterans Affairs: a zero in front of the eleven
_AMBIGUOUS_DIGITS: Final = 10


class _Systems(dict[str, CodeSystem]):
    """Every spelling with its code system."""

    def __missing__(self, spelling: str) -> NoReturn:
        """Refuse a spelling that is not known.

        Raises:
            ValueError: always; the text says which spellings are known.
        """
        message = f"not a code system that is known here; allowed: {', '.join(self)}"
        raise ValueError(message)


# The code system a name, an address or an object identifier stands for; a ValueError for anything else. It is asked for
# every code of every question, so a known spelling runs no line of Python.
system_of: Final[Callable[[str], CodeSystem]] = _Systems(SPELLINGS).__getitem__


def ndc_digits(code: str) -> str:
    """A National Drug Code as its eleven digits, five for the labeller, four for the product, two for the package.

    Raises:
        ValueError: it cannot be one, or it can be several; the text says how to write it.
    """
    parts = code.split("-")
    if not all(part.isascii() and part.isdigit() for part in parts):
        message = "holds something else than digits and hyphens"
        raise ValueError(message)
    if len(parts) > 1:
        if tuple(map(len, parts)) not in _SHORTER_LAYOUTS:
            message = "has hyphens in places where no package code has them; allowed: 4-4-2, 5-3-2, 5-4-1 and 5-4-2"
            raise ValueError(message)
        return "".join(part.zfill(length) for part, length in zip(parts, _NDC_PARTS, strict=True))
    if len(code) == _VETERANS_DIGITS and code.startswith("0"):
        return code[1:]
    if len(code) == _AMBIGUOUS_DIGITS:
        message = (
            "has ten digits without hyphens, which can be three different packages; "
            "write it with its hyphens or with eleven digits"
        )
        raise ValueError(message)
    if len(code) != NDC_DIGITS:
        message = "has neither eleven digits nor the hyphens of a shorter form"
        raise ValueError(message)
    return code
