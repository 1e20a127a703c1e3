"""Elemental magnesium a day: exact where everything is known, an interval where the label leaves something open.

Expected milligrams are worked out by hand from molar masses: oxide 24.305 of 40.304 (60.30 %), sulfate heptahydrate
24.305 of 246.466 (9.86 %), citrate between 11.34 % (monomagnesium) and 16.16 % (trimagnesium, anhydrous).
"""

from __future__ import annotations

from typing import Any

import pytest

import rules.intake
from rules import CompiledRuleSet, check
from rules.report import IntakeContribution, MagnesiumIntake
from tests import factories as make

WORLD = (
    make.substance("magnesium"),
    make.substance("magnesium-oxide", salt_form="oxide"),
    make.substance("magnesium-citrate", salt_form="citrate"),
    make.substance(
        "magnesium-sulfate", salt_form="sulfate", routes=["oral", "intravenous"], codes={"atc": ["A12CC02"]}
    ),
    make.substance("magnesium-mystery", name="magnesium mystery"),
    make.substance("furosemide"),
    make.substance("aspirin"),
    make.salt_form("oxide", "MgO", label_strength="salt"),
    make.salt_form("citrate", "Mg3(C6H5O7)2", "Mg3(C6H5O7)2·9H2O", "MgC6H6O7"),
    make.salt_form("sulfate", "MgSO4·7H2O", label_strength="elemental"),
    make.product("vitamix", {"substance": "magnesium-oxide", "elemental_magnesium_mg": "60.5"}, "aspirin"),
    make.product("unlabelled", "magnesium-oxide", "aspirin"),
    make.medication_class(
        make.MAGNESIUM,
        "magnesium",
        "magnesium-oxide",
        "magnesium-citrate",
        "magnesium-sulfate",
        "magnesium-mystery",
        atc=["A12CC"],
    ),
)

LIMIT = make.interaction(
    "limit",
    direction="intake_limit",
    scope="list",
    precipitant=make.party(make.MAGNESIUM),
    when={"elemental_mg_per_day": {"above": "350"}},
)


@pytest.fixture(scope="module")
def world() -> CompiledRuleSet:
    return make.compiled(*WORLD)


def line(text: str, value: str | None = None, unit: str = "mg", of: str | None = None, **given: Any) -> dict[str, Any]:  # noqa: ANN401
    """A line with a dose, once a day unless it says otherwise."""
    dose: dict[str, Any] = {}
    if value is not None:
        dose = {"dose": {"value": value, "unit": unit, **({"of": of} if of else {})}}
    times = {} if {"times", "times_per_day"} & given.keys() else {"times_per_day": 1}
    return make.medication(given.pop("id", "m1"), text, **dose, **times, **given)


def intake(world: CompiledRuleSet, *lines: dict[str, Any], **facts: Any) -> MagnesiumIntake:  # noqa: ANN401
    """The intake part of a report."""
    return check(world, make.profile(*lines, **facts))["magnesium_intake"]


def span(found: MagnesiumIntake) -> tuple[str | None, str, str | None]:
    """Exact sum, minimum and maximum."""
    return (
        found["elemental_mg_per_day"],
        found["elemental_mg_per_day_minimum"],
        found["elemental_mg_per_day_maximum"],
    )


def only(found: MagnesiumIntake) -> IntakeContribution:
    """The one contribution."""
    assert len(found["contributions"]) == 1
    return found["contributions"][0]


def missing(world: CompiledRuleSet, *lines: dict[str, Any], above: str = "100000") -> list[str]:
    """What a rule about the intake would have to know."""
    rule = make.interaction(
        "limit",
        direction="intake_limit",
        scope="list",
        precipitant=make.party(make.MAGNESIUM),
        when={"elemental_mg_per_day": {"above": above}},
    )
    records = [
        record for kind in ("substances", "products", "forms", "classes") for record in getattr(world.rule_set, kind)
    ]
    findings = check(make.compiled(*records, rule), make.profile(*lines))["findings"]
    return findings[0]["missing_facts"] if findings else []


