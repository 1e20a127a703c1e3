"""An application over a few made-up records."""

from __future__ import annotations

import io
import json
import logging
import sys
from collections.abc import Callable, Iterator
from datetime import date
from itertools import count
from typing import Any

import pytest

from rules import CompiledRuleSet, compile_rule_set
from rules.model import Case, Guidance, RuleSet
from service.application.active import ActiveRuleSet
from service.main import Application, create_app
from service.settings import Environment, Settings
from service.telemetry import configure_logging
from tests import factories as make
from tests.unit.api.contract_client import ContractClient

TODAY = date(2026, 11, 22)


def make_rule_set() -> RuleSet:
    """At least one record of each kind, and strings that look like templates to somebody careless."""
    records = make.rule_set(
        make.substance(
            "furosemide",
            synonyms=["frusemide"],
            brands=["Lasix"],
            codes={"rxnorm": ["4603"], "atc": ["C03CA01"]},
        ),
        make.substance("bumetanide", codes={"rxnorm": ["1808"], "atc": ["C03CA02"]}),
        make.substance("ciprofloxacin", brands=["Cipro"], codes={"rxnorm": ["2551"]}, routes=["oral", "intravenous"]),
        make.substance("magnesium-oxide", codes={"rxnorm": ["6582"]}, salt_form="oxide"),
        make.substance("paracetamol"),
        make.salt_form("oxide", "MgO"),
        make.salt_form("citrate", "Mg3(C6H5O7)2", "Mg3(C6H5O7)2·9H2O"),
        make.product("co-amilofruse", "furosemide"),
        make.medication_class("loop-diuretics", "furosemide", "bumetanide"),
        make.medication_class("fluoroquinolones", "ciprofloxacin"),
        make.medication_class(make.MAGNESIUM, "magnesium-oxide"),
        make.condition("alcohol-use-disorder", synonyms=["alcoholism"], icd10cm=["F10"]),
        make.condition("kidney-disease", magnesium_effect="high"),
        make.symptom("muscle-cramps", synonyms=["cramps"]),
        make.symptom("weak-reflexes", level="high", stage="severe"),
        make.reference_range(),
        make.intake_limit(),
        make.citation("label", kind="label", verification="second_hand", doi="10.1000/xyz", publisher="A publisher"),
        make.interaction(
            "loop-diuretics-deplete-magnesium",
            released_on=None,
            direction="depletes_magnesium",
            affected=make.party("loop-diuretics"),
            title="Loop diuretics {{7*7}} ${7*7}",
            mechanism="Literal: {0.__class__} %(x)s {% if x %} <script>alert(1)</script>.",
            factors=[make.factor("low-egfr", "major", {"egfr": {"below": "30"}})],
        ),
        make.interaction(
            "fluoroquinolones-with-magnesium",
            direction="magnesium_alters_drug",
            severity="major",
            affected=make.party("fluoroquinolones", routes=["oral"]),
            precipitant=make.party(make.MAGNESIUM),
            when={"not": {"conditions": ["kidney-disease"]}},
        ),
        make.attribution(),
        make.interaction("withdrawn-one", status="withdrawn", affected={"substances": ["paracetamol"]}),
        make.interaction(
            "not-bumetanide",
            affected=make.party("loop-diuretics", except_substances=["bumetanide"]),
            when={"all": [{"age_years": {"at_least": "65"}}, {"sex": "female"}]},
        ),
    )
    guidance = Guidance.model_validate(
        {
            "id": "testing",
            "last_reviewed_on": make.REVIEWED,
            "topic": "testing",
            "title": "Testing for magnesium",
            "text": "A sentence about testing.",
            "citations": make.references(),
        }
    )
    written = {
        "id": "loop-diuretic-fires",
        "last_reviewed_on": make.REVIEWED,
        "interaction": "loop-diuretics-deplete-magnesium",
        "kind": "fires",
        "title": "A loop diuretic",
        "rationale": "It drains magnesium.",
        "citations": make.references(),
        "profile": {"medications": [{"id": "m1", "text": "furosemide"}]},
        "expect": {},
    }
    case = Case.model_validate_json(json.dumps(written))
    return records.model_copy(update={"guidance": (guidance,), "cases": (case,)})


@pytest.fixture(scope="session")
def compiled() -> CompiledRuleSet:
    return compile_rule_set(make_rule_set(), version=7)


@pytest.fixture(scope="session")
def settings() -> Settings:
    return Settings(environment=Environment.DEVELOPMENT)


@pytest.fixture
def counted_ids() -> Callable[[], str]:
    numbers = count(1)
    return lambda: f"id-{next(numbers):06d}"


@pytest.fixture
def app(settings: Settings, compiled: CompiledRuleSet, counted_ids: Callable[[], str]) -> Application:
    return create_app(settings, ActiveRuleSet(compiled), today=lambda: TODAY, make_id=counted_ids)


@pytest.fixture
def client(app: Application) -> Iterator[ContractClient]:
    with ContractClient(app) as client:
        yield client


@pytest.fixture
def client_without_rules(settings: Settings) -> Iterator[ContractClient]:
    with ContractClient(create_app(settings, ActiveRuleSet())) as client:
        yield client


LogLines = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def log_lines(monkeypatch: pytest.MonkeyPatch) -> Iterator[LogLines]:
    """What the service writes to standard error, as it would in production with everything logged."""
    written = io.StringIO()
    monkeypatch.setattr(sys, "stderr", written)
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    configure_logging(level="debug")
    yield lambda: [json.loads(line) for line in written.getvalue().splitlines()]
    root.handlers, root.level = handlers, level
    logging.captureWarnings(capture=False)
