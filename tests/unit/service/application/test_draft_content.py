"""Records that come into a draft from outside: what is wrong is said in our words, and repeats nothing."""

from __future__ import annotations

import pytest

from service.application.draft_content import read_record
from service.errors import RecordInvalid


def test_faults_of_a_record_are_in_our_words() -> None:
    written = {
        "id": "some",
        "last_reviewed_on": "2026-11-22",
        "name": 7,
        "routes": ["by-mouth"],
        "secret-of-somebody": 1,
        "codes": {"rxnorm": ["x"], "another-secret": 1},
    }
    with pytest.raises(RecordInvalid) as caught:
        read_record("substances", "some", written)
    told = dict(caught.value.problems)
    assert told["/name"] == "must be a string"
    assert told["/routes/0"].startswith("must be one of 'oral', ")
    assert told["/codes/rxnorm/0"].endswith(": an RxNorm number in plain digits")
    assert told[""].startswith("has a key that is not allowed here; allowed: id, status")
    assert told["/codes"].startswith("has a key that is not allowed here; allowed: rxnorm")
    assert "secret" not in str(told)
    assert "should" not in str(told)