class TestOneProduct:
    """What one line brings."""

    @pytest.mark.parametrize(
        ("given", "milligrams"),
        [
            (line("magnesium oxide", "400", of="salt"), "241.2"),
            (line("magnesium oxide", "400", of="elemental"), "400"),
            (line("magnesium oxide", "0.4", "g", of="salt"), "241.2"),
            (line("magnesium oxide", "400000", "\u03bcg", of="salt"), "241.2"),
            (line("magnesium oxide", "400000", "\u00b5g", of="salt"), "241.2"),
            (line("magnesium oxide", "10", "mmol"), "243"),  # 243.05
            (line("magnesium oxide", "20", "mEq"), "243"),
            (line("magnesium oxide", "1", "mmol"), "24.3"),
            (line("magnesium sulfate", "1000", of="salt", route="oral"), "98.6"),
            (line("magnesium", "300"), "300"),  # plain magnesium counts magnesium
            (line("magnesium", "300", of="elemental"), "300"),
            (line("magnesium citrate", "4", "mmol"), "97.2"),  # the salt does not matter
            (line("magnesium oxide", "400", of="salt", times_per_day=3), "723.7"),  # 3 x 241.2167..., not 3 x 241.2
            (line("magnesium oxide", "400", of="salt", times=["08:00", "20:00"]), "482.4"),
            (line("magnesium oxide twice daily", "400", of="salt", times=["08:00"]), "482.4"),  # one time is not given
            (line("magnesium oxide daily", "400", of="salt", times=["08:00", "20:00"]), "482.4"),
            (line("magnesium oxide twice daily", "400", of="salt", times_per_day=1), "241.2"),  # the caller's number
        ],
    )
    def test_exact(self, world: CompiledRuleSet, given: dict[str, Any], milligrams: str) -> None:
        found = intake(world, given)
        assert span(found) == (milligrams, milligrams, milligrams)
        assert only(found)["elemental_mg_per_day"] == milligrams
        assert only(found)["medication_id"] == "m1"

    @pytest.mark.parametrize(
        ("thousand", "one"),
        [
            (line("magnesium", "1", "g"), line("magnesium", "1", "mg")),
            (line("magnesium", "1", "mg"), line("magnesium", "1000", "g")),
            (line("magnesium", "1", "mg"), line("magnesium", "1", "mcg")),
            (line("magnesium", "1", "mmol"), line("magnesium", "1", "mg")),
        ],
    )
    def test_thousandfold_slips_are_seen(
        self, world: CompiledRuleSet, thousand: dict[str, Any], one: dict[str, Any]
    ) -> None:
        assert span(intake(world, thousand)) != span(intake(world, one))

    def test_hydrates_give_an_interval(self, world: CompiledRuleSet) -> None:
        """1,000 mg of citrate: 113.4 mg as the 1:1 salt, 161.6 mg as the anhydrous trimagnesium salt."""
        found = intake(world, line("magnesium citrate", "1000", of="salt"))
        assert span(found) == (None, "113.4", "161.6")
        assert only(found)["elemental_mg_per_day"] is None
        assert only(found)["elemental_mg_per_day_maximum"] == "161.6"
        assert "depending on the hydrate" in only(found)["basis"]

    def test_not_said_whether_salt_or_magnesium(self, world: CompiledRuleSet) -> None:
        found = intake(world, line("magnesium oxide", "400"))
        assert span(found) == (None, "241.2", "400")
        assert only(found)["basis"] == (
            "400 mg of magnesium oxide is 241.2 mg of magnesium if the salt is meant, 400 mg if magnesium is meant, "
            "1 a day"
        )
        assert missing(world, line("magnesium oxide", "400")) == []  # at most 400 mg either way

    def test_salt_of_unknown_composition(self, world: CompiledRuleSet) -> None:
        """Somewhere between nothing and all of it."""
        found = intake(world, line("magnesium mystery", "500"))
        assert span(found) == (None, "0", "500")
        assert "the share of magnesium in it is not known" in only(found)["basis"]

    def test_plain_magnesium_given_as_a_salt(self, world: CompiledRuleSet) -> None:
        assert span(intake(world, line("magnesium", "500", of="salt"))) == (None, "0", "500")


