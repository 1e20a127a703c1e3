"""Addresses that people open: what a problem's `type` leads to, and those with a slash too many."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urljoin

import pytest
from starlette.testclient import TestClient

from service.api import problem_types
from service.api.problems import KINDS, ProblemCode
from tests.unit.api.contract_client import ContractClient

OPENAPI = Path(__file__).parents[3] / "openapi"


@pytest.fixture(autouse=True)
def no_guide(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """As where nobody has built the guide, whatever was done in this checkout."""
    monkeypatch.setattr(problem_types, "FOLDER", tmp_path / "guide")


@pytest.mark.parametrize("code", ProblemCode)
def test_every_type_leads_to_what_it_means(client: ContractClient, code: ProblemCode) -> None:
    response = client.get(f"/problems/{code}")
    assert response.status_code == 200
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert code.value in response.text
    assert KINDS[code].title in response.text


def test_a_problem_leads_there(client: ContractClient) -> None:
    problem = client.get("/v1/nothing").json()
    assert client.get(problem["type"]).status_code == 200


def test_all_of_them(client: ContractClient) -> None:
    page = client.get("/problems").text
    assert all(f"<dt>{code}</dt>" in page for code in ProblemCode)


def test_the_guide_says_it_at_length(client: ContractClient, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "problems.html").write_text("built")
    monkeypatch.setattr(problem_types, "FOLDER", tmp_path)
    for path, place in (("/problems", ""), ("/problems/not-found", "#not-found")):
        response = client.get(path, follow_redirects=False)
        assert response.status_code == 307
        assert urljoin(path, response.headers["location"]) == f"/docs/guide/problems.html{place}"
    assert "## not-found\n" in (OPENAPI / "problems.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("path", ["/problems/nothing", "/problems/A", "/problems/a/b"])
def test_there_is_no_other(client: ContractClient, path: str) -> None:
    response = client.get(path)
    assert response.status_code in {404, 422}
    assert response.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("path", "leads_to"),
    [
        ("/docs/", "/docs"),
        ("/admin/", "/admin"),
        ("/admin/drafts/", "/admin/drafts"),
        ("/admin/records/", "/admin/records"),
        ("/admin/%0dX-Y:%20z/", "/admin/%0DX-Y%3A%20z"),
        ("/admin/%E2%80%AE/", "/admin/%E2%80%AE"),
    ],
)
def test_a_slash_too_many(client: ContractClient, path: str, leads_to: str) -> None:
    # Pages of the editor have headers of their own, so they are no matter of the contract.
    response = TestClient.request(client, "GET", path, follow_redirects=False)
    assert response.status_code == 307
    assert urljoin(path, response.headers["location"]) == leads_to
