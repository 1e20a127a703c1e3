"""Requests made up by schemathesis from the description, good and bad, with all of its checks.

No answer may be undocumented or a failure of ours; what fits the description is accepted, what does not is refused.
"""

from __future__ import annotations

import re
import tempfile
import uuid
from pathlib import Path
from typing import Any

import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis import Case

from rules import compile_rule_set
from rules.unseen import unseen
from service.application.principals import Role
from service.application.rule_sets import seed_baseline
from service.storage import migration
from service.storage.session import Store
from tests.entrance import House, bearer
from tests.integration.small_knowledge import small_rule_set
from tests.keys import KEYRING
from tests.unit.api.conftest import make_rule_set

DESCRIPTION = Path(__file__).parents[2] / "openapi" / "openapi.json"
RULE_SET = compile_rule_set(make_rule_set(), version=7)
FOLDER = tempfile.TemporaryDirectory()


def make_house() -> House:
    url = f"sqlite:///{FOLDER.name}/magcheck.sqlite3"
    migration.upgrade(url)
    store = Store.open(url)
    house = House(store)
    seed_baseline(store, small_rule_set(), keyring=KEYRING, now=house.now(), note="first")
    return house


HOUSE = make_house()
# Somebody who may do everything.
HEADERS = bearer(HOUSE.signed_in(HOUSE.person("everybody", *Role)))

schema = schemathesis.openapi.from_path(DESCRIPTION)
schema.app = HOUSE.app(RULE_SET, watched=False, most_failures=1_000_000, requests_per_minute=1_000_000)


@schema.parametrize()
@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_request(case: Case[Any]) -> None:
    if "x-schemathesis-unknown-property" in (case.headers or {}):
        return  # HTTP lets anybody add headers, so one that is not described is not wrong
    ask_for_what_there_is(case)
    remove_contradictions(case.body)
    use_a_new_key(case)
    case.call_and_validate(headers=HEADERS)


class Walk(schema.as_state_machine()):  # type: ignore[misc]  # a class made from the description
    """One request after another, with ids out of earlier answers."""

    def before_call(self, case: Case[Any]) -> None:
        ask_for_what_there_is(case)
        remove_contradictions(case.body)
        use_a_new_key(case)

    def get_call_kwargs(self, case: Case[Any]) -> dict[str, Any]:
        del case
        return {"headers": HEADERS}


TestWalk = Walk.TestCase
TestWalk.settings = settings(
    max_examples=10, stateful_step_count=8, deadline=None, suppress_health_check=list(HealthCheck)
)


# --- what JSON Schema cannot say --------------------------------------------------------------------------------------
# A body can fit the description and still contradict itself. Such contradictions are taken out of generated bodies;
# what is wrong by the description stays wrong, because values of another type or length are left alone.


def ask_for_what_there_is(case: Case[Any]) -> None:
    """A rule set of the future is waited for and then missing, rightly: 503."""
    headers: Any = case.headers or {}
    wanted = str(headers.get("If-Rule-Set", ""))
    if wanted.isdecimal() and RULE_SET.version < int(wanted) <= 999_999_999:
        headers["If-Rule-Set"] = str(RULE_SET.version)


def use_a_new_key(case: Case[Any]) -> None:
    """A good idempotency key belongs to one wish, and generated ones come again; a bad one stays as it is."""
    headers: Any = case.headers or {}
    for name in [name for name in headers if name.lower() == "idempotency-key"]:
        if re.fullmatch(r"[A-Za-z0-9._:-]{8,64}", str(headers[name])):
            headers[name] = str(uuid.uuid4())


def remove_contradictions(body: object) -> None:
    if isinstance(body, dict):
        _use_plain_digits(body)
        _make_ids_differ(body.get("medications"))
        for item in _objects(body.get("medications")):
            _name_something(item)
            _count_times(item)
            _use_unit(item.get("dose"), "mg")
        patient = body.get("patient")
        _use_unit(patient.get("egfr") if isinstance(patient, dict) else None, "mL/min")
        for item in _objects(body.get("conditions")):
            _name_something(item)
        for item in _objects(body.get("observations")):
            _use_unit(item, "mmol/L")
        _give_reason(body)
        _show_what_is_said(body)
        _order_something(body)
        _ask_about_one_patient(body.get("parameter"))
        _send_a_list(body)