class TestFromText:
    """Strength and frequency read from the line."""

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("Magnesium oxide 400 mg tab PO BID", ("482.4", "482.4", "482.4")),
            ("Magnesium oxide 400 mg elemental once daily", ("400", "400", "400")),
            ("Magnesium sulfate 500 mg oral once daily", ("500", "500", "500")),  # labelled as magnesium
            ("Magnesium 300 mg daily", ("300", "300", "300")),
            ("Magnesium 10 mmol TDS", ("729.2", "729.2", "729.2")),  # 3 x 243.05 = 729.15, half to even
            ("Magnesium citrate 1000 mg daily", (None, "113.4", "1000")),  # labels differ in what they count
            ("Magnesium oxide 1,000 mg daily", (None, "0", None)),
            ("Magnesium oxide 1 000 mg daily", (None, "0", None)),
            ("Magnesium oxide 400 mg/5 mL daily", (None, "0", None)),
            ("Magnesium oxide tablet daily", (None, "0", None)),
            ("Magnesium oxide 400 mg twice a week", (None, "0", None)),
            ("Magnesium oxide 400 mg", (None, "0", None)),
            ("Magnesium oxide 400 mg 2 tabs BID", ("964.9", "964.9", "964.9")),  # 4 x 241.2167...
            ("Magnesium oxide 400 mg 1-0-1", ("482.4", "482.4", "482.4")),
            ("Magnesium oxide 400 mg 1-0-2", ("723.7", "723.7", "723.7")),
            ("Magnesium oxide 400 mg 1/2 tab daily", ("120.6", "120.6", "120.6")),
            ("Magnesium oxide 400 mg/5 mL 10 mL daily", ("482.4", "482.4", "482.4")),
            ("Magnesium oxide 400 mg/5 mL 2.5 mL BID", ("241.2", "241.2", "241.2")),
            ("Magnesium oxide 1 g daily", ("603", "603", "603")),  # 603.04
            ("Magnesium oxide 1000 mcg daily", ("0.6", "0.6", "0.6")),
            ("Magnesium oxide 1.000 mg daily", (None, "0", None)),
            ("Magnesium oxide .4 g daily", (None, "0", None)),
            ("Magnesium oxide 400 mg 1-2 tabs daily", (None, "0", None)),
            ("Magnesium oxide 10 mL daily", (None, "0", None)),
            ("Magnesium 300 mg/day", ("300", "300", "300")),
            ("Magnesium 300 mg/day BID", ("300", "300", "300")),
            ("Magnesium (as citrate) 200 mg daily", ("200", "200", "200")),
            ("Magnesium (as magnesium citrate) 200 mg daily", ("200", "200", "200")),
            ("Magnesium 200 mg (as oxide) daily", ("200", "200", "200")),
            ("Magnesium as citrate daily", (None, "0", None)),
            ("Magnesium 200 mg 100 mg as citrate daily", (None, "0", None)),
            ("Magnesium (magnesium oxide) 400 mg daily", (None, "241.2", "400")),  # which of the two is not said
            ("Magnesium (magnesium oxide) 400 mg 500 mg daily", (None, "0", None)),
            ("Magnesium, magnesium oxide, magnesium citrate 400 mg daily", (None, "0", None)),
            ("Magnesium oxide 400 mg (241.3 mg magnesium) daily", ("241.3", "241.3", "241.3")),
            ("Magnesium oxide 400 mg (241 mg elemental magnesium) daily", ("241", "241", "241")),
            ("Magnesium oxide 400 mg (241 mg of elemental magnesium) daily", ("241", "241", "241")),
            ("Elemental magnesium 64 mg (magnesium citrate 535 mg) daily", ("64", "64", "64")),
            ("Magnesium citrate 1000 mg (150 mg elemental) daily", ("150", "150", "150")),
            ("Magnesium citrate 1000 mg 150 mg daily", (None, "0", None)),
        ],
    )
    def test_read(self, world: CompiledRuleSet, text: str, expected: tuple[str | None, str, str | None]) -> None:
        assert span(intake(world, make.medication("m1", text))) == expected

    def test_number_of_tablets_of_a_strength(self, world: CompiledRuleSet) -> None:
        found = intake(world, line("Magnesium oxide 400 mg tablet", "2", "tablet"))
        assert span(found) == ("482.4", "482.4", "482.4")
        assert only(found)["basis"] == "400 mg of magnesium oxide is 241.2 mg of magnesium, 2 at a time, 1 a day"

    @pytest.mark.parametrize(
        ("text", "basis"),
        [
            ("Magnesium oxide 400 mg 2 tablets twice daily", "241.2 mg of magnesium, 2 at a time, 2 a day"),
            ("Magnesium oxide 400 mg 1/2 tablet daily", "241.2 mg of magnesium, 0.5 at a time, 1 a day"),
            ("Magnesium oxide 400 mg 2-0-1", "241.2 mg of magnesium, 3 in all, over the day"),
            ("Magnesium oxide 400 mg daily", "241.2 mg of magnesium, 1 a day"),
        ],
    )
    def test_the_sum_can_be_followed(self, world: CompiledRuleSet, text: str, basis: str) -> None:
        """What one unit holds, how many are taken each time, and how often: in this order."""
        found = only(intake(world, make.medication("m1", text)))
        assert found["basis"] == f"400 mg of magnesium oxide is {basis}"

    def test_dose_counts_before_the_strength(self, world: CompiledRuleSet) -> None:
        assert span(intake(world, line("Magnesium oxide 400 mg tablet", "200", of="salt")))[0] == "120.6"

    @pytest.mark.parametrize(
        ("dose", "milligrams"),
        [
            ({"value": "10", "unit": "mmol"}, "243"),
            ({"value": "20", "unit": "mEq"}, "243"),
            ({"value": "100", "unit": "mg", "of": "elemental"}, "100"),
        ],
    )
    def test_magnesium_of_two_salts_counts_once(
        self, world: CompiledRuleSet, dose: dict[str, str], milligrams: str
    ) -> None:
        given = make.medication("m1", "magnesium oxide / magnesium citrate", dose=dose, times_per_day=1)
        found = intake(world, given)
        assert span(found) == (milligrams, milligrams, milligrams)
        first, second = found["contributions"]
        assert (first["elemental_mg_per_day"], second["elemental_mg_per_day"]) == (milligrams, "0")
        assert second["basis"].endswith("of magnesium, counted with magnesium oxide, 1 a day")

    @pytest.mark.parametrize("basis", [{}, {"of": "salt"}])
    @pytest.mark.parametrize("text", ["magnesium oxide / magnesium citrate", "unlabelled", "calmag"])
    def test_a_mass_beside_other_ingredients_is_of_nobody_knows_which(self, text: str, basis: dict[str, str]) -> None:
        """Ten milligrams of a bowel preparation are those of the picosulfate, not of the magnesium oxide in it."""
        rules = make.compiled(*WORLD, make.product("calmag", "magnesium"))
        report = check(
            rules,
            make.profile(make.medication("m1", text, dose={"value": "10", "unit": "mg", **basis}, times_per_day=1)),
        )
        assert span(report["magnesium_intake"]) == (None, "0", None)
        assert report["magnesium_intake"]["contributions"][0]["basis"].startswith("10 mg may be of any ingredient")

    def test_the_same_dose_of_one_salt_alone_is_known(self, world: CompiledRuleSet) -> None:
        """What is remembered of a dose is that of a line with one ingredient."""
        dose = {"value": "400", "unit": "mg", "of": "salt"}
        both = make.medication("b", "magnesium oxide / magnesium citrate", dose=dose, times_per_day=1)
        alone = make.medication("a", "magnesium oxide", dose=dose, times_per_day=1)
        for lines in ((alone, both), (both, alone)):
            assert span(intake(world, *lines)) == (None, "241.2", None)

    def test_number_counts_before_the_text(self, world: CompiledRuleSet) -> None:
        assert span(intake(world, line("Magnesium 100 mg BID", times_per_day=3)))[0] == "300"


