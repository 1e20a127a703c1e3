"""Canonical JSON and digests: the same knowledge gives the same bytes, other knowledge gives other bytes."""

from __future__ import annotations

import hashlib

from rules.canonical import canonical_json, digest, in_canonical_order
from rules.documents import Expression
from rules.model import Product, RuleSet
from tests import factories as make


class TestCanonicalJson:
    """The bytes follow the content and nothing else."""

    def test_exact_bytes_of_a_small_record(self) -> None:
        """Sorted keys, no white space, dates and enumerations as text, absent values left out."""
        record = make.condition("thirst", magnesium_effect="none", evidence=make.evidence("one", grade="C"))
        assert canonical_json(record) == (
            b'{"evidence":{"citations":[{"citation":"one","supports":"the claim"}],"grade":"C"},"icd10cm":[],'
            b'"id":"thirst","last_reviewed_on":"2026-11-22","magnesium_effect":"none","name":"thirst",'
            b'"status":"active","synonyms":[],"text":"A sentence about the condition."}'
        )

    def test_letters_of_other_scripts_stay_letters(self) -> None:
        assert "·7H2O" in canonical_json(make.salt_form("sulfate", "MgSO4·7H2O")).decode()

    def test_a_number_has_one_spelling(self) -> None:
        """1E+2, 100 and 100.00 are one limit, so they are one digest."""
        spellings = ["100", "100.0", "100.00", "1E+2", "1e2"]
        texts = {canonical_json(make.intake_limit(mg_per_day=spelling)) for spelling in spellings}
        assert len(texts) == 1
        assert b'"mg_per_day":"100"' in texts.pop()

    def test_a_decimal_keeps_its_digits(self) -> None:
        assert b'"mg_per_day":"0.75"' in canonical_json(make.intake_limit(mg_per_day="0.750"))

    def test_false_is_not_left_out(self) -> None:
        expression = Expression.model_validate({"not": {"dialysis": False}})
        assert canonical_json(expression) == b'{"not":{"dialysis":false}}'

    def test_keys_given_in_another_order(self) -> None:
        one = make.substance("aa", codes={"rxnorm": ["1"], "atc": ["C03CA01"]})
        other = make.substance("aa", codes={"atc": ["C03CA01"], "rxnorm": ["1"]})
        assert canonical_json(one) == canonical_json(other)

    def test_routes_by_code(self) -> None:
        record = make.substance(
            "aa", codes={"atc": ["S01AA01", "A01AA01"]}, atc_routes={"S01AA01": ["oral"], "A01AA01": ["oral"]}
        )
        assert b'"atc_routes":{"A01AA01":["oral"],"S01AA01":["oral"]}' in canonical_json(record)


class TestDigest:
    """A digest is the SHA-256 of the canonical bytes."""

    def test_it_is_the_hash_of_the_bytes(self) -> None:
        record = make.substance("aa")
        assert digest(record) == hashlib.sha256(canonical_json(record)).hexdigest()

    def test_product_of_an_older_rule_set_keeps_its_bytes(self) -> None:
        """As products were written before they had presentations: what is absent is no part of the identity."""
        text = (
            b'{"brands":["Old"],"codes":{"atc":[],"rxnorm":[]},"id":"pp","ingredients":[{"substance":"aa"}],'
            b'"last_reviewed_on":"2026-11-22","name":"pp","routes":["oral"],"status":"active","synonyms":[]}'
        )
        old = Product.model_validate_json(text)
        assert canonical_json(old) == text
        assert old == make.product("pp", "aa", brands=["Old"])
        new = make.product("pp", "aa", brands=["Old"], presentations=[make.presentation("liquid", "5", aa="1")])
        assert digest(new) != digest(old)

    def test_any_change_changes_it(self) -> None:
        assert digest(make.intake_limit(mg_per_day="250")) != digest(make.intake_limit(mg_per_day="251"))

    def test_known_value_of_the_empty_rule_set(self) -> None:
        """Pins the format: a digest published today must be the same tomorrow."""
        text = (
            b'{"administrations":[],"assessments":[],"attributions":[],"cases":[],"citations":[],"classes":[],"conditions":[],"forms":[],'
            b'"guidance":[],"intake_limits":[],"interactions":[],"monitoring_schedules":[],"products":[],'
            b'"recommended_intakes":[],"reference_ranges":[],"schema_version":1,"substances":[],'
            b'"supplement_targets":[],"symptoms":[]}'
        )
        assert digest(RuleSet()) == hashlib.sha256(text).hexdigest()


class TestOrder:
    """The order of files cannot change the identity of a rule set."""

    def test_records_are_sorted_by_id(self) -> None:
        rule_set = RuleSet(substances=(make.substance("bb"), make.substance("aa")), citations=(make.citation(),))
        assert [record.id for record in in_canonical_order(rule_set).substances] == ["aa", "bb"]

    def test_same_digest_in_any_order(self) -> None:
        one = RuleSet(substances=(make.substance("bb"), make.substance("aa")))
        other = RuleSet(substances=(make.substance("aa"), make.substance("bb")))
        assert digest(one) != digest(other)
        assert digest(in_canonical_order(one)) == digest(in_canonical_order(other))
