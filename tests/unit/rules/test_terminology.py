"""A terminology in memory: what it finds, and that a damaged one is never used."""

from __future__ import annotations

import hashlib
import json
from array import array
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules import terminology as module
from rules.errors import TerminologyDamaged
from rules.terminology import NOTHING, Amount, ConceptKind, Terminology, amount_of
from rules.tokens import tokens
from tests.releases import INGREDIENTS, Rows, concept, loaded, replaced

BLOCK: Final = Rows().block()
SMALL: Final = loaded(BLOCK)


def rxcuis(found: tuple[int, tuple[module.Concept, ...]] | None) -> tuple[int, list[str]] | None:
    return None if found is None else (found[0], [one.rxcui for one in found[1]])


class TestCodes:
    """By code."""

    @pytest.mark.parametrize("code", ["313988", "4603", "2"])
    def test_rxcui(self, code: str) -> None:
        assert [found.rxcui for found in SMALL.by_rxcui(code)] == [code]

    @pytest.mark.parametrize("code", ["999", "0313988", "x", "", "\u0663", "-1", "123456789", "313988 ", "4294967295"])
    def test_no_rxcui(self, code: str) -> None:
        assert SMALL.by_rxcui(code) == ()

    def test_replaced_rxcui(self) -> None:
        rows = Rows()
        rows.replaced = [replaced(700, 4603), replaced(700, 29046), replaced(9999999, 6582)]
        terminology = rows.terminology()
        assert [found.rxcui for found in terminology.by_rxcui("700")] == ["4603", "29046"]
        assert [found.rxcui for found in terminology.by_rxcui("9999999")] == ["6582"]

    def test_replaced_by_what_is_not_there(self) -> None:
        """A block that is not ours may say so; it must not break a look-up."""
        numbers, texts = module._read_block(BLOCK)
        numbers["gone"], numbers["gone_to"] = array("I", [700]), array("I", [701])
        assert loaded(module.written(numbers, texts)).by_rxcui("700") == ()

    def test_ndc(self) -> None:
        assert [found.rxcui for found in SMALL.by_ndc("00093500456")] == ["313988"]
        assert SMALL.by_ndc("00093500457") == ()

    def test_one_package_code_of_several_products(self) -> None:
        rows = Rows()
        rows.attributes.append(rows.attributes[0].replace("313988", "314076"))
        assert [found.rxcui for found in rows.terminology().by_ndc("00093500456")] == ["313988", "314076"]

    def test_unii(self) -> None:
        assert [found.rxcui for found in SMALL.by_unii("7LXU5N7ZO5")] == ["4603"]
        for code in ("7LXU5N7ZO6", "7LXU5N7ZO", "7LXU5N7ZO-", "\uff17LXU5N7ZO5"):
            assert SMALL.by_unii(code) == ()

    def test_size_and_names(self) -> None:
        assert len(SMALL) == sum(SMALL.counts[kind.value] for kind in ConceptKind)
        assert SMALL.reference == {"version": "RxNorm test", "digest": hashlib.sha256(BLOCK).hexdigest()}


