"""What an answer with cards costs: a call of CDS Hooks against `/v1/checks` for the same content, in one run.

The content is the benchmark's eight medications as FHIR resources, and for `/v1/checks` what the reader makes of them,
so that both answer the same question. One process on one core, the load from the other core, in turn within each round.
"""

from __future__ import annotations

import asyncio
import json
import os
import time
from datetime import UTC, datetime
from typing import Any

from service.fhir.reading import read
from tests.benchmark.http import QUESTION, load, server
from tests.benchmark.measure import ratio_of

_SERVICE = "/cds-services/magnesium"
_RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
_ABOUT = {"reference": "Patient/p1"}


def _resources() -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The medications, and what else came along."""
    question = json.loads(QUESTION)
    requests = [
        {
            "resourceType": "MedicationRequest",
            "id": item["id"],
            "status": "active",
            "intent": "order",
            "medicationCodeableConcept": {"coding": [{"system": _RXNORM, "code": item["codes"][0]["code"]}]},
            "subject": _ABOUT,
            "dosageInstruction": [
                {
                    "route": {"text": "oral"},
                    "timing": {"repeat": {"frequency": 2, "period": 1, "periodUnit": "d"}},
                    "doseAndRate": [
                        {"doseQuantity": {"value": float(item["dose"]["value"]), "unit": item["dose"]["unit"]}}
                    ],
                }
            ],
        }
        for item in question["medications"]
    ]
    rate = {
        "resourceType": "Observation",
        "id": "o1",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "98979-8"}]},
        "subject": _ABOUT,
        "effectiveDateTime": datetime.now(UTC).date().isoformat(),
        "valueQuantity": {"value": 82, "unit": "mL/min/{1.73_m2}"},
    }
    condition = {"resourceType": "Condition", "id": "c1", "code": {"text": "hypertension"}, "subject": _ABOUT}
    rest = {
        "patient": {"resourceType": "Patient", "id": "p1", "gender": "female", "birthDate": "1968-01-01"},
        "kidneyFunction": _bundle(rate),
        "conditions": _bundle(condition),
    }
    return requests, rest


def _bundle(*resources: dict[str, Any]) -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": one} for one in resources]}


def contents() -> dict[str, tuple[bytes, bytes]]:
    """For each hook the call, and the same question for `/v1/checks`."""
    requests, rest = _resources()
    signed = {**requests[0], "status": "draft"}
    context = {"userId": "Practitioner/1", "patientId": "p1"}
    calls: dict[str, tuple[dict[str, Any], list[tuple[str, object]], bool]] = {
        "patient-view": (
            {"context": context, "prefetch": {**rest, "medicationRequests": _bundle(*requests)}},
            [("medications", requests), *rest.items()],
            False,
        ),
        # An order that should be given at other times: the plan for it is part of the answer through both doors.
        "order-sign": (
            {
                "context": {**context, "draftOrders": _bundle(signed)},
                "prefetch": {**rest, "medicationRequests": _bundle(*requests[1:])},
            },
            [("orders", signed), ("medications", requests[1:]), *rest.items()],
            True,
        ),
    }
    found = {}
    today = datetime.now(UTC).date()
    for hook, (call, resources, timetable) in calls.items():
        body = {"hook": hook, "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea", **call}
        profile = read(resources, as_of=today, patient_id="p1").profile(as_of=today, timetable=timetable)
        question = profile.model_dump_json(exclude_defaults=True).encode()
        found[hook] = (json.dumps(body).encode(), question)
    return found


def against_checks(count: int, requests: int = 600) -> None:
    """How much longer a request takes with cards."""
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, cores[-1:])
    print(f"CDS Hooks, 8 medications, one worker on one core, {count} rounds of {requests} requests")
    with server("check") as port:
        for hook, (call, question) in contents().items():
            ratios = []
            for number in range(count + 1):
                doors = {_SERVICE: call, "/v1/checks": question}
                seconds: dict[str, float] = {}
                for path, content in doors.items() if number % 2 else reversed(doors.items()):
                    started = time.perf_counter()
                    asyncio.run(load(port, path, requests, content=content))
                    seconds[path] = time.perf_counter() - started
                if number:
                    ratios.append(seconds[_SERVICE] / seconds["/v1/checks"])
            sizes = f"{len(call)} and {len(question)} bytes"
            print(f"  {hook:13} / check, time a request  {ratio_of(ratios)}  ({sizes})")
    os.sched_setaffinity(0, cores)