class TestLedger:
    """Every source with its kind; what is taken only when needed stands apart; injections do not count."""

    KINDS = (
        *WORLD,
        make.substance("picosulfate"),
        make.substance("aluminium-hydroxide"),
        make.substance("magnesium-in-multivitamin"),
        make.substance("magnesium-binder"),
        make.substance("magnesium-hydroxide"),
        make.medication_class("oral-magnesium-supplements", "magnesium-oxide", "magnesium-citrate"),
        make.medication_class("magnesium-antacids", "magnesium-oxide", "magnesium-hydroxide"),
        make.medication_class(
            "laxative-magnesium-salts", "magnesium-oxide", "magnesium-hydroxide", "magnesium-citrate"
        ),
        make.medication_class("bowel-preparations-with-magnesium", "picosulfate"),
        make.medication_class("magnesium-phosphate-binders", "magnesium-binder"),
        make.medication_class("more", "magnesium-in-multivitamin", "magnesium-binder", "magnesium-hydroxide"),
    )

    @pytest.fixture
    def ledger(self) -> CompiledRuleSet:
        salts = [one for one in self.KINDS if one.id != make.MAGNESIUM]
        members = ("magnesium", "magnesium-oxide", "magnesium-citrate", "magnesium-sulfate", "magnesium-mystery")
        return make.compiled(*salts, make.medication_class(make.MAGNESIUM, *members, includes=["more"], atc=["A12CC"]))

    @pytest.mark.parametrize(
        ("given", "sources"),
        [
            ({"text": "magnesium oxide"}, ["supplement", "antacid", "laxative"]),
            ({"text": "magnesium citrate"}, ["supplement", "laxative"]),
            ({"text": "magnesium"}, ["supplement"]),
            ({"text": "magnesium in multivitamin"}, ["multivitamin"]),
            ({"text": "magnesium binder"}, ["phosphate_binder"]),
            ({"text": "picosulfate and magnesium oxide"}, ["bowel_preparation"]),
            ({"text": "aluminium hydroxide and magnesium hydroxide"}, ["antacid"]),
            ({"text": "magnesium hydroxide"}, ["antacid", "laxative"]),
            ({"codes": {"atc": "A12CC02"}, "route": "oral"}, ["supplement"]),
        ],
    )
    def test_kind(self, ledger: CompiledRuleSet, given: dict[str, Any], sources: list[str]) -> None:
        for _ in range(2):
            found = intake(ledger, make.medication("m1", **given))
            assert only(found)["sources"] == sources

    def test_what_is_taken_when_needed_stands_apart(self, world: CompiledRuleSet) -> None:
        regular = make.medication("a", "Magnesium 100 mg BID")
        found = intake(world, regular, make.medication("b", "Magnesium oxide 400 mg BID prn"))
        assert span(found) == ("200", "200", "200")
        assert [one["medication_id"] for one in found["contributions"]] == ["a"]
        assert [one["medication_id"] for one in found["as_needed"]] == ["b"]
        assert found["as_needed"][0]["elemental_mg_per_day"] is None
        assert found["as_needed"][0]["elemental_mg_per_day_maximum"] == "482.4"
        assert found["as_needed_mg_per_day_maximum"] == "482.4"

    def test_how_often_is_not_said(self, world: CompiledRuleSet) -> None:
        found = intake(world, make.medication("b", "Magnesium oxide 400 mg prn"))
        assert span(found) == ("0", "0", "0")
        assert found["as_needed_mg_per_day_maximum"] is None

    def test_rules_take_it_as_possible(self, world: CompiledRuleSet) -> None:
        """Somewhere between nothing and all of it: a rule about the sum may apply, and names the fact."""
        assert missing(world, make.medication("m1", "Magnesium oxide 400 mg prn")) == ["medications.m1.as_needed"]

    @pytest.mark.parametrize(
        ("text", "given", "asked"),
        [
            ("Magnesium oxide 400 mg", {}, ["times_per_day"]),
            ("Magnesium oxide", {}, ["dose", "times_per_day"]),
            ("Magnesium oxide 400 mg BID", {}, ["times_per_day"]),
            ("Magnesium oxide 400 mg", {"times_per_day": 2}, []),
            ("Magnesium oxide", {"times_per_day": 2}, ["dose"]),
            ("Magnesium oxide 400 mg", {"times": ["08:00", "20:00"]}, []),
        ],
    )
    def test_nobody_is_asked_for_what_was_given(self, text: str, given: dict[str, Any], asked: list[str]) -> None:
        """That it is taken only when needed was said: how often is what is left, and how much."""
        line = make.medication("m1", text, as_needed=True, **given)
        rules = make.compiled(*WORLD, LIMIT)
        (finding,) = check(rules, make.profile(line))["findings"]
        assert finding["applicability"] == "may_apply"
        assert finding["missing_facts"] == [f"medications.m1.{fact}" for fact in asked]

    @pytest.mark.parametrize(("as_needed", "regular"), [(True, "0"), (False, "482.4"), (None, "0")])
    def test_callers_word_counts_before_the_text(
        self,
        world: CompiledRuleSet,
        *,
        as_needed: bool | None,
        regular: str,
    ) -> None:
        found = intake(world, make.medication("m1", "Magnesium oxide 400 mg BID prn", as_needed=as_needed))
        assert span(found)[0] == regular

    @pytest.mark.parametrize("given", [{"times_per_day": 2}, {"times": ["08:00", "20:00"]}])
    def test_times_given_are_regular_use(self, world: CompiledRuleSet, given: dict[str, Any]) -> None:
        found = intake(world, make.medication("m1", "Magnesium oxide 400 mg prn", **given))
        assert span(found)[0] == "482.4"

    def test_infusion_is_shown_and_not_counted(self, world: CompiledRuleSet) -> None:
        found = intake(world, make.medication("m1", "Magnesium sulfate 2 g IV"))
        assert span(found) == ("0", "0", "0")
        assert found["limits"] == []
        assert found["not_counted"] == [
            {
                "medication_id": "m1",
                "substance": {"id": "magnesium-sulfate", "name": "magnesium sulfate"},
                "sources": ["injection"],
                "basis": "infused or injected, and so no part of what is taken by mouth",
            }
        ]

    def test_nothing_is_computed_twice_for_a_repeated_line(self, world: CompiledRuleSet) -> None:
        text = make.medication("m1", "Magnesium oxide 400 mg BID")
        assert intake(world, text) == intake(world, text)

    def test_kidney_function(self) -> None:
        """The rules on magnesium and the kidney, each once, with their citations; other rules are not among them."""
        about = {"direction": "contraindicated_condition", "precipitant": make.party(make.MAGNESIUM)}
        rule = make.interaction("kidney", **about, when={"egfr": {"below": "30"}})
        other = make.interaction("heart", **about, when={"age_years": {"at_least": "1"}})
        always = make.interaction("always", **about)
        rules = make.compiled(*WORLD, rule, other, always)
        lines = (line("magnesium", "100", id="a"), line("magnesium oxide", "100", id="b"))
        patient = {"egfr": {"value": "20", "unit": "mL/min/1.73m2"}, "age_years": 60}
        [shown] = intake(rules, *lines, patient=patient)["kidney_function"]
        assert shown["interaction_id"] == "kidney"
        assert shown["applicability"] == "applies"
        assert shown["missing_facts"] == []
        assert shown["citations"][0]["id"] == make.SOURCE
        [shown] = intake(rules, *lines)["kidney_function"]
        assert shown["applicability"] == "may_apply"
        assert shown["missing_facts"] == ["patient.egfr"]


