"""Laws about facts: sources of every finding, facts that are missing, limits and units (I6, I9, I10, I11)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from hypothesis import strategies as st
from pydantic import ValidationError

from rules import CompiledRuleSet, RuleSet
from rules.canonical import digest
from rules.documents import Bounds, Expression
from rules.errors import QuantityError
from rules.quantities import AMOUNT_UNITS, MASS_UNITS, magnesium_milligrams, milligrams, serum_mmol_per_l
from rules.reading import routes_of_form
from rules.report import CheckReport, Finding
from rules.terms import DoseForm, ObservationKind, Route
from tests import factories
from tests.property.laws import (
    CERTAINTY,
    RANK,
    Law,
    about_the_same,
    ask,
    compiled,
    medications_of,
    partners,
    subject,
    with_lines,
)
from tests.strategies import (
    DOSES,
    LIMITS,
    SERUM_VALUES,
    STARTS,
    VALUES,
    Json,
    World,
    worlds,
)

# --- I6 ---------------------------------------------------------------------------------------------------------------


def every_finding_shows_its_grounds(world: World) -> None:
    """I6: no finding without source, rule id and version, severity, mechanism, action and the inputs it used."""
    rules = compiled(world.rule_set)
    report = ask(rules, world.body)
    records = {record.id: record for record in world.rule_set.interactions}
    citations = {record.id: record for record in world.rule_set.citations}
    assert report["rule_set"] == {"version": rules.version, "digest": rules.digest}, "which rules answered?"
    for finding in report["findings"]:
        record = records[finding["interaction_id"]]
        assert finding["record_digest"] == digest(record), "the version of the rule is not the record's"
        texts = (finding["title"], finding["mechanism"], finding["effect"], finding["management"]["text"])
        assert all(texts), "a text is missing"
        assert finding["management"]["action"]
        assert finding["management"]["patient_text"]
        assert finding["severity"] in RANK
        assert finding["last_reviewed_on"] == record.last_reviewed_on.isoformat()
        late = report["as_of"] is not None and date.fromisoformat(report["as_of"]) > record.review_due_on
        assert finding["review_overdue"] is late
        _has_sources(finding, [reference.citation for reference in record.evidence.citations], citations)
        _shows_inputs(finding)


def _has_sources(finding: Finding, needed: list[str], citations: dict[str, Any]) -> None:
    shown = finding["evidence"]["citations"]
    assert shown, "no source"
    assert set(needed) <= {one["id"] for one in shown}, "a source of the record is not shown"
    for one in shown:
        assert one["address"] == citations[one["id"]].address
        assert one["address"].startswith("https://")
        assert one["title"]
    best = max(citations[one["id"]].verification.rank for one in shown)
    assert {"primary_text": 3, "second_hand": 2, "unverified": 1}[finding["evidence"]["verification"]] == best


def _shows_inputs(finding: Finding) -> None:
    why = finding["why"]
    assert why, "no reason"
    assert all(reason["outcome"] != "does_not_apply" for reason in why), "a reason speaks against the finding"
    details = [reason["detail"] for reason in why]
    for name in finding["medication_ids"]:
        assert any(detail.startswith(f"{name}: ") for detail in details), f"{name} is not explained"
    lacking = {fact for reason in why for fact in reason.get("missing_facts", ())}
    lacking |= {fact for factor in finding["open_factors"] for fact in factor["missing_facts"]}
    assert lacking == set(finding["missing_facts"]), "missing facts and reasons do not agree"
    open_ = finding["applicability"] == "may_apply" or finding["severity"] != finding["severity_ceiling"]
    assert not open_ or lacking, "it is open and names no fact"


I6 = Law(worlds(), every_finding_shows_its_grounds)


# --- I9 ---------------------------------------------------------------------------------------------------------------


class Filling:
    """A missing fact, the values it could have, and the names under which a report may ask for it."""

    def __init__(self, names: set[str], bodies: list[Json]) -> None:
        """``bodies``: the request with each of the values."""
        self.names = names
        self.bodies = bodies


def _patient_with(body: Json, **facts: object) -> Json:
    return {**body, "patient": {**body.get("patient", {}), **facts}}


def _reads(expression: Expression | None, key: str) -> bool:
    return expression is not None and f'"{key}"' in expression.model_dump_json(exclude_none=True)


def _implied(rule_set: RuleSet, report: CheckReport) -> tuple[list[Bounds], bool]:
    """The eGFR bands of the listed conditions, and whether one of them says something about dialysis."""
    listed = {term["id"] for term in report["conditions"]}
    implies = [record.implies for record in rule_set.conditions if record.id in listed and record.implies is not None]
    return [one.egfr for one in implies if one.egfr is not None], any(one.dialysis is not None for one in implies)


def _within(value: str, bands: list[Bounds]) -> bool:
    number = Decimal(value)
    return all(
        (band.below is None or number < band.below)
        and (band.at_most is None or number <= band.at_most)
        and (band.above is None or number > band.above)
        and (band.at_least is None or number >= band.at_least)
        for band in bands
    )


def _patient_fillings(world: World, report: CheckReport) -> Iterator[Filling]:
    body = world.body
    patient = body.get("patient", {})
    bands, about_dialysis = _implied(world.rule_set, report)
    if "egfr" not in patient:
        # A value outside what a listed condition says is no plausible value of this patient.
        values = [value for value in VALUES["egfr"] if _within(value, bands)]
        bodies = [_patient_with(body, egfr={"value": value, "unit": "mL/min/1.73m2"}) for value in values]
        yield Filling({"patient.egfr", "patient.dialysis"}, bodies)
        if "dialysis" not in patient and not bands and not about_dialysis:
            yield Filling({"patient.dialysis"}, [_patient_with(body, dialysis=value) for value in (True, False)])
    if "age_years" not in patient:
        yield Filling(
            {"patient.age_years"}, [_patient_with(body, age_years=int(value)) for value in VALUES["age_years"]]
        )
    if "sex" not in patient:
        yield Filling({"patient.sex"}, [_patient_with(body, sex=one) for one in ("female", "male")])
    if "pregnancy" not in patient and patient.get("sex") != "male":  # nobody is asked whether a man is pregnant
        told = {"patient.pregnancy", *(["patient.sex"] if "sex" not in patient else [])}  # a pregnancy tells both
        yield Filling(told, [_patient_with(body, pregnancy=one) for one in ("pregnant", "not_pregnant")])


def _list_fillings(world: World) -> Iterator[Filling]:
    """Laboratory values and the list of conditions.

    A population that only a laboratory value keeps open counts as absent, as the engine's words say: nobody is asked
    for a laboratory value because of a population. Rule sets that derive one so are left out.
    """
    body = world.body
    derived = [record.present_when for record in world.rule_set.conditions]
    for kind, values in SERUM_VALUES.items():
        known = any(one["kind"] == kind for one in body.get("observations", ()))
        if not known and not any(_reads(one, kind) for one in derived):
            given = body.get("observations", [])
            bodies = [
                {**body, "observations": [*given, {"kind": kind, "value": value, "unit": unit}]}
                for value, unit in values
            ]
            yield Filling({f"observations.{kind}"}, bodies)
    if "conditions" not in body and "egfr" not in body.get("patient", {}):
        by_value = {
            one.id for one in world.rule_set.conditions if any(_reads(one.present_when, k) for k in SERUM_VALUES)
        }
        names = [record.id for record in world.rule_set.conditions if record.id not in by_value][:12]
        bodies = [{**body, "conditions": listed} for listed in ([], *([{"text": name}] for name in names))]
        yield Filling({"conditions", "patient.egfr", "patient.dialysis"}, bodies)


def _line_fillings(world: World, report: CheckReport) -> Iterator[Filling]:
    body = world.body
    routes = {line["id"]: line["routes"] for line in report["medications"]}
    for index, line in enumerate(body["medications"]):

        def filled(index: int = index, **more: object) -> Json:
            lines = list(body["medications"])
            lines[index] = {**lines[index], **more}
            return with_lines(body, lines)

        name = f"medications.{line['id']}"
        labelled = _labelled(world.rule_set, line)
        possible = routes[line["id"]] or ["oral", "intravenous", "topical"]
        if "route" not in line:
            yield Filling({f"{name}.route"}, [filled(route=route) for route in possible])
        if "dose_form" not in line and not labelled:
            forms = [form for form in DoseForm if _fits(form, possible)]
            yield Filling({f"{name}.dose_form", f"{name}.route"}, [filled(dose_form=form.value) for form in forms])
        if "dose" not in line and not labelled:
            # A product's label says what one unit holds, and one unit is what it is taken for without a dose.
            doses = [{"value": value, "unit": unit} for value, unit in DOSES]
            doses += [{**dose, "of": basis} for dose in doses for basis in ("salt", "elemental")]
            yield Filling({f"{name}.dose", f"{name}.times_per_day"}, [filled(dose=dose) for dose in doses])
        if "times_per_day" not in line and "times" not in line:
            yield Filling(
                {f"{name}.dose", f"{name}.times_per_day"}, [filled(times_per_day=times) for times in (1, 2, 3, 24)]
            )
        if "started_on" not in line:
            yield Filling({f"{name}.started_on"}, [filled(started_on=start) for start in STARTS])


def _labelled(rule_set: RuleSet, line: Json) -> bool:
    """Whether the line is a product whose label says its form or what one unit holds."""
    for product in rule_set.products:
        if product.dose_form is not None or any(one.elemental_magnesium_mg for one in product.ingredients):
            names = {name.lower() for name in (product.name, *product.synonyms, *product.brands)}
            codes = {*product.codes.rxnorm, *product.codes.atc}
            if line.get("text", "").lower() in names or any(one["code"] in codes for one in line.get("codes", ())):
                return True
    return False


def _fits(form: DoseForm, possible: list[str]) -> bool:
    routes = routes_of_form(form)
    return not routes or not set(routes).isdisjoint(Route(name) for name in possible)


def fillings(world: World, report: CheckReport) -> list[Filling]:
    """Every fact that is missing from the question."""
    return [*_patient_fillings(world, report), *_list_fillings(world), *_line_fillings(world, report)]


def _silent_by_design(rule_set: RuleSet, finding: Finding, names: set[str]) -> bool:
    """Nobody is asked for a condition that nobody mentioned, nor for a fact because of a population alone."""
    record = next(one for one in rule_set.interactions if one.id == finding["interaction_id"])
    return bool(record.conditions) and ("conditions" in names or not (record.affected or record.precipitant))


def _covered(finding: Finding, before: list[Finding], medication: str | None, names: set[str]) -> bool:
    """Whether the finding was there without the fact: as bad at worst, and naming the fact if it makes a change."""
    for one in about_the_same(finding, before, medication):
        bad_enough = RANK[one["severity_ceiling"]] >= RANK[finding["severity"]]
        changed = (
            RANK[one["severity"]] < RANK[finding["severity"]]
            or CERTAINTY[one["applicability"]] < CERTAINTY[finding["applicability"]]
        )
        if bad_enough and (not changed or names & set(one["missing_facts"])):
            return True
    return False


_VALUES_A_FACT = 3  # tried of each missing fact; which ones is part of the case


def missing_is_never_milder(case: tuple[World, int]) -> None:
    """I9: whatever a missing fact turns out to be, nothing is then found that was not there or not as bad before.

    In the reading the project chose: a finding that depends on the fact is there already, as `may_apply` or with a
    `severity_ceiling` at least as high, and names the fact.
    """
    world, number = case
    rules = compiled(world.rule_set)
    report = ask(rules, world.body)
    for filling in fillings(world, report):
        count = len(filling.bodies)
        for step in range(min(count, _VALUES_A_FACT)):
            body = filling.bodies[(number + step * (count // _VALUES_A_FACT or 1)) % count]
            _nothing_new(world.rule_set, ask(rules, body), report, filling.names)


def _nothing_new(rule_set: RuleSet, known: CheckReport, missing: CheckReport, names: set[str]) -> None:
    for finding in known["findings"]:
        if _silent_by_design(rule_set, finding, names):
            continue
        for medication in medications_of(finding):
            assert _covered(finding, missing["findings"], medication, names), (
                f"{subject(finding)} about {medication} is milder, absent or does not name its fact"
                f" without {sorted(names)}"
            )
        found = {name for one in about_the_same(finding, missing["findings"], None) for name in partners(one)}
        assert partners(finding) <= found, "a partner appears only when the fact is known"


I9 = Law(st.tuples(worlds(), st.integers(0, 999)), missing_is_never_milder)


# --- I10 --------------------------------------------------------------------------------------------------------------

_AS_OF = date(2026, 11, 22)


def _months_before(months: int) -> date:
    year, month = divmod(_AS_OF.year * 12 + _AS_OF.month - 1 - months, 12)
    return date(year, month + 1, _AS_OF.day)


@st.composite
def _limits(draw: st.DrawFn) -> tuple[str, str, Decimal, list[tuple[int, Json]]]:
    """A key, a bound, a limit, and questions with a value under (-1), on (0) and over (1) the limit."""
    key = draw(st.sampled_from(tuple(LIMITS)))
    bound = draw(st.sampled_from(("below", "at_most", "above", "at_least")))
    line: Json = {"id": "m", "text": "magnesium", "times_per_day": 1, "dose": {"value": "1", "unit": "mg"}}
    if key == "age_years":
        limit = Decimal(draw(st.integers(1, 120)))
        steps = [(step, {"medications": [line], "patient": {"age_years": int(limit) + step}}) for step in (-1, 0, 1)]
        return key, bound, limit, steps
    if key in {"duration_days", "duration_months"}:
        length = draw(st.integers(1, 200))
        start = _months_before(length) if key == "duration_months" else _AS_OF - timedelta(length)
        days = draw(st.integers(1, 400))
        steps = [
            (step, {"medications": [{**line, "started_on": day.isoformat()}], "as_of": _AS_OF.isoformat()})
            for step, day in ((-1, start + timedelta(days)), (0, start), (1, start - timedelta(days)))
        ]
        return key, bound, Decimal(length), steps
    unit = Decimal(1).scaleb(-draw(st.integers(0, 9)))
    value = draw(st.integers(2, 10**9 - 2)) * unit
    if value >= 10**8:
        value = Decimal("123.45")
    steps = []
    times = draw(st.sampled_from((1, 2, 3))) if key in {"daily_dose_mg", "elemental_mg_per_day"} else 1
    for step in (-1, 0, 1):
        text = f"{value + step * unit:f}"
        if key == "egfr":
            body: Json = {"medications": [line], "patient": {"egfr": {"value": text, "unit": "mL/min"}}}
        elif key.startswith("serum_"):
            body = {"medications": [line], "observations": [{"kind": key, "value": text, "unit": "mmol/L"}]}
        else:
            dose = {"value": text, "unit": "mg", "of": "elemental"}
            body = {"medications": [{**line, "dose": dose, "times_per_day": times}]}
        steps.append((step, body))
    return key, bound, value * times, steps


def limits_are_exact(case: tuple[str, str, Decimal, list[tuple[int, Json]]]) -> None:
    """I10: a rule changes exactly at its limit, to the last digit a question can hold, and only once."""
    key, bound, limit, questions = case
    rules = factories.compiled(
        factories.substance("magnesium"),
        factories.medication_class(factories.MAGNESIUM, "magnesium"),
        factories.interaction("limit", precipitant=factories.party(factories.MAGNESIUM), when={key: {bound: limit}}),
        factories.interaction(
            "factor",
            precipitant=factories.party(factories.MAGNESIUM),
            factors=[factories.factor("over", "major", {"not": {key: {bound: limit}}})],
        ),
    )
    allowed = {"below": {-1}, "at_most": {-1, 0}, "above": {1}, "at_least": {0, 1}}[bound]
    for step, body in questions:
        found = {finding["interaction_id"]: finding for finding in ask(rules, body)["findings"]}
        assert ("limit" in found) == (step in allowed), f"{key} {bound} {limit}: wrong at {body}"
        assert found["factor"]["severity"] == ("moderate" if step in allowed else "major")
        assert found["factor"]["missing_facts"] == []


I10 = Law(_limits(), limits_are_exact)


# --- I11 --------------------------------------------------------------------------------------------------------------

_UNITS_OF_MAGNESIUM = st.integers(1, 99_999).map(lambda thousandths: Decimal(thousandths) / 1000)


def _magnesium_rules(limit: Decimal) -> CompiledRuleSet:
    return factories.compiled(
        factories.substance("magnesium"),
        factories.substance("magnesium-oxide", salt_form="oxide"),
        factories.substance("magnesium-mystery"),
        factories.salt_form("oxide", "MgO"),
        factories.medication_class(factories.MAGNESIUM, "magnesium", "magnesium-oxide", "magnesium-mystery"),
        factories.interaction(
            "much",
            scope="list",
            precipitant=factories.party(factories.MAGNESIUM),
            when={"elemental_mg_per_day": {"at_least": limit}},
        ),
        factories.reference_range("serum_magnesium", "0.7"),
    )


def units_mean_what_they_say(millimoles: Decimal) -> None:
    """I11: 1 mmol = 24.305 mg = 2 mEq of magnesium, in every unit and spelling, exactly and through the engine."""
    mass = millimoles * Decimal("24.305")
    written = {
        "mmol": millimoles,
        "mEq": millimoles * 2,
        "meq": millimoles * 2,
        "mg": mass,
        "g": mass / 1000,
        "mcg": mass * 1000,
        "ug": mass * 1000,
        "\u00b5g": mass * 1000,
        "\u03bcg": mass * 1000,
        "MG": mass,
    }
    exact = Fraction(mass)
    rules = _magnesium_rules(mass)
    reports = []
    for unit, value in written.items():
        assert magnesium_milligrams(value, unit) == exact, f"{value} {unit} is not {mass} mg"
        dose = {"value": f"{value:f}", "unit": unit, "of": "elemental"}
        report = ask(rules, {"medications": [{"id": "m", "text": "magnesium", "times_per_day": 1, "dose": dose}]})
        assert [one["interaction_id"] for one in report["findings"]] == ["much"], f"{value} {unit} is not {mass} mg"
        reports.append(report["magnesium_intake"]["elemental_mg_per_day"])
    assert len(set(reports)) == 1, f"units differ: {reports}"
    _salts(mass)
    _serum(millimoles)


def _salts(mass: Decimal) -> None:
    """A salt is turned into magnesium by its formula and only by it."""
    share = Fraction(Decimal("24.305")) / Fraction(Decimal("24.305") + Decimal("15.999"))
    magnesium = Fraction(mass) * share
    rules = _magnesium_rules(Decimal(0))
    dose = {"value": f"{mass:f}", "unit": "mg", "of": "salt"}
    line = {"id": "m", "times_per_day": 1, "dose": dose}
    oxide = ask(rules, {"medications": [{**line, "text": "magnesium oxide"}]})["magnesium_intake"]
    shown = oxide["elemental_mg_per_day"]
    assert shown is not None
    assert abs(Fraction(shown) - magnesium) <= Fraction(1, 20), f"{mass} mg of oxide is not {shown} mg of magnesium"
    mystery = ask(rules, {"medications": [{**line, "text": "magnesium mystery"}]})["magnesium_intake"]
    assert mystery["elemental_mg_per_day"] is None, "a salt without a formula was turned into magnesium"


def _serum(millimoles: Decimal) -> None:
    kind = ObservationKind.SERUM_MAGNESIUM.value
    for unit, value in (
        ("mmol/L", millimoles),
        ("MMOL/L", millimoles),
        ("mEq/L", millimoles * 2),
        ("mg/dL", millimoles * Decimal("2.4305")),
    ):
        assert serum_mmol_per_l(kind, value, unit) == Fraction(millimoles), f"{value} {unit}"


I11 = Law(_UNITS_OF_MAGNESIUM, units_mean_what_they_say)


def _refused(ask_for: Callable[[], object], fault: type[Exception]) -> bool:
    try:
        ask_for()
    except fault:
        return True
    return False


def unknown_units_are_refused(unit: str) -> None:
    """I11: a unit that is not in the table is an error in the question and in every conversion, never a guess."""
    if unit.lower() in {known.lower() for known in (*MASS_UNITS, *AMOUNT_UNITS)}:
        return
    assert _refused(lambda: milligrams(Decimal(1), unit), QuantityError), f"{unit!r} is a unit of mass"
    assert _refused(lambda: magnesium_milligrams(Decimal(1), unit), QuantityError), f"{unit!r} measures magnesium"
    amount = {"value": "1", "unit": f"x{unit}"}
    dosed: Json = {"medications": [{"id": "a", "text": "alvorin", "dose": amount}]}
    assert _refused(lambda: factories.question(dosed), ValidationError), f"a dose in x{unit!r}"
    measured: Json = {"medications": [], "observations": [{"kind": "serum_calcium", **amount}]}
    assert _refused(lambda: factories.question(measured), ValidationError), f"a value in x{unit!r}"


I11_REFUSED = Law(
    st.one_of(
        st.text(min_size=1, max_size=12), st.sampled_from(("mgs", "m g", "Mg2+", "IU", "kilogram", "mL", "%", "µ"))
    ),
    unknown_units_are_refused,
)
