"""What is written in FHIR is good R4, by three validators that others have written: one in Python, two in JavaScript.

The answers to all worked cases are held against them, what the service says of itself, and its refusals. Where there is
no node, or its packages cannot be had, those two are left out, but not where MAGCHECK_TEST_FHIR_VALIDATORS=required.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest
from fhir.resources.R4B import get_fhir_model_class
from pydantic import ValidationError
from starlette.testclient import TestClient

from service.api.examples import FHIR_CHECK_REQUESTS
from tests.contract.examples import baseline_app
from tests.contract.fhir.answers import PATH, answers
from tests.contract.fhir.in_fhir import Json

FOLDER: Final = Path(__file__).parent / "validators"
REQUIRED: Final = os.environ.get("MAGCHECK_TEST_FHIR_VALIDATORS") == "required"
_INSTALL: Final = ("ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
_SECONDS: Final = 250
# The package `fhir` brings not every value set, and some of those it brings are preferred or examples only: codes of
# our own and those of v3-ActCode, which the standard names for alerts, are remarked on there.
_REMARKS: Final = (
    re.compile(r"info: Value set .* could not be found\. .*"),
    re.compile(r"warning: Code .* not found in value set \(.*DetectedIssue\.(code|mitigation\[\d+\]\.action)\)"),
    re.compile(r"warning: Code .* not found in value set \(.*OperationOutcome\.issue\[\d+\]\.details\)"),
)
# Each has a fault that a validator of R4 must see.
BROKEN: Final[dict[str, Json]] = {
    "no status": {"resourceType": "DetectedIssue"},
    "an element that is none": {"resourceType": "DetectedIssue", "status": "final", "finding": "x"},
    "text for a list": {"resourceType": "DetectedIssue", "status": "final", "implicated": {"reference": "Basic/1"}},
    "no issue": {"resourceType": "OperationOutcome", "issue": []},
    "no name": {"resourceType": "Parameters", "parameter": [{"valueString": "x"}]},
    "no date": {"resourceType": "CapabilityStatement", "status": "active", "kind": "instance", "format": ["json"]},
}


def inside(resource: Json) -> Iterator[Json]:
    """The resource and those in its parameters."""
    yield resource
    for parameter in resource.get("parameter", []):
        if isinstance(parameter.get("resource"), dict):
            yield from inside(parameter["resource"])


@cache
def written() -> dict[str, Json]:
    """Everything that is written: answers, findings alone, refusals, and what the service says of itself.

    Findings of one interaction differ in their patients and facts; a few of each are enough.
    """
    resources: dict[str, Json] = {}
    seen: dict[str, int] = {}
    for name, answered in answers().items():
        for number, resource in enumerate(inside(answered.fhir)):
            kind = json.dumps([resource["resourceType"], [one["value"] for one in resource.get("identifier", [])][1:]])
            seen[kind] = seen.get(kind, 0) + 1
            if resource["resourceType"] != "DetectedIssue" or seen[kind] <= 3:
                resources[f"{name} {number}"] = resource
    resources |= of_the_service()
    return resources


def of_the_service() -> dict[str, Json]:
    example = FHIR_CHECK_REQUESTS["parameters"]["value"]
    options = [{"name": "explain", "valueBoolean": True}, {"name": "timetable", "valueBoolean": True}]
    more = {**example, "parameter": [*example["parameter"], *options]}
    doubtful = {"resourceType": "Bundle", "entry": [{"resource": {"resourceType": "MedicationRequest"}}, {}]}
    with TestClient(baseline_app()) as client:
        return {
            "metadata": client.get("/fhir/metadata").json(),
            "definition": client.get("/fhir/OperationDefinition/check-magnesium").json(),
            "everything asked for": client.post(PATH, json=more).json(),
            "with notes": client.post(PATH, json=doubtful).json(),
            "nothing there": client.get("/fhir/nothing").json(),
            "refused": client.post(PATH, json={"resourceType": "Parameters", "parameter": [{}]}).json(),
        }


def test_there_is_something_of_each_kind_to_hold_against_them() -> None:
    kinds = {resource["resourceType"] for resource in written().values()}
    assert kinds == {"Parameters", "DetectedIssue", "OperationOutcome", "CapabilityStatement", "OperationDefinition"}
    assert sum(resource["resourceType"] == "DetectedIssue" for resource in written().values()) > 200


# --- fhir.resources ---------------------------------------------------------------------------------------------------


def faults_by_models(resource: Json) -> str:
    try:
        get_fhir_model_class(resource["resourceType"]).model_validate_json(json.dumps(resource))
    except ValidationError as error:
        return str(error)
    return ""


def test_the_models_of_fhir_resources_take_everything() -> None:
    faults = {name: faults_by_models(resource) for name, resource in written().items()}
    assert {name: fault for name, fault in faults.items() if fault} == {}


@pytest.mark.parametrize("name", sorted(BROKEN))
def test_the_models_of_fhir_resources_see_faults(name: str) -> None:
    # An empty list is a missing one to these models; whether something is empty is looked at elsewhere.
    assert bool(faults_by_models(BROKEN[name])) is (name != "no issue")


# --- @medplum/core and fhir -------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def node() -> str:
    """Node, with both packages installed from the lock."""
    program, npm = shutil.which("node"), shutil.which("npm")
    if program is None or npm is None:
        return _without("there is no node with npm")
    installed = FOLDER / "node_modules" / ".package-lock.json"
    lock = FOLDER / "package-lock.json"
    if not installed.exists() or installed.stat().st_mtime < lock.stat().st_mtime:
        done = subprocess.run([npm, *_INSTALL], cwd=FOLDER, capture_output=True, check=False, timeout=_SECONDS)
        if done.returncode != 0:
            return _without("npm cannot install the validators")
    return program


def _without(reason: str) -> str:
    if REQUIRED:
        pytest.fail(reason)
    pytest.skip(reason)


def faults_by_node(node: str, resources: dict[str, Json]) -> dict[str, dict[str, list[str]]]:
    lines = "".join(f"{json.dumps(resource)}\n" for resource in resources.values())
    done = subprocess.run(
        [node, "validate.mjs"], cwd=FOLDER, input=lines, capture_output=True, text=True, check=True, timeout=_SECONDS
    )
    said: list[dict[str, Any]] = [json.loads(line) for line in done.stdout.splitlines()]
    return dict(zip(resources, said, strict=True))


def test_both_validators_take_everything(node: str) -> None:
    found = faults_by_node(node, written())
    assert {name: said["medplum"] for name, said in found.items() if said["medplum"]} == {}
    by_fhir = {name: [one for one in said["fhir"] if not is_remark(one)] for name, said in found.items()}
    assert {name: faults for name, faults in by_fhir.items() if faults} == {}


def is_remark(said: str) -> bool:
    return any(remark.fullmatch(said) for remark in _REMARKS)


def test_both_validators_see_faults(node: str) -> None:
    found = faults_by_node(node, BROKEN)
    assert [name for name, said in found.items() if not said["medplum"]] == []
    assert [name for name, said in found.items() if not said["fhir"]] == []


def test_codes_of_required_value_sets_are_looked_at(node: str) -> None:
    good: Json = {"resourceType": "DetectedIssue", "status": "final", "severity": "high"}
    (said,) = faults_by_node(node, {"bad": {**good, "severity": "major"}}).values()
    assert said["fhir"]
    (said,) = faults_by_node(node, {"good": good}).values()
    assert said == {"medplum": [], "fhir": []}
