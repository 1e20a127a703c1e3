"""The committed description is the one the code makes, it is valid, complete, and fit to make clients from."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from openapi_spec_validator import validate
from starlette.routing import Mount, Route

from rules.profile import MedicationProfile
from service.api.openapi import document
from service.api.problems import KINDS, ProblemCode
from service.main import Application, openapi_app

FOLDER = Path(__file__).parents[2] / "openapi"
# The description, the page that shows it and the guide do not describe themselves.
UNDOCUMENTED = {
    *("/openapi.json", "/docs", "/docs/", "/docs/assets", "/docs/guide", "/docs/guide/{path:path}"),
    *("/problems", "/problems/{code}"),
}
EVERYWHERE = {"400", "405", "413", "422", "431", "500"}


@pytest.fixture(scope="module")
def app() -> Application:
    return openapi_app()


@pytest.fixture(scope="module")
def described(app: Application) -> dict[str, Any]:
    return app.openapi()


def operations(described: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def test_the_committed_description_is_the_one_the_code_makes(app: Application) -> None:
    committed = (FOLDER / "openapi.json").read_bytes()
    assert committed == document(app), "write it anew: magcheck openapi --output openapi/openapi.json"


def test_the_description_is_valid(described: dict[str, Any]) -> None:
    validate(described)


def is_page(path: str) -> bool:
    """The editor's pages are for people: no client is made of them."""
    return path == "/admin" or path.startswith("/admin/")


def test_every_route_is_documented_and_nothing_else(app: Application, described: dict[str, Any]) -> None:
    served = {
        (route.path, method.lower())
        for route in app.routes
        if isinstance(route, Route) and route.path not in UNDOCUMENTED and not is_page(route.path)
        for method in route.methods or ()
    }
    assert served == {(path, method) for path, method, _ in operations(described)}
    assert {route.path for route in app.routes if isinstance(route, Mount)} <= UNDOCUMENTED


def test_checks_come_first(app: Application) -> None:
    # Routes are tried in turn: each one before it makes every check slower.
    first = app.routes[0]
    assert isinstance(first, Route)
    assert first.path == "/v1/checks"


def test_every_operation_has_what_a_generated_client_needs(described: dict[str, Any]) -> None:
    tags = {tag["name"] for tag in described["tags"]}
    ids = [operation["operationId"] for _, _, operation in operations(described)]
    assert len(ids) == len(set(ids))
    for path, _, operation in operations(described):
        assert re.fullmatch(r"[a-z]+(_[a-z]+)*", operation["operationId"])
        assert operation["summary"]
        assert operation["description"]
        assert set(operation["tags"]) <= tags
        assert operation["responses"].keys() >= EVERYWHERE
        # A key may be made for a person, who may not be there; and there may be no identity provider.
        may_be_missing = "{" in path or "/provider" in path or operation["operationId"] == "create_key"
        assert ("404" in operation["responses"]) == may_be_missing
        for parameter in operation["parameters"]:
            assert "$ref" in parameter or parameter["description"], f"{path} {parameter}"
        for status, response in operation["responses"].items():
            if status.startswith("2") and status != "204":
                [content] = response["content"].values()
                assert content["schema"].keys() & {"$ref", "type"}


def test_no_type_has_an_invented_name(described: dict[str, Any]) -> None:
    for name in described["components"]["schemas"]:
        assert re.fullmatch(r"[A-Z][A-Za-z0-9]+", name), name
        assert "Input" not in name
        assert "Output" not in name


def test_every_vocabulary_has_a_name(described: dict[str, Any]) -> None:
    def inline(schema: Any, path: str) -> Iterator[str]:  # noqa: ANN401 - any JSON value
        if isinstance(schema, dict):
            if "enum" in schema or "const" in schema:
                yield path
            for key, value in schema.items():
                yield from inline(value, f"{path}/{key}")
        elif isinstance(schema, list):
            for number, value in enumerate(schema):
                yield from inline(value, f"{path}/{number}")

    for name, schema in described["components"]["schemas"].items():
        found = set(inline(schema, name))
        assert found <= {name}, found


def test_every_type_is_described(described: dict[str, Any]) -> None:
    assert [name for name, schema in described["components"]["schemas"].items() if not schema.get("description")] == []


def test_the_request_examples_fit_the_contract(described: dict[str, Any]) -> None:
    content = described["paths"]["/v1/checks"]["post"]["requestBody"]["content"]["application/json"]
    for example in content["examples"].values():
        MedicationProfile.model_validate_json(json.dumps(example["value"]))


def test_every_problem_has_an_example_and_a_chapter(described: dict[str, Any]) -> None:
    shown = {
        code: example["value"]
        for response in described["components"]["responses"].values()
        for code, example in response["content"].get("application/problem+json", {"examples": {}})["examples"].items()
    }
    of_fhir_alone = {ProblemCode.NOT_ACCEPTABLE}  # an OperationOutcome wherever it comes
    assert shown.keys() == set(ProblemCode) - of_fhir_alone
    chapters = re.findall(r"^## (\S+)\n\n(\d+)\.", (FOLDER / "problems.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert [(code, int(status)) for code, status in chapters] == [
        (code.value, kind.status) for code, kind in KINDS.items()
    ]
    for code, problem in shown.items():
        assert problem["title"] == KINDS[ProblemCode(code)].title