class TestProducts:
    """Products whose label says how much magnesium is in one unit."""

    def test_labelled(self, world: CompiledRuleSet) -> None:
        found = intake(world, line("Vitamix", times_per_day=2))
        assert span(found) == ("121", "121", "121")
        assert only(found)["basis"] == "60.5 mg of magnesium in one unit of the product, 2 a day"

    def test_several_units(self, world: CompiledRuleSet) -> None:
        assert span(intake(world, line("Vitamix", "3", "capsule")))[0] == "181.5"

    @pytest.mark.parametrize("text", ["Unlabelled", "magnesium mystery", "furosemide and magnesium oxide"])
    def test_not_labelled(self, world: CompiledRuleSet, text: str) -> None:
        assert span(intake(world, line(text, "3", "capsule"))) == (None, "0", None)


class TestUnknown:
    """What is missing is named, and the sum stays open."""

    @pytest.mark.parametrize(
        ("given", "facts"),
        [
            (line("magnesium oxide"), ["medications.m1.dose"]),
            (line("magnesium oxide", "2", "tablet"), ["medications.m1.dose"]),
            (line("magnesium oxide", "5", "mL"), ["medications.m1.dose"]),
            (line("magnesium oxide", "1", "puff"), ["medications.m1.dose"]),
            (line("magnesium oxide / magnesium citrate", "400"), ["medications.m1.dose"]),
            (make.medication("m1", "magnesium oxide"), ["medications.m1.dose", "medications.m1.times_per_day"]),
            (make.medication("m1", "magnesium 300 mg"), ["medications.m1.times_per_day"]),
            (line("magnesium sulfate"), ["medications.m1.dose", "medications.m1.route"]),
        ],
    )
    def test_missing_facts(self, world: CompiledRuleSet, given: dict[str, Any], facts: list[str]) -> None:
        found = intake(world, given)
        assert span(found) == (None, "0", None)
        assert missing(world, given) == facts

    @pytest.mark.parametrize(
        ("given", "facts"),
        [
            (line("magnesium oxide", "400"), ["medications.m1.dose.of"]),
            (line("magnesium oxide", "0.4", "G"), ["medications.m1.dose.of"]),
            (line("magnesium citrate", "2500"), ["medications.m1.dose.of"]),
            (line("magnesium mystery", "400"), ["medications.m1.dose.of"]),
            (line("magnesium citrate", "2500", of="salt"), ["medications.m1.dose"]),  # the hydrate is not known
            (line("magnesium citrate 2500 mg"), ["medications.m1.dose"]),
            (line("magnesium citrate 2500 mg", "1", "tablet"), ["medications.m1.dose"]),
            (line("magnesium oxide", "400", of="elemental"), []),
            (line("magnesium oxide", "400", of="salt"), []),
        ],
    )
    def test_where_the_mass_is_given_it_is_asked_of_what(
        self, world: CompiledRuleSet, given: dict[str, Any], facts: list[str]
    ) -> None:
        assert missing(world, given, above="300") == facts

    def test_basis_names_the_dose_that_says_nothing(self, world: CompiledRuleSet) -> None:
        assert only(intake(world, line("magnesium oxide", "5", "mL")))["basis"] == (
            "the magnesium in 5 mL is not known, 1 a day"
        )

    def test_unknown_route_may_bring_nothing(self, world: CompiledRuleSet) -> None:
        """Magnesium sulfate is drunk or injected; injected it does not count."""
        found = intake(world, line("magnesium sulfate", "1000", of="salt"))
        assert span(found) == (None, "0", "98.6")
        assert only(found)["basis"].endswith("the route is not known")


class TestRoutes:
    """Only what is taken by mouth counts."""

    @pytest.mark.parametrize("route", ["intravenous", "intramuscular", "topical", "rectal"])
    def test_other_routes(self, world: CompiledRuleSet, route: str) -> None:
        found = intake(world, line("magnesium sulfate", "1000", of="salt", route=route))
        assert span(found) == ("0", "0", "0")
        assert found["contributions"] == []
        assert found["limits"] == []

    def test_bath_salt(self, world: CompiledRuleSet) -> None:
        assert intake(world, make.medication("m1", "magnesium sulfate 500 g bath daily"))["contributions"] == []

    def test_by_mouth(self, world: CompiledRuleSet) -> None:
        assert span(intake(world, line("magnesium sulfate", "1000", of="salt", route="oral")))[0] == "98.6"

    def test_salt_known_by_its_class_only(self, world: CompiledRuleSet) -> None:
        """An unlisted salt counts by what its neighbours of the same ATC group are given by."""
        code = make.medication(
            "m1", codes={"atc": "A12CC99"}, dose={"value": "10", "unit": "mmol"}, times_per_day=1, route="oral"
        )
        assert span(intake(world, code))[0] == "243"


