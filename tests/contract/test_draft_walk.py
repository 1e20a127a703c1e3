"""From draft to review to publishing along the links of the description, with nothing known but what they say.

A generated client does the same: it takes the path, the conditions and the digest that is signed out of the answer
before, as each link tells. Only a record, a reason and a password come from the one who sits in front of it.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from httpx2 import Response

from tests.entrance import PASSWORD
from tests.integration.control_room import guidance
from tests.unit.api.control_client import ControlClient, control_client

DESCRIPTION = json.loads((Path(__file__).parents[2] / "openapi" / "openapi.json").read_text(encoding="utf-8"))
OPERATIONS = {
    operation["operationId"]: (method, path, operation)
    for path, methods in DESCRIPTION["paths"].items()
    for method, operation in methods.items()
}
# What a person adds to what the links carry over.
ADDED: dict[str, dict[str, Any]] = {
    "approve_draft": {"password": PASSWORD},
    "return_draft": {"password": PASSWORD},
    "publish_draft": {"password": PASSWORD},
}
WHO = {"approve_draft": "rex", "return_draft": "rex", "publish_draft": "pia"}


def value_of(expression: str, response: Response) -> str:
    """A runtime expression of OpenAPI, of the two kinds that are used."""
    where, _, what = expression.removeprefix("$response.").partition("#" if "body" in expression else ".")
    if where == "header":
        return str(response.headers[what])
    value: Any = response.json()
    for part in what.split("/")[1:]:
        value = value[part]
    return str(value)


def follow(client: ControlClient, came_from: str, response: Response, to: str) -> Response:
    """Take the link of that name from an answer."""
    described = OPERATIONS[came_from][2]["responses"][str(response.status_code)]
    link = described["links"][to]
    method, path, _ = OPERATIONS[link["operationId"]]
    carried = {name: value_of(expression, response) for name, expression in link["parameters"].items()}
    tag = carried.pop("If-Match", None)
    path = path.format(**carried, kind="guidance", record_id="how-to-test")
    if method == "get":
        return client.sent("eve", "GET", path)
    body: dict[str, Any] = {
        name: value_of(expression, response) for name, expression in link.get("requestBody", {}).items()
    }
    body |= {"reason": "Along the links", **ADDED.get(to, {})}
    if to == "put_record":
        body["document"] = guidance("how-to-test", f"How to test {uuid.uuid4()}")
    return client.sent(WHO.get(to, "ann"), method.upper(), path, body, tag=tag)


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlClient]:
    with control_client(tmp_path_factory.mktemp("walk")) as client:
        yield client


@pytest.mark.parametrize(
    ("way", "state"),
    [
        (["put_record", "submit_draft", "approve_draft", "publish_draft", "get_draft"], "published"),
        (["put_record", "submit_draft", "approve_draft", "return_draft", "submit_draft", "get_draft"], "submitted"),
        (["put_record", "submit_draft", "discard_draft", "get_draft"], "discarded"),
        (["get_draft", "put_record", "get_draft"], "open"),
    ],
    ids=lambda value: value if isinstance(value, str) else "-".join(value),
)
def test_the_links_lead_there(people: ControlClient, way: list[str], state: str) -> None:
    response = people.sent("ann", "POST", "/v1/drafts", {"title": state, "reason": "Along the links"})
    step = "open_draft"
    for to in way:
        response = follow(people, step, response, to)
        assert response.status_code == 200, (to, response.text)
        step = to
    assert response.json()["state"] == state


def test_every_link_leads_to_an_operation_with_these_parameters() -> None:
    seen = 0
    for _, _, operation in OPERATIONS.values():
        for response in operation["responses"].values():
            for link in response.get("links", {}).values():
                named = {_resolved(one)["name"] for one in OPERATIONS[link["operationId"]][2]["parameters"]}
                assert set(link["parameters"]) <= named
                seen += 1
    assert seen > 20


def _resolved(parameter: dict[str, Any]) -> dict[str, Any]:
    reference = parameter.get("$ref")
    found: dict[str, Any] = (
        DESCRIPTION["components"]["parameters"][reference.split("/")[-1]] if reference else parameter
    )
    return found
