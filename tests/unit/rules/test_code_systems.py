"""Names of code systems, and package codes in all their layouts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.code_systems import ADDRESSES, IDENTIFIERS, SPELLINGS, ndc_digits, system_of
from rules.terms import CodeSystem

DIGITS = "0123456789"


class TestSystems:
    """What other systems call a code system."""

    @pytest.mark.parametrize(
        ("spelling", "system"),
        [
            ("rxnorm", CodeSystem.RXNORM),
            ("http://www.nlm.nih.gov/research/umls/rxnorm", CodeSystem.RXNORM),
            ("urn:oid:2.16.840.1.113883.6.88", CodeSystem.RXNORM),
            ("http://hl7.org/fhir/sid/ndc", CodeSystem.NDC),
            ("urn:oid:2.16.840.1.113883.6.69", CodeSystem.NDC),
            ("http://www.whocc.no/atc", CodeSystem.ATC),
            ("urn:oid:2.16.840.1.113883.6.73", CodeSystem.ATC),
            ("http://fdasis.nlm.nih.gov", CodeSystem.UNII),
            ("urn:oid:2.16.840.1.113883.4.9", CodeSystem.UNII),
        ],
    )
    def test_short_name_address_and_identifier(self, spelling: str, system: CodeSystem) -> None:
        assert system_of(spelling) is system

    @pytest.mark.parametrize("spelling", ["", "RxNorm", "http://snomed.info/sct", "2.16.840.1.113883.6.88"])
    def test_anything_else_is_refused_and_the_allowed_ones_are_named(self, spelling: str) -> None:
        with pytest.raises(ValueError, match=r"allowed: rxnorm, ndc, atc, unii, icd10cm, http://www\.nlm"):
            system_of(spelling)

    def test_every_system_has_all_three_spellings_in_one_order(self) -> None:
        """The names of the enumeration in the API's description are made from this order."""
        systems = list(CodeSystem)
        assert list(ADDRESSES.values()) == list(IDENTIFIERS.values()) == systems
        assert list(SPELLINGS.values()) == systems * 3


class TestPackageCodes:
    """National Drug Codes."""

    @pytest.mark.parametrize(
        ("written", "digits"),
        [
            ("0093-5004-56", "00093500456"),
            ("50090-348-01", "50090034801"),
            ("50090-3480-1", "50090348001"),
            ("50090-3480-01", "50090348001"),
            ("00093500456", "00093500456"),
            ("000093500456", "00093500456"),
        ],
    )
    def test_layouts(self, written: str, digits: str) -> None:
        assert ndc_digits(written) == digits

    @pytest.mark.parametrize(
        ("written", "reason"),
        [
            ("0093500456", "three different packages"),
            ("093500456", "neither eleven digits"),
            ("100093500456", "neither eleven digits"),
            ("0093-500456", "places where no package code"),
            ("009-35004-56", "places where no package code"),
            ("0093-5004-5-6", "places where no package code"),
            ("0093-5004-", "something else than digits"),
            ("0093-50O4-56", "something else than digits"),
            ("\u0660\u0660\u066093500456", "something else than digits"),
            ("", "something else than digits"),
        ],
    )
    def test_what_is_refused_and_why(self, written: str, reason: str) -> None:
        with pytest.raises(ValueError, match=reason):
            ndc_digits(written)

    @given(st.text(DIGITS, min_size=11, max_size=11))
    def test_every_layout_of_a_code_leads_back_to_it(self, digits: str) -> None:
        labeller, product, package = digits[:5], digits[5:9], digits[9:]
        layouts = [(labeller, product, package)]
        if labeller[0] == "0":
            layouts.append((labeller[1:], product, package))
        if product[0] == "0":
            layouts.append((labeller, product[1:], package))
        if package[0] == "0":
            layouts.append((labeller, product, package[1:]))
        for parts in layouts:
            assert ndc_digits("-".join(parts)) == digits
        assert ndc_digits(digits) == ndc_digits(f"0{digits}") == digits

    @given(st.text(f"{DIGITS}-", max_size=16))
    def test_eleven_digits_or_a_reason(self, written: str) -> None:
        try:
            digits = ndc_digits(written)
        except ValueError:
            return
        assert len(digits) == 11
        assert digits.isdigit()
