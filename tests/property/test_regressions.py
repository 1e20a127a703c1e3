"""Faults that the laws found, each kept as the smallest example of it."""

import json
from decimal import Decimal

import pytest
from pydantic import ValidationError

from rules import KnowledgeError, RuleSet, check, compile_rule_set
from rules.canonical import canonical_json
from rules.documents import Bounds, CoMedication, Document, Expression, RiskCount
from rules.model import Separation
from tests.factories import (
    MAGNESIUM,
    compiled,
    condition,
    factor,
    interaction,
    medication,
    medication_class,
    party,
    product,
    profile,
    rule_set,
    substance,
)

ALVORIN: tuple[Document, ...] = (
    substance("alvorin", codes={"atc": ["A01AA01"]}),
    substance("betarine", routes=["oral", "topical"]),
    medication_class("class-a", "alvorin", "betarine", atc=["A01A"]),
)


def test_a_finding_about_two_lines_names_the_facts_that_each_of_them_lacks() -> None:
    # I9: the second line's start was forgotten when its verdict was the same as the first one's.
    rules = compiled(
        substance("alvorin"),
        medication_class("class-a", "alvorin"),
        interaction(
            "long-use",
            precipitant=party("class-a"),
            when={"duration_months": {"at_least": "3"}},
            factors=[factor("very-long", "major", {"duration_months": {"at_least": "12"}})],
        ),
    )
    report = check(rules, profile(medication("m1", "alvorin"), medication("m2", "alvorin"), as_of="2026-11-22"))
    (finding,) = report["findings"]
    assert finding["missing_facts"] == ["medications.m1.started_on", "medications.m2.started_on"]
    (open_factor,) = finding["open_factors"]
    assert open_factor["missing_facts"] == finding["missing_facts"]
    reasons = [reason["missing_facts"] for reason in finding["why"] if reason["test"] == "when"]
    assert reasons == [["medications.m1.started_on"], ["medications.m2.started_on"]]


def test_an_open_mitigation_that_lowers_less_than_another_is_named() -> None:
    # I9: with both mitigations the severity is moderate, so it may not be called minor while one of them is open.
    rules = compiled(
        substance("alvorin"),
        medication_class("class-a", "alvorin"),
        interaction(
            "mitigated",
            severity="major",
            precipitant=party("class-a"),
            factors=[
                factor("sure", "minor", {"sex": "female"}),
                factor("open", "moderate", {"egfr": {"at_least": "60"}}),
            ],
        ),
    )
    line = medication("m1", "alvorin")
    (finding,) = check(rules, profile(line, patient={"sex": "female"}))["findings"]
    assert (finding["severity"], finding["severity_ceiling"]) == ("minor", "moderate")
    assert finding["missing_facts"] == ["patient.egfr"]
    known = {"sex": "female", "egfr": {"value": "60", "unit": "mL/min"}}
    (finding,) = check(rules, profile(line, patient=known))["findings"]
    assert finding["severity"] == "moderate"


def test_a_limit_is_written_as_it_is_stored() -> None:
    # I5: "below 30.0" became "below 30" when the rule set was read back from its canonical JSON.
    rules = rule_set(*ALVORIN, interaction("low", precipitant=party("class-a"), when={"egfr": {"below": "30.0"}}))
    stored = RuleSet.model_validate_json(canonical_json(rules))
    question = profile(medication("m", "alvorin"), patient={"egfr": {"value": "29.0", "unit": "mL/min"}})
    assert check(compile_rule_set(stored), question) == check(compile_rule_set(rules), question)


def test_two_unlisted_codes_are_no_pair_with_themselves_however_they_are_written() -> None:
    # I12: two lines of one substance are no pair; the code in lower case made them two substances.
    rules = compiled(*ALVORIN, interaction("pair", affected=party("class-a"), precipitant=party("class-a")))
    lines = (medication("m1", codes={"atc": "A01AA77"}), medication("m2", codes={"atc": "a01aa77"}))
    assert check(rules, profile(*lines))["findings"] == []