class TestSum:
    """Hidden sources are added up."""

    def test_three_sources(self, world: CompiledRuleSet) -> None:
        """241.217 + 98.6 x 2 + 60.5 = 498.94 mg."""
        found = intake(
            world,
            line("magnesium oxide", "400", of="salt", id="a"),
            line("magnesium sulfate", "1000", of="salt", id="b", route="oral", times_per_day=2),
            line("vitamix", id="c"),
            line("furosemide", "40", id="d"),
        )
        assert span(found) == ("498.9", "498.9", "498.9")
        assert [one["medication_id"] for one in found["contributions"]] == ["a", "b", "c"]

    def test_known_and_unknown(self, world: CompiledRuleSet) -> None:
        found = intake(world, line("magnesium", "300", id="a"), line("magnesium oxide", id="b"))
        assert span(found) == (None, "300", None)

    def test_exact_and_interval(self, world: CompiledRuleSet) -> None:
        found = intake(world, line("magnesium", "100", id="a"), line("magnesium citrate", "1000", of="salt", id="b"))
        assert span(found) == (None, "213.4", "261.6")

    def test_same_product_twice_adds_up(self, world: CompiledRuleSet) -> None:
        found = intake(world, line("magnesium", "100", id="a"), line("magnesium", "100", id="b"))
        assert span(found)[0] == "200"

    def test_no_source(self, world: CompiledRuleSet) -> None:
        assert span(intake(world, line("furosemide", "40"))) == ("0", "0", "0")

    def test_open_facts_are_named_once(self, world: CompiledRuleSet) -> None:
        lines = (line("magnesium oxide", id="a"), line("magnesium oxide", id="b"))
        assert missing(world, *lines) == ["medications.a.dose", "medications.b.dose"]


def test_bound_on_remembered_doses_is_no_bound_on_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules.intake, "MAXIMUM_AMOUNTS", 1)
    small = make.compiled(*WORLD)
    for _ in range(2):
        assert span(intake(small, line("magnesium", "100")))[0] == "100"
        assert span(intake(small, line("magnesium", "200")))[0] == "200"
        assert span(intake(small, line("magnesium oxide", "400", of="salt")))[0] == "241.2"
        assert span(intake(small, line("magnesium oxide", "400", of="elemental")))[0] == "400"
    assert max(len(entry.amounts) for entry in small.entries.values()) == 1


class TestLimits:
    """Upper levels for magnesium from supplements and medicines, for the patient's age."""

    LIMITS = (
        make.intake_limit("everybody", "250"),
        make.intake_limit("adults", "350", age_years={"at_least": "18"}),
        make.intake_limit("children", "65", age_years={"at_least": "1", "below": "4"}),
    )

    @pytest.fixture
    def limited(self) -> CompiledRuleSet:
        return make.compiled(*WORLD, *self.LIMITS, make.intake_limit("old", "1", status="withdrawn"))

    @pytest.mark.parametrize(
        ("milligrams", "exceeded"),
        [("249.999999999", False), ("250", False), ("250.000000001", True), ("251", True)],
    )
    def test_at_below_and_above(self, limited: CompiledRuleSet, milligrams: str, *, exceeded: bool) -> None:
        """The level itself is allowed."""
        limits = intake(limited, line("magnesium", milligrams), patient={"age_years": 10})["limits"]
        assert [(limit["id"], limit["mg_per_day"], limit["exceeded"]) for limit in limits] == [
            ("everybody", "250", exceeded)
        ]

    @pytest.mark.parametrize(
        ("patient", "names"),
        [
            ({}, ["adults", "everybody"]),  # not known: those without an upper age
            ({"age_years": 17}, ["everybody"]),
            ({"age_years": 18}, ["adults", "everybody"]),
            ({"age_years": 1}, ["children", "everybody"]),
            ({"age_years": 3}, ["children", "everybody"]),
            ({"age_years": 4}, ["everybody"]),
            ({"age_years": 0}, ["everybody"]),
        ],
    )
    def test_for_the_age(self, limited: CompiledRuleSet, patient: dict[str, Any], names: list[str]) -> None:
        limits = intake(limited, line("magnesium", "1"), patient=patient)["limits"]
        assert sorted(limit["id"] for limit in limits) == names

    def test_open_sum_decides_what_it_can(self, limited: CompiledRuleSet) -> None:
        """Between 241.2 and 400 mg: below 500 for sure, above 250 perhaps."""
        limits = intake(limited, line("magnesium oxide", "400"), patient={"age_years": 10})["limits"]
        assert [limit["exceeded"] for limit in limits] == [None]
        limits = intake(limited, line("magnesium oxide", "420"), patient={"age_years": 10})["limits"]
        assert [limit["exceeded"] for limit in limits] == [True]  # at least 253.3 mg
        limits = intake(limited, line("magnesium oxide", "250"), patient={"age_years": 10})["limits"]
        assert [limit["exceeded"] for limit in limits] == [False]  # at most 250 mg

    def test_unknown_dose(self, limited: CompiledRuleSet) -> None:
        limits = intake(limited, line("magnesium oxide"), patient={"age_years": 10})["limits"]
        assert [limit["exceeded"] for limit in limits] == [None]

    @pytest.mark.parametrize(
        ("text", "exceeded", "with_all"),
        [
            ("magnesium 100 mg BID prn", False, False),
            ("magnesium 200 mg BID prn", False, True),
            ("magnesium prn", False, None),
            ("magnesium oxide 500 mg daily", True, True),  # at least 301 mg
            ("aspirin", False, False),
        ],
    )
    def test_with_what_is_taken_when_needed(
        self,
        limited: CompiledRuleSet,
        text: str,
        *,
        exceeded: bool,
        with_all: bool | None,
    ) -> None:
        regular = make.medication("a", "magnesium 20 mg daily")
        limits = intake(limited, regular, make.medication("b", text), patient={"age_years": 10})["limits"]
        assert [(limit["exceeded"], limit["exceeded_with_as_needed"]) for limit in limits] == [(exceeded, with_all)]
        assert limits[0]["body"] == "A committee"
        assert limits[0]["text"]

    def test_they_cite(self, limited: CompiledRuleSet) -> None:
        limit = intake(limited, line("magnesium", "1"), patient={"age_years": 10})["limits"][0]
        assert limit["citations"][0]["id"] == make.SOURCE
        assert limit["name"] == "everybody"


