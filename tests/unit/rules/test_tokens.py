"""The words of a text as typed, whatever its spelling."""

from __future__ import annotations

import pytest

from rules.tokens import normalise, tokens


class TestNormalise:
    """Two spellings of one name meet; two different names never do."""

    @pytest.mark.parametrize(
        ("written", "expected"),
        [
            ("FUROSEMIDE", "furosemide"),
            ("Lasix®", "lasix"),
            ("Mag-Ox™ 400©", "mag-ox 400"),
            ("St. John's wort", "st. johns wort"),
            ("St. John\u2019s wort", "st. johns wort"),
            ("Furosémide", "furosemide"),
            ("Furose\u0301mide", "furosemide"),  # the accent as a combining character
            ("furo\u200bse\u00admi\ufeffde", "furosemide"),  # zero-width space, soft hyphen, byte order mark
            ("\u202efurosemide\u202c", "furosemide"),  # direction marks
            ("furo\u2060se\u200dmide", "furosemide"),  # word joiner, zero-width joiner
            ("ＦＵＲＯＳＥＭＩＤＥ", "furosemide"),  # fullwidth letters  # noqa: RUF001
            ("Straße", "strasse"),
            ("İstanbul", "istanbul"),  # the dot of the Turkish capital is an accent
        ],
    )
    def test_spellings_that_mean_the_same(self, written: str, expected: str) -> None:
        assert normalise(written) == expected

    def test_cyrillic_letter_that_looks_latin_stays_cyrillic(self) -> None:
        assert normalise("fur\u043esemide") != "furosemide"

    def test_greek_letter_stays_greek(self) -> None:
        assert normalise("\u03bfxide") != "oxide"


class TestTokens:
    """Hyphens and spaces separate words; the marks between ingredients stay."""

    def test_line_of_a_combination(self) -> None:
        line = "Hydro-chlorothiazide 12.5 MG / Triamterene 37,5 MG"
        assert tokens(line) == ["hydro", "chlorothiazide", "12.5", "mg", "/", "triamterene", "37,5", "mg"]

    def test_number_and_unit_without_a_space(self) -> None:
        assert tokens("Cipro 500mg") == ["cipro", "500", "mg"]

    def test_brackets_and_plus(self) -> None:
        assert tokens("[Lasix] (a)+b") == ["[", "lasix", "]", "(", "a", ")", "+", "b"]

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("Omeprazole 20 mg e/c caps", ["omeprazole", "20", "mg", "ec", "caps"]),
            ("Mesalazine M/R tabs o/d", ["mesalazine", "mr", "tabs", "od"]),
            ("1 g/h", ["1", "g", "/", "h"]),  # a unit
            ("1g/h", ["1", "g", "/", "h"]),
            ("3x/d", ["3", "x", "/", "d"]),
            ("M/W/F", ["m", "/", "w", "/", "f"]),
            ("5 g/m2", ["5", "g", "/", "m", "2"]),
            ("a/ b", ["a", "/", "b"]),
            ("\u00e9/c", ["ec"]),
        ],
    )
    def test_abbreviation_with_a_slash(self, text: str, expected: list[str]) -> None:
        assert tokens(text) == expected

    def test_nothing_to_read(self) -> None:
        assert tokens("?!  ***") == []
