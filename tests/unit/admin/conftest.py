"""The editor over a few made-up records, with a day of our own."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import date

import pytest
from starlette.testclient import TestClient

from rules import CompiledRuleSet, compile_rule_set
from rules.model import Case, RuleSet
from service.application import bench
from service.application.active import ActiveRuleSet
from service.main import create_app
from service.settings import Environment, Settings
from tests import factories as make

TODAY = date(2026, 11, 23)
# What somebody might write into a rule to have it run in a reader's browser, or by a template engine.
HOSTILE = (
    "<script>marker()</script> \" onmouseover='marker()' {{ 7*7 }} ${7*7} {% raw %} "
    "</title><img src=x onerror=marker()>"
)


def rule_set() -> RuleSet:
    records = make.rule_set(
        make.substance("ciprofloxacin", brands=["Ciproxin"], routes=["oral", "intravenous"]),
        make.substance("moxifloxacin"),
        make.substance("magnesium-oxide"),
        make.substance("furosemide", brands=["Lasix"]),
        make.medication_class("fluoroquinolones", "ciprofloxacin", "moxifloxacin"),
        make.medication_class("loop-diuretics", "furosemide"),
        make.medication_class(make.MAGNESIUM, "magnesium-oxide"),
        make.condition("kidney-disease", magnesium_effect="high", text=HOSTILE),
        make.interaction(
            "fluoroquinolones-with-magnesium",
            title="Quinolones with magnesium",
            direction="magnesium_alters_drug",
            severity="moderate",
            affected=make.party("fluoroquinolones", routes=["oral"]),
            precipitant=make.party(make.MAGNESIUM),
            when={"all": [{"egfr": {"below": "30"}}, {"not": {"conditions": ["kidney-disease"]}}]},
            management={
                "action": "separate_doses",
                "text": "Consider separating the doses.",
                "patient_text": "Please ask when to take each.",
                "separation": {"magnesium_first_hours": 6, "drug_first_hours": 2},
            },
            variants=[
                {
                    "substances": ["moxifloxacin"],
                    "severity": "major",
                    "separation": {"magnesium_first_hours": 8, "drug_first_hours": 4},
                    "evidence": make.evidence(),
                }
            ],
        ),
        make.interaction(
            "loop-diuretics-deplete-magnesium",
            title="Loop diuretics <b>deplete</b> magnesium",
            direction="depletes_magnesium",
            severity="minor",
            last_reviewed_on="2024-11-22",  # two years and a day before the day of these tests
            affected=make.party("loop-diuretics"),
            mechanism=HOSTILE,
        ),
        make.interaction(
            "withdrawn-one", status="withdrawn", last_reviewed_on="2020-01-01", affected={"substances": ["furosemide"]}
        ),
    )
    cases = [
        {
            "id": "quinolone-fires",
            "kind": "fires",
            "expect": {"findings": [{"interaction": "fluoroquinolones-with-magnesium"}]},
        },
        {"id": "quinolone-fails", "kind": "quiet", "expect": {"absent": ["fluoroquinolones-with-magnesium"]}},
    ]
    lists = {
        "medications": [
            {"id": "m1", "text": "ciprofloxacin", "route": "oral"},
            {"id": "m2", "text": "magnesium oxide", "route": "oral"},
        ],
        "patient": {"egfr": {"value": "20", "unit": "mL/min/1.73m2"}},
        "conditions": [],
    }
    built = tuple(
        Case.model_validate_json(
            json.dumps(
                {
                    "last_reviewed_on": make.REVIEWED,
                    "interaction": "fluoroquinolones-with-magnesium",
                    "title": f"The case {one['id']}",
                    "rationale": "It shows something.",
                    "citations": make.references(),
                    "profile": lists,
                    **one,
                }
            )
        )
        for one in cases
    )
    return records.model_copy(update={"cases": built})


@pytest.fixture(scope="session")
def active() -> ActiveRuleSet:
    return ActiveRuleSet(compile_rule_set(rule_set(), version=7))


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch) -> list[RuleSet]:
    """What the bench compiles from now on."""
    seen: list[RuleSet] = []

    def counted(records: RuleSet) -> CompiledRuleSet:
        seen.append(records)
        return compile_rule_set(records)

    monkeypatch.setattr(bench, "compile_rule_set", counted)
    return seen


@pytest.fixture
def client(active: ActiveRuleSet) -> Iterator[TestClient]:
    app = create_app(Settings(environment=Environment.DEVELOPMENT), active, today=lambda: TODAY)
    with TestClient(app, base_url="http://localhost", client=("127.0.0.1", 50000)) as client:
        yield client


@pytest.fixture
def stranger(active: ActiveRuleSet) -> Iterator[TestClient]:
    """Somebody who is not known, where not everybody is."""
    app = create_app(Settings(environment=Environment.PRODUCTION), active, today=lambda: TODAY)
    with TestClient(app, base_url="https://localhost", follow_redirects=False) as client:
        yield client


def results(page: str) -> list[str]:
    """The ids of the records a page of results shows, in order."""
    return re.findall(r'href="/admin/records/[a-z_]+/([a-z0-9-]+)" data-result', page)