def _order_something(body: dict[str, Any]) -> None:
    """A call of CDS Hooks has the orders its hook is about; without any, there are medications to look at."""
    context = body.get("context")
    if isinstance(context, dict) and "hookInstance" in body:
        for name in ("draftOrders", "medications", "medication"):
            context[name] = {"resourceType": "Bundle"}
        context["patientId"] = "1"
        if body.get("prefetch") is None or isinstance(body["prefetch"], dict):
            body["prefetch"] = {**(body.get("prefetch") or {}), "medicationRequests": {"resourceType": "Bundle"}}


def _ask_about_one_patient(parameters: object) -> None:
    """A question in FHIR is about one patient and one day."""
    seen: set[str] = set()
    for parameter in _objects(parameters):
        name, resource = parameter.get("name"), parameter.get("resource")
        if name == "asOf" and isinstance(parameter.get("valueDate"), str) and "asOf" in seen:
            parameter["valueDate"] = next(one["valueDate"] for one in _objects(parameters) if one.get("name") == "asOf")
        if isinstance(name, str):
            seen.add(name)
        if isinstance(resource, dict) and resource.get("resourceType") == "Patient":
            resource["resourceType"] = "Basic"


def _send_a_list(body: dict[str, Any]) -> None:
    """A question in FHIR has a list of medications, be it an empty one."""
    kind = body.get("resourceType")
    if kind == "Parameters" and isinstance(body.setdefault("parameter", []), list):
        body["parameter"].append({"name": "medication", "resource": {"resourceType": "Bundle"}})
    elif kind == "Bundle":
        body["entry"] = [{"resource": {"resourceType": "MedicationStatement", "status": "not-taken"}}]


def _give_reason(body: dict[str, Any]) -> None:
    """Feedback has a reason exactly where something was overridden."""
    reason = body.get("reason_code")
    if body.get("outcome") == "accepted" and isinstance(reason, str):
        body["reason_code"] = None
    elif body.get("outcome") == "overridden" and reason is None:
        body["reason_code"] = "other"


def _show_what_is_said(body: dict[str, Any]) -> None:
    """What reviewers read has no character that is not shown, which no pattern says."""
    for name in ("title", "reason", "name", "text"):
        said = body.get(name)
        if isinstance(said, str) and unseen(said) is not None:
            body[name] = "Something"


def _use_plain_digits(value: dict[str, Any]) -> None:
    """To JSON Schema 2.0 is an integer; here it is refused, as it may be a rounded 1.96."""
    for key, inner in value.items():
        if isinstance(inner, float) and inner.is_integer():
            value[key] = int(inner)
        elif isinstance(inner, dict):
            _use_plain_digits(inner)
        else:
            for item in _objects(inner):
                _use_plain_digits(item)


def _objects(items: object) -> list[dict[str, Any]]:
    return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []


def _make_ids_differ(items: object) -> None:
    seen: set[str] = set()
    for number, item in enumerate(_objects(items)):
        given = item.get("id")
        if isinstance(given, str) and given in seen:
            item["id"] = f"{given[:50]}-{number}"
        if isinstance(given, str):
            seen.add(item["id"])


def _name_something(item: dict[str, Any]) -> None:
    if item.get("text") is None and item.get("codes", []) == []:
        item["text"] = "furosemide"


def _count_times(item: dict[str, Any]) -> None:
    times, count = item.get("times"), item.get("times_per_day")
    if isinstance(times, list) and all(isinstance(one, str) for one in times):
        item["times"] = times = list(dict.fromkeys(times))
    if isinstance(times, list) and times and type(count) is int and 1 <= count <= 24:
        item["times_per_day"] = min(len(times), 24)


def _use_unit(quantity: object, unit: str) -> None:
    if isinstance(quantity, dict) and isinstance(given := quantity.get("unit"), str) and 1 <= len(given) <= 20:
        quantity["unit"] = unit