LIQUIDS = (
    make.substance("magnesium-hydroxide", salt_form="hydroxide"),
    make.substance("magnesium-carbonate", salt_form="carbonate"),
    make.substance("magnesium-glycerophosphate", salt_form="glycerophosphate"),
    make.substance("magnesium-mystery", name="magnesium mystery"),
    make.substance("aluminium-hydroxide"),
    make.salt_form("hydroxide", "Mg(OH)2", label_strength="salt"),
    make.salt_form("carbonate", "MgCO3", "4MgCO3·Mg(OH)2·5H2O", label_strength="salt"),
    make.salt_form("glycerophosphate", "MgC3H7O6P"),
    make.product(
        "antacid",
        "aluminium-hydroxide",
        "magnesium-hydroxide",
        brands=["Alox"],
        codes={"rxnorm": ["77"]},
        presentations=[
            make.presentation("Alox liquid", "5", aluminium_hydroxide="175", magnesium_hydroxide="200"),
            make.presentation("Alox tablet", None, aluminium_hydroxide="400", magnesium_hydroxide="300"),
        ],
    ),
    make.product(
        "milk",
        "magnesium-hydroxide",
        brands=["Milky"],
        presentations=[
            make.presentation("of one country", "15", magnesium_hydroxide="1200"),
            make.presentation("of another", "5", magnesium_hydroxide="415"),
            make.presentation("of a third", "10", magnesium_hydroxide="800"),
        ],
    ),
    make.product(
        "foam",
        "aluminium-hydroxide",
        "magnesium-carbonate",
        brands=["Foam"],
        presentations=[
            make.presentation(
                "Foam liquid",
                "15",
                aluminium_hydroxide="95",
                magnesium_carbonate={"mg": "358", "elemental_magnesium_mg": "115"},
            ),
        ],
    ),
    make.product(
        "mixture",
        "magnesium-hydroxide",
        "magnesium-carbonate",
        brands=["Mixture"],
        presentations=[make.presentation("Mixture", "5", magnesium_hydroxide="100", magnesium_carbonate="250")],
    ),
    make.product(
        "solution",
        "magnesium-glycerophosphate",
        brands=["Glycero"],
        presentations=[
            make.presentation("Glycero", "5", magnesium_glycerophosphate={"elemental_magnesium_mg": "97.2"})
        ],
    ),
    make.product(
        "riddle",
        "magnesium-mystery",
        "magnesium-hydroxide",
        brands=["Riddle"],
        presentations=[make.presentation("Riddle", "5", magnesium_mystery="100")],
    ),
    make.product("unread", "aluminium-hydroxide", "magnesium-hydroxide", brands=["Unread"]),
    make.medication_class(
        make.MAGNESIUM,
        "magnesium-hydroxide",
        "magnesium-carbonate",
        "magnesium-glycerophosphate",
        "magnesium-mystery",
    ),
)


@pytest.fixture(scope="module")
def liquids() -> CompiledRuleSet:
    return make.compiled(*LIQUIDS)