def test_a_population_may_follow_from_the_magnesium_taken() -> None:
    # The sum was added up after the populations were derived, so they saw none.
    rules = compiled(
        substance("magnesium"),
        medication_class(MAGNESIUM, "magnesium"),
        condition("much-magnesium", present_when={"elemental_mg_per_day": {"at_least": "350"}}),
        interaction("much", precipitant=party(MAGNESIUM), conditions=["much-magnesium"]),
    )
    line = medication("m", "magnesium", dose={"value": "350", "unit": "mg"}, times_per_day=1)
    (finding,) = check(rules, profile(line))["findings"]
    assert (finding["condition_ids"], finding["applicability"]) == (["much-magnesium"], "applies")


def test_of_several_medications_together_one_of_unknown_start_may_be_the_longest() -> None:
    # I9: the longest known duration was taken for all, so that a start left out made the answer milder.
    rules = compiled(
        *ALVORIN,
        interaction(
            "together", scope="list", precipitant=party("class-a"), when={"duration_months": {"at_least": "3"}}
        ),
    )
    short = medication("m1", "alvorin", started_on="2026-11-20")
    report = check(rules, profile(short, medication("m2", "betarine"), as_of="2026-11-22"))
    (finding,) = report["findings"]
    assert (finding["applicability"], finding["missing_facts"]) == ("may_apply", ["medications.m2.started_on"])
    assert check(rules, profile(short, as_of="2026-11-22"))["findings"] == []
    both = profile(short, medication("m2", "betarine", started_on="2026-01-01"), as_of="2026-11-22")
    (finding,) = check(rules, both)["findings"]
    assert (finding["applicability"], finding["medication_ids"]) == ("applies", ["m1", "m2"])


def test_two_lines_that_may_count_are_both_named() -> None:
    # I9: of two lines of one substance only the last one's route was named.
    rules = compiled(
        *ALVORIN,
        interaction("with", affected={"substances": ["alvorin"]}, when={"co_medication": {"classes": ["class-a"]}}),
    )
    lines = (medication("m1", "betarine"), medication("m2", "betarine"), medication("m3", "alvorin"))
    (finding,) = check(rules, profile(*lines))["findings"]
    assert finding["missing_facts"] == ["medications.m1.route", "medications.m2.route"]


def test_a_condition_named_twice_counts_once() -> None:
    rules = compiled(
        *ALVORIN,
        condition("cond-a"),
        interaction(
            "causes",
            precipitant=party("class-a"),
            when={"risk_count": {"conditions": ["cond-a", "cond-a"], "at_least": 2}},
        ),
    )
    assert check(rules, profile(medication("m", "alvorin"), conditions=[{"text": "cond-a"}]))["findings"] == []


def test_no_population_follows_from_another() -> None:
    # I2: which of two populations was derived first depended on their names.
    with pytest.raises(KnowledgeError) as caught:
        compiled(
            condition("zz-old", present_when={"age_years": {"at_least": "65"}}),
            condition("aa-frail", present_when={"any": [{"sex": "male"}, {"conditions": ["zz-old"]}]}),
        )
    (problem,) = caught.value.problems
    assert problem.code == "derived-from-derived"
    assert problem.pointer == "/present_when/any/1/conditions/0"


@pytest.mark.parametrize(
    ("kind", "document"),
    [
        (Expression, {"dialysis": "yes"}),
        (Expression, {"dialysis": 1}),
        (Separation, {"spacing_helps": "off"}),
        (CoMedication, {"classes": ["class-a"], "at_least": "2"}),
        (CoMedication, {"classes": ["class-a"], "at_least": True}),
        (RiskCount, {"classes": ["class-a"], "at_least": 2.0}),
    ],
)
def test_words_and_numbers_are_no_flags_and_words_are_no_numbers(kind: type[Document], document: object) -> None:
    # I17: "yes", "off" and 1 became flags, "2" and true became numbers.
    with pytest.raises(ValidationError):
        kind.model_validate_json(json.dumps(document))