class TestNames:
    """By name."""

    @pytest.mark.parametrize("rxcui", INGREDIENTS)
    def test_every_ingredient(self, rxcui: int) -> None:
        words = tokens(INGREDIENTS[rxcui])
        assert rxcuis(SMALL.phrase_at([*words, "10", "mg"], 0)) == (len(words), [str(rxcui)])
        assert rxcuis(SMALL.phrase_at(["take", *words], 1)) == (len(words), [str(rxcui)])
        assert SMALL.phrase_at(["take", *words], 0) is None

    def test_the_longest_name_counts(self) -> None:
        words = ["quinidine", "sulfate", "tablet"]
        assert rxcuis(SMALL.phrase_at(words, 0)) == (2, ["214214"])
        assert rxcuis(SMALL.phrase_at(words[:1], 0)) == (1, ["9071"])
        assert rxcuis(SMALL.phrase_at(["quinidine", "tablet", "x"], 0)) == (1, ["9071"])
        assert SMALL.phrase_at(["magnesium", "x"], 0) is None

    def test_several_concepts_of_one_name_ingredients_first(self) -> None:
        rows = Rows()
        rows.brand(3, "Furosemide", (4, "x [Furosemide]", 314076))
        assert rxcuis(rows.terminology().phrase_at(["furosemide"], 0)) == (1, ["4603", "3"])

    def test_a_concept_with_two_equal_names_is_found_once(self) -> None:
        rows = Rows()
        rows.concepts.append(concept(4603, "SY", "FUROSEMIDE"))
        assert rxcuis(rows.terminology().phrase_at(["furosemide"], 0)) == (1, ["4603"])

    @pytest.mark.parametrize("name", ["Oral", "Daily", "Q8", "10 MG", "K", "Tablet Oral"])
    def test_a_name_that_says_something_else_is_none(self, name: str) -> None:
        rows = Rows()
        rows.concepts.append(concept(5, "BN", name))
        terminology = rows.terminology()
        assert all(terminology.phrase_at(tokens(name), start) is None for start in range(len(tokens(name))))

    def test_whole_name_of_a_product(self) -> None:
        words = tokens("Furosemide 40 MG Oral Tablet")
        assert [found.rxcui for found in SMALL.whole(words)] == ["313988"]
        assert SMALL.whole(words[:-1]) == SMALL.whole([]) == ()
        assert SMALL.phrase_at(words, 0) == (1, SMALL.by_rxcui("4603"))

    def test_names_that_share_a_check_sum_are_told_apart(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(module, "crc32", lambda _: 7)
        terminology = loaded(BLOCK)
        for rxcui, name in INGREDIENTS.items():
            assert rxcuis(terminology.phrase_at(tokens(name), 0)) == (len(tokens(name)), [str(rxcui)])
        assert terminology.whole(["something", "else"]) == ()


class TestAmounts:
    """Strengths in exact decimals."""

    @pytest.mark.parametrize(
        ("text", "amount"),
        [
            ("40 MG", Amount(Decimal(40), "MG")),
            ("0.0000245 MEQ/ML", Amount(Decimal("0.0000245"), "MEQ", "ML")),
            ("12.5 %", Amount(Decimal("12.5"), "%")),
        ],
    )
    def test_round_trip(self, text: str, amount: Amount) -> None:
        assert amount_of(text) == amount
        assert str(amount) == text

    @pytest.mark.parametrize(
        "text", ["", "40", "40 ", "MG", "-1 MG", "1e3 MG", "NaN MG", "/ML", "4 /ML", "1" * 3000 + " MG"]
    )
    def test_refused(self, text: str) -> None:
        with pytest.raises(ValueError, match="a strength is a number and a unit"):
            amount_of(text)

    def test_two_points(self) -> None:
        with pytest.raises(ArithmeticError):
            amount_of("1.2.3 MG")


def header_of(block: bytes) -> tuple[dict[str, Any], int]:
    start = len(module._MAGIC)
    end = block.index(b"\n", start)
    return json.loads(block[start:end]), end


def with_header(change: Callable[[dict[str, Any]], object]) -> bytes:
    header, end = header_of(BLOCK)
    change(header)
    return module._MAGIC + json.dumps(header).encode() + BLOCK[end:]


class TestDamaged:
    """What is not what was written."""

    @pytest.mark.parametrize(
        ("block", "reason"),
        [
            (b"", "does not begin as"),
            (b"PK\x03\x04", "does not begin as"),
            (module._MAGIC, "header cannot be read"),
            (module._MAGIC + b"[]\n", "header cannot be read"),
            (module._MAGIC + b"{}\n", "header cannot be read"),
            (module._MAGIC + b'{"format":1,"lengths":["x"]}\n', "header cannot be read"),
            (module._MAGIC + b"[" * 1900 + b"\n", "header cannot be read"),
            (module._MAGIC + b'{"format":1,"lengths":[]}\n', "cut short or followed"),
            (
                with_header(lambda header: header.update(format=2)),
                "written in form 2, this version of magcheck reads form 1",
            ),
            (with_header(lambda header: header["lengths"].__setitem__(0, -4)), "cut short or followed"),
            (BLOCK[:-1], "cut short or followed"),
            (BLOCK + b"x", "cut short or followed"),
        ],
    )
    def test_form(self, block: bytes, reason: str) -> None:
        with pytest.raises(TerminologyDamaged, match=reason):
            loaded(block)

    def test_half_a_number(self) -> None:
        def shift(header: dict[str, Any]) -> None:
            header["lengths"][0] -= 1
            header["lengths"][1] += 1

        with pytest.raises(TerminologyDamaged, match="half a number"):
            loaded(with_header(shift))

    def test_digest(self) -> None:
        with pytest.raises(TerminologyDamaged, match="does not match its digest"):
            Terminology.load(BLOCK, version="x", digest="0" * 64)

    @pytest.mark.parametrize(
        ("name", "value", "reason"),
        [
            ("rxcui", [2, 1], "lengths of rxcui"),
            ("ndc", [1], "lengths of ndc"),
            ("synonym_of", [1], "number of names"),
        ],
    )
    def test_lengths(self, name: str, value: list[int], reason: str) -> None:
        numbers, texts = module._read_block(BLOCK)
        with pytest.raises(TerminologyDamaged, match=f"do not fit together .{reason}"):
            loaded(module.written({**numbers, name: value}, texts))

    @pytest.mark.parametrize(
        ("name", "position", "value", "reason"),
        [
            ("rxcui", 0, 99999999, "order of rxcui"),
            ("ndc", 0, 99999999999, "order of ndc"),
            ("parts_end", 0, 9999, "order of parts_end"),
            ("parts_end", -1, 9999, "end of parts"),
            ("names_end", -1, 99999, "end of names"),
            ("kind", 0, 200, "range of kind"),
            ("form", 0, 999, "range of form"),
            ("amount", 0, 999, "range of amount"),
            ("part_name", 0, 999, "range of part_name"),
            ("ndc_of", 0, 999, "range of ndc_of"),
            ("ingredient", 0, NOTHING - 1, "range of ingredient"),
            ("precise", 0, 999, "range of precise"),
        ],
    )
    def test_numbers(self, name: str, position: int, value: int, reason: str) -> None:
        numbers, texts = module._read_block(BLOCK)
        numbers[name][position] = value
        with pytest.raises(TerminologyDamaged, match=f"do not fit together .{reason}"):
            loaded(module.written(numbers, texts))

    @pytest.mark.parametrize(
        ("name", "old", "new"),
        [
            ("names", b"furosemide", b"furosemid\xff"),
            ("forms", b"Oral", b"\xff"),
            ("amounts", b"40 MG", b"x"),
            ("amounts", b"12.5 MG", b"1.2.5 MG"),
        ],
    )
    def test_texts(self, name: str, old: bytes, new: bytes) -> None:
        numbers, texts = module._read_block(BLOCK)
        with pytest.raises(TerminologyDamaged, match="do not fit together"):
            loaded(module.written(numbers, {**texts, name: texts[name].replace(old, new)}))

    @given(st.integers(0, len(BLOCK) - 1), st.integers(0, 7))
    def test_a_flipped_bit_never_loads(self, position: int, bit: int) -> None:
        damaged = bytearray(BLOCK)
        damaged[position] ^= 1 << bit
        with pytest.raises(TerminologyDamaged):
            Terminology.load(bytes(damaged), version="x", digest=hashlib.sha256(BLOCK).hexdigest())

    @given(st.integers(0, len(BLOCK) - 1))
    def test_a_truncated_one_never_loads(self, length: int) -> None:
        with pytest.raises(TerminologyDamaged):
            loaded(BLOCK[:length])

    @given(st.lists(st.tuples(st.integers(0, len(BLOCK) - 1), st.integers(0, 255)), min_size=1, max_size=8))
    def test_even_with_a_fitting_digest_a_changed_one_is_refused_or_can_be_asked(
        self, edits: list[tuple[int, int]]
    ) -> None:
        """Whoever can write to the database can write a digest too; what loads must still lead somewhere."""
        damaged = bytearray(BLOCK)
        for position, value in edits:
            damaged[position] = value
        try:
            terminology = loaded(bytes(damaged))
        except TerminologyDamaged:
            return
        for rxcui in terminology._numbers["rxcui"]:
            terminology.by_rxcui(str(rxcui))
        for digits in terminology._numbers["ndc"]:
            terminology.by_ndc(str(digits))
        for name in INGREDIENTS.values():
            terminology.phrase_at(tokens(name), 0)
            terminology.whole(tokens(name))


def test_a_machine_of_the_other_byte_order_writes_the_same() -> None:
    values = array("I", [1, 256, NOTHING])
    swapped = module._little(values, "big")
    assert (list(values), list(swapped)) == ([1, 256, NOTHING], [1 << 24, 1 << 16, NOTHING])
    assert module._little(values, "little") is values