class TestPresentations:
    """Millilitres and units of a product whose labels say what they hold.

    By hand: 41.676 % of the hydroxide (24.305 of 58.319) and 28.827 % of anhydrous carbonate are magnesium, 25.023 % of
    the basic one (121.525 of 485.646).
    """

    @pytest.mark.parametrize(
        ("given", "milligrams", "basis"),
        [
            (
                make.medication("m1", "Alox 10 mL four times a day"),
                "666.8",
                "10 mL of 200 mg in 5 mL of magnesium hydroxide is 166.7 mg of magnesium, 4 a day",
            ),
            (line("Alox", "2", "teaspoon"), "166.7", "10 mL of 200 mg in 5 mL of magnesium hydroxide is 166.7 mg"),
            (make.medication("m1", "Alox 175 mg/200 mg 5 mL daily"), "83.4", "5 mL of 200 mg in 5 mL of"),
            (make.medication("m1", "Alox 200 mg/175 mg per 5 mL 5 mL daily"), "83.4", "5 mL of 200 mg in 5 mL of"),
            (make.medication("m1", "Alox 175/200 5 mL daily"), "83.4", "5 mL of 200 mg in 5 mL of"),
            (make.medication("m1", "Alox 175-200 mg/5 mL 1 tsp daily"), "83.4", "5 mL of 200 mg in 5 mL of"),
            (make.medication("m1", "Alox 400/300 2 tablets daily"), "250.1", "300 mg of magnesium hydroxide is"),
            (make.medication("m1", "Alox 2 tablets daily"), "250.1", "300 mg of magnesium hydroxide is 125 mg of"),
            (make.medication("m1", "Alox 400 mg/300 mg 1 tablet daily"), "125", "300 mg of magnesium hydroxide is"),
            (make.medication("m1", "Milky 400 mg/5 mL 15 mL daily"), "500.1", "15 mL of 1200 mg in 15 mL of"),
            (make.medication("m1", "Milky 300 mg/5 mL 5 mL daily"), "125", "5 mL of 300 mg in 5 ml of"),  # none of them
            (make.medication("m1", "Foam 30 mL daily"), "230", "30 mL of 115 mg in 15 mL of magnesium is 230 mg"),
            (line("Foam", "1", "tbsp"), "115", "15 mL of 115 mg in 15 mL of magnesium is 115 mg, 1 a day"),
            (
                make.medication("m1", "Glycero 10 mL daily"),
                "194.4",
                "10 mL of 97.2 mg in 5 mL of magnesium is 194.4 mg",
            ),
            (
                make.medication("m1", "Glycero 97.2 mg/5 mL 10 mL daily"),
                "194.4",
                "10 mL of 97.2 mg in 5 mL of magnesium",
            ),
        ],
    )
    def test_sum(self, liquids: CompiledRuleSet, given: dict[str, Any], milligrams: str, basis: str) -> None:
        found = intake(liquids, given)
        assert span(found) == (milligrams, milligrams, milligrams)
        assert only(found)["basis"].startswith(basis)

    def test_code(self, liquids: CompiledRuleSet) -> None:
        coded = make.medication("m1", None, codes=[{"system": "rxnorm", "code": "77"}])
        found = intake(liquids, {**coded, "dose": {"value": "10", "unit": "mL"}, "times_per_day": 4})
        assert span(found) == ("666.8", "666.8", "666.8")

    def test_labels_that_differ_are_all_possible(self, liquids: CompiledRuleSet) -> None:
        """1200 mg in 15 mL and 800 mg in 10 mL are the same; 415 mg in 5 mL is a little more."""
        given = make.medication("m1", "Milky 30 mL daily")
        found = intake(liquids, given)
        assert span(found) == (None, "1000.2", "1037.7")
        assert only(found)["basis"] == (
            "30 mL is 1000.2 to 1037.7 mg of magnesium, depending on the product: of one country, of another, 1 a day"
        )
        assert missing(liquids, given, above="1010") == ["medications.m1.dose"]
        assert missing(liquids, given, above="1038") == []

    def test_unit_of_tablets_that_differ(self) -> None:
        product = make.product(
            "twice",
            "magnesium-hydroxide",
            brands=["Twice"],
            presentations=[
                make.presentation("small", None, magnesium_hydroxide="100"),
                make.presentation("large", None, magnesium_hydroxide="300"),
            ],
        )
        found = intake(make.compiled(*LIQUIDS, product), make.medication("m1", "Twice 2 tablets daily"))
        assert span(found) == (None, "83.4", "250.1")
        assert only(found)["basis"].startswith(
            "one unit is 41.7 to 125 mg of magnesium, depending on the product: small"
        )

    def test_two_salts_in_one_liquid(self, liquids: CompiledRuleSet) -> None:
        found = intake(liquids, make.medication("m1", "Mixture 10 mL daily"))
        assert [one["elemental_mg_per_day_maximum"] for one in found["contributions"]] == ["83.4", "144.1"]
        assert span(found) == (None, "208.5", "227.5")

    def test_a_strength_of_another_medicine_on_the_line_is_not_its_own(self, liquids: CompiledRuleSet) -> None:
        [contribution] = intake(liquids, make.medication("m1", "aluminium hydroxide 40 mg; Milky"))["contributions"]
        assert contribution["elemental_mg_per_day"] is None

    @pytest.mark.parametrize(
        ("text", "basis"),
        [
            ("Unread 10 mL daily", "the magnesium in 10 mL is not known, 1 a day"),
            ("Alox 400/400 10 mL daily", "the magnesium in 10 mL is not known, 1 a day"),  # on no label
            ("Alox 400 mg/400 mg 10 mL daily", "the magnesium in 10 mL is not known, 1 a day"),
            ("Foam 2 tablets daily", "the dose is not known, 1 a day"),
            ("Foam daily", "the dose is not known, 1 a day"),
            ("Milky 5-10 mL daily", "the amount taken is no single number, 1 a day"),
        ],
    )
    def test_what_no_label_says_is_not_known(self, liquids: CompiledRuleSet, text: str, basis: str) -> None:
        given = make.medication("m1", text)
        found = intake(liquids, given)
        assert span(found) == (None, "0", None)
        assert only(found)["basis"] == basis
        assert missing(liquids, given) == ["medications.m1.dose"]

    def test_substance_that_a_label_leaves_out(self, liquids: CompiledRuleSet) -> None:
        """It holds magnesium hydroxide too, and nobody knows how much; of the other salt nobody knows the formula."""
        found = intake(liquids, make.medication("m1", "Riddle 5 mL daily"))
        assert [one["elemental_mg_per_day_maximum"] for one in found["contributions"]] == ["100", None]


def test_dose_times_of_some_days_only_are_no_count_of_every_day(world: CompiledRuleSet) -> None:
    mondays = line("magnesium oxide 400 mg tablet, 3 days a week", times=["08:00"])
    found = intake(world, mondays)
    assert span(found) == (None, "0", None)
    assert found["contributions"][0]["basis"].endswith("how often it is taken is not known")
    # The caller's own number of times a day is one of every day.
    stated = line("magnesium oxide 400 mg tablet, 3 days a week", times_per_day=1)
    assert span(intake(world, stated))[0] == "241.2"
    assert span(intake(world, line("magnesium oxide 400 mg tablet", times=["08:00"])))[0] == "241.2"
