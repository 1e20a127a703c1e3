"""Planted breaking changes of the contract are seen by the detectors, and additions are not taken for them."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from openapi.contract import check
from openapi.contract.reduced import only, reduced
from openapi.tools import CannotRun, contract

pytestmark = pytest.mark.contract

Document = dict[str, Any]


def schema(document: Document, name: str) -> Document:
    found: Document = document["components"]["schemas"][name]
    return found


def without_a_field_of_answers(document: Document) -> None:
    del schema(document, "Finding")["properties"]["severity_ceiling"]
    schema(document, "Finding")["required"].remove("severity_ceiling")


def with_a_field_that_answers_may_leave_out(document: Document) -> None:
    schema(document, "Finding")["required"].remove("severity")


def with_a_word_more_in_answers(document: Document) -> None:
    schema(document, "Severity")["enum"].append("trivial")


def with_a_field_more_that_requests_must_have(document: Document) -> None:
    schema(document, "MedicationItem")["required"].append("status")


def with_a_word_less_in_requests(document: Document) -> None:
    schema(document, "MedicationStatus")["enum"].remove("proposed")


def with_another_type_in_requests(document: Document) -> None:
    schema(document, "MedicationItem")["properties"]["id"] = {"type": "integer"}


def without_an_operation(document: Document) -> None:
    del document["paths"]["/v1/symptoms"]


def with_a_parameter_that_must_be_there(document: Document) -> None:
    wanted = {"name": "tenant", "in": "query", "required": True, "schema": {"type": "string"}}
    document["paths"]["/v1/medications/resolve"]["post"]["parameters"].append(wanted)


BREAKING = [
    without_a_field_of_answers,
    with_a_field_that_answers_may_leave_out,
    with_a_word_more_in_answers,
    with_a_field_more_that_requests_must_have,
    with_a_word_less_in_requests,
    with_another_type_in_requests,
    without_an_operation,
    with_a_parameter_that_must_be_there,
]


def with_additions(document: Document) -> None:
    schema(document, "Finding")["properties"]["note"] = {"type": "string"}
    schema(document, "MedicationProfile")["properties"]["note"] = {"type": "string", "maxLength": 20}
    document["paths"]["/v1/remarks"] = {"get": copy.deepcopy(document["paths"]["/v1/symptoms"]["get"])}
    document["paths"]["/v1/remarks"]["get"]["operationId"] = "list_remarks"


@pytest.fixture(scope="module")
def before() -> Document:
    try:
        check.tools()
    except CannotRun as reason:
        pytest.skip(f"looking after the contract {reason}")
    # A few operations: all of them take minutes, and show no more.
    places = [("/v1/checks", "post"), ("/v1/medications/resolve", "post"), ("/v1/symptoms", "get")]
    return only(contract(), set(places))


def changed(before: Document, change: Callable[[Document], None]) -> Document:
    after = copy.deepcopy(before)
    change(after)
    return after


@pytest.mark.parametrize("change", BREAKING, ids=lambda change: str(change.__name__))
def test_a_planted_change_is_seen(before: Document, change: Callable[[Document], None]) -> None:
    assert check.breaking_changes(before, changed(before, change))


def test_each_detector_sees_for_itself(before: Document) -> None:
    found = check.breaking_changes(before, changed(before, with_a_field_more_that_requests_must_have))
    assert {line.partition(":")[0] for line in found} == {"optic", "api-smart-diff"}


def test_additions_break_nothing(before: Document) -> None:
    assert check.breaking_changes(before, changed(before, with_additions)) == []


def test_the_same_contract_needs_no_slow_look(before: Document) -> None:
    texts = copy.deepcopy(before)
    schema(texts, "Finding")["description"] = "Another text."
    assert reduced(before, texts) is None


def test_few_operations_stand_for_a_schema_that_many_use(before: Document) -> None:
    parts = reduced(before, changed(before, with_a_word_more_in_answers))
    assert parts is not None
    assert 1 <= len(parts[0]["paths"]) <= 3
    assert "Severity" in parts[0]["components"]["schemas"]


@pytest.mark.parametrize(
    ("old", "new", "allowed"),
    [
        ("0.1.0", "0.1.1", False),
        ("0.1.0", "0.2.0", True),
        ("0.9.0", "1.0.0", True),
        ("1.2.0", "1.3.0", False),
        ("1.9.3", "2.0.0", True),
        ("0.2.0", "0.1.0", False),
        ("0.10.0", "0.9.0", False),
    ],
)
def test_when_a_promise_may_be_broken(old: str, new: str, *, allowed: bool) -> None:
    assert check.may_break(old, new) is allowed