@pytest.mark.parametrize("number", ["1E+999999999", "1E+12", "0.0000000000001", "1E-999999999"])
def test_a_number_nobody_could_mean_is_refused(number: str) -> None:
    # I17: written out in full, the first of them filled the memory of whoever compiled the rule set.
    with pytest.raises(ValidationError, match="12 digits"):
        Bounds.model_validate_json(json.dumps({"below": number}))


@pytest.mark.parametrize("number", ["999999999999", "0.000000000001", "-5", "1E+11", "0"])
def test_a_number_somebody_could_mean_is_taken(number: str) -> None:
    assert Bounds.model_validate_json(json.dumps({"below": number})).below == Decimal(number)


def test_a_withdrawn_ingredient_of_a_product_shows() -> None:
    # I8, I20: it was left out without a word, and the report was complete.
    rules = compiled(*ALVORIN, substance("gone", status="withdrawn"), product("combo", "alvorin", "gone"))
    for line in (medication("m", "combo"), medication("m", "combo", codes={"rxnorm": "9"})):
        report = check(rules, profile(line))
        assert report["status"] == "incomplete"
        assert "withdrawn here and not checked: gone" in report["medications"][0]["problems"]
        assert [one["id"] for one in report["medications"][0]["substances"]] == ["alvorin"]


@pytest.mark.parametrize(("second", "total"), [("60.5", "160.5"), (None, None)])
def test_all_amounts_of_one_ingredient_count(second: str | None, total: str | None) -> None:
    # I11: of two amounts of one substance only the first was counted.
    parts = [{"substance": "magnesium", "elemental_magnesium_mg": amount} for amount in ("100", second)]
    rules = compiled(substance("magnesium"), medication_class(MAGNESIUM, "magnesium"), product("combo", *parts))
    intake = check(rules, profile(medication("m", "combo", times_per_day=1)))["magnesium_intake"]
    assert intake["elemental_mg_per_day"] == total


def test_the_order_of_ids_does_not_bring_a_settled_finding_back() -> None:
    # I14: what each of two lines rests on was written in the order of their ids.
    rules = compiled(
        substance("alvorin"),
        interaction(
            "loss",
            affected={"substances": ["alvorin"]},
            factors=[
                factor("much", "major", {"daily_dose_mg": {"at_least": "80"}}),
                factor("long", "major", {"duration_days": {"at_least": "90"}}),
            ],
        ),
    )
    much: dict[str, object] = {"dose": {"value": "100", "unit": "mg"}, "times_per_day": 1, "started_on": "2026-11-20"}
    long: dict[str, object] = {"dose": {"value": "10", "unit": "mg"}, "times_per_day": 1, "started_on": "2026-01-01"}
    names = set()
    for one, other in ((much, long), (long, much)):
        lines = (medication("m1", "alvorin", **one), medication("m2", "alvorin", **other))
        (finding,) = check(rules, profile(*lines, as_of="2026-11-22"))["findings"]
        assert finding["medication_ids"] == ["m1", "m2"]
        names.add((finding["key"], finding["context_digest"]))
    assert len(names) == 1


def test_a_mitigation_does_not_rest_on_a_medication_that_may_not_reach_the_body() -> None:
    # I9: no medicine near this code says how it is given; it counted as one that reaches the body.
    rules = compiled(
        substance("cordimax"),
        medication_class("class-c", "cordimax"),
        *ALVORIN,
        interaction(
            "mitigated",
            severity="major",
            precipitant=party("class-c"),
            factors=[factor("beside", "minor", {"co_medication": {"classes": ["class-a"]}})],
        ),
    )
    lines = (medication("m1", "cordimax"), medication("m2", codes={"atc": "A01AD77"}))
    topical = medication("m2", codes={"atc": "A01AD77"}, route="topical")
    for other in (lines[1], topical):
        (finding,) = check(rules, profile(lines[0], other))["findings"]
        assert (finding["severity"], finding["severity_ceiling"]) == ("major", "major")
    oral = medication("m2", codes={"atc": "A01AD77"}, route="oral")
    (finding,) = check(rules, profile(lines[0], oral))["findings"]
    assert finding["severity"] == "minor"
