"""Asks the service for what it refuses, and shows each answer as the Python client types it. Also type-checked."""

import sys
from typing import Any

from magcheck_client import AuthenticatedClient
from magcheck_client.api.checks import check_medications
from magcheck_client.api.drafts import discard_draft, open_draft
from magcheck_client.api.knowledge import get_substance
from magcheck_client.models import (
    Change,
    CheckAnswer,
    CheckStatus,
    DraftEntry,
    MedicationItem,
    MedicationProfile,
    NewDraft,
    Problem,
    ProblemCode,
)
from magcheck_client.types import Response

address, key = sys.argv[1:]


def show(response: Response[Any]) -> None:
    """One line: status, code, and where the first fault is."""
    problem = response.parsed
    assert isinstance(problem, Problem), response.content
    assert isinstance(problem.code, ProblemCode)
    assert problem.status == response.status_code
    assert problem.correlation_id == response.headers["X-Correlation-ID"]
    print(response.status_code.value, problem.code, *(fault.pointer for fault in problem.errors[:1]))


client = AuthenticatedClient(address, token=key)
stranger = AuthenticatedClient(address, token="mck_nobody")
furosemide = MedicationProfile(medications=[MedicationItem(id="m1", text="Furosemide 40 mg tablet")])
nothing = MedicationProfile(medications=[MedicationItem(id="m1")])

answer = check_medications.sync(client=client, body=furosemide)
assert isinstance(answer, CheckAnswer)
assert answer.status is CheckStatus.COMPLETE
assert [finding.interaction_id for finding in answer.findings] == ["loop-diuretics-deplete-magnesium"]

show(check_medications.sync_detailed(client=stranger, body=furosemide))
show(get_substance.sync_detailed("unobtainium", client=client))
show(check_medications.sync_detailed(client=client, body=nothing))

wish = NewDraft(title="A draft", reason="to see what is refused")
draft = open_draft.sync_detailed(client=client, body=wish, idempotency_key="python-0001")
assert isinstance(draft.parsed, DraftEntry)
id_, tag, why = draft.parsed.id, draft.headers["ETag"], Change(reason="to see what is refused")
for number, seen in enumerate(['"999"', tag, '"2"']):
    refused = discard_draft.sync_detailed(
        id_, client=client, body=why, idempotency_key=f"python-100{number}", if_match=seen
    )
    if not isinstance(refused.parsed, DraftEntry):
        show(refused)
