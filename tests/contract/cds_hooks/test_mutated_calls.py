"""Calls with anything anywhere: an answer that is as it should be or a clear refusal, never a failure of ours."""

from __future__ import annotations

import copy
import json
from typing import Any, Final

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from tests.contract.cds_hooks.schemas import empty_places, faults
from tests.contract.cds_hooks.test_cards import TAKES_MAGNESIUM, TWICE
from tests.contract.cds_hooks.writing import CIPROFLOXACIN, MAGNESIUM_OXIDE, SERVICE, bundle, call, current, order
from tests.unit.api.test_privacy import places, replaced

_MAGNESIUM: Final = {
    "resourceType": "Observation",
    "status": "final",
    "code": {"coding": [{"system": "http://loinc.org", "code": "2601-3"}]},
    "subject": {"reference": "Patient/p1"},
    "effectiveDateTime": "2026-11-20",
    "valueQuantity": {"value": 0.5, "unit": "mmol/L"},
}
_FULL: Final = {
    **TAKES_MAGNESIUM,
    "patient": {"resourceType": "Patient", "id": "p1", "gender": "female", "birthDate": "1950-01-01"},
    "magnesium": bundle(_MAGNESIUM),
    "conditions": bundle({"resourceType": "Condition", "code": {"text": "type 2 diabetes"}}),
}
_MEDICATION: Final = {"resourceType": "Medication", "id": "m1", "code": {"text": "Ciprofloxacin"}}
CALLS: Final = (
    call("order-sign", order(CIPROFLOXACIN, dosageInstruction=TWICE), prefetch=_FULL),
    call("order-select", order(CIPROFLOXACIN), order(MAGNESIUM_OXIDE, "draft-2"), prefetch=_FULL),
    call("medication-verify", {**order(CIPROFLOXACIN), "contained": [_MEDICATION]}, prefetch=_FULL),
    call("medication-refill", order(MAGNESIUM_OXIDE, dosageInstruction=TWICE), prefetch=_FULL),
    call("patient-view", prefetch={**_FULL, "medicationStatements": bundle(current(CIPROFLOXACIN, "s1"))}),
)
_PLACES: Final = [(number, path) for number, body in enumerate(CALLS) for path in places(body)]

_scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**25), 10**25),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=20),
    st.sampled_from(
        ["", "draft", "active", "Bundle", "MedicationRequest", "#", "#m1", "Patient/p1", "2026-13-45", "<b>"]
    ),
)
_values = st.recursive(
    _scalars,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["resource", "entry", "coding", "resourceType", "reference", "x"]), inner, max_size=3
        )
    ),
    max_leaves=6,
)


@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(changes=st.lists(st.tuples(st.sampled_from(_PLACES), _values), min_size=1, max_size=3))
def test_an_answer_or_a_refusal(quick: TestClient, changes: list[tuple[Any, Any]]) -> None:
    number = changes[0][0][0]
    body: Any = copy.deepcopy(CALLS[number])
    for (of, path), value in changes:
        if of == number:
            try:
                body = replaced(body, path, value)
            except (KeyError, IndexError, TypeError, ValueError, AttributeError):
                continue  # what was there is gone already
    response = quick.post(SERVICE, content=json.dumps(body), headers={"Content-Type": "application/json"})
    assert response.status_code in {200, 412, 422}, response.text
    if response.status_code == 200:
        assert faults("cards", response.json()) == []
        assert list(empty_places(response.json())) == []
    else:
        assert response.json()["resourceType"] == "OperationOutcome"
