"""Requests that show how to ask. They stand in the OpenAPI document and are replayed by the tests."""

from __future__ import annotations

from typing import Any, Final

CHECK_REQUESTS: Final[dict[str, Any]] = {
    "by-name": {
        "summary": "Names as a pharmacy system prints them",
        "value": {
            "patient": {"age_years": 71, "sex": "female", "egfr": {"value": "38", "unit": "mL/min/1.73m2"}},
            "medications": [
                {"id": "m1", "text": "Furosemide 40 MG Oral Tablet", "times": ["08:00", "14:00"]},
                {"id": "m2", "text": "Omeprazole 20 MG Delayed Release Oral Capsule", "started_on": "2024-03-01"},
                {"id": "m3", "text": "Digoxin 0.125 MG Oral Tablet"},
            ],
            "conditions": [{"text": "type 2 diabetes"}],
            "observations": [{"kind": "serum_magnesium", "value": "0.62", "unit": "mmol/L", "taken_on": "2026-11-20"}],
            "symptoms": ["muscle cramps"],
            "as_of": "2026-11-22",
        },
    },
    "by-code": {
        "summary": "Codes, one of the medications only proposed",
        "value": {
            "medications": [
                {"id": "m1", "codes": [{"system": "rxnorm", "code": "2551"}], "route": "oral"},
                {
                    "id": "m2",
                    "codes": [{"system": "rxnorm", "code": "6582"}],
                    "status": "proposed",
                    "route": "oral",
                    "dose": {"value": "400", "unit": "mg", "of": "salt"},
                    "times_per_day": 1,
                },
            ],
            "conditions": [],
            "as_of": "2026-11-22",
        },
    },
}
RESOLVE_REQUESTS: Final[dict[str, Any]] = {
    "by-name": {
        "summary": "A brand, a misspelling and a code",
        "value": {
            "medications": [
                {"id": "m1", "text": "Cipro 500mg"},
                {"id": "m2", "text": "furosmide 40 mg"},
                {"id": "m3", "codes": [{"system": "atc", "code": "A02BC01"}]},
            ]
        },
    }
}
