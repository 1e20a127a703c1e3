"""The search page: every filter, the words people use, pages, and what a script gets."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from tests.unit.admin.conftest import results

QUINOLONES, LOOP = "fluoroquinolones-with-magnesium", "loop-diuretics-deplete-magnesium"


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("kind=interactions", {QUINOLONES, LOOP, "withdrawn-one"}),
        ("kind=interactions&severity=major", {QUINOLONES}),  # of a variant
        ("kind=interactions&severity=minor&status=active", {LOOP}),
        ("direction=depletes_magnesium&status=active", {LOOP}),
        ("kind=interactions&substance=moxifloxacin", {QUINOLONES}),  # through its class
        ("kind=interactions&medication_class=loop-diuretics", {LOOP}),
        ("kind=interactions&text=lasix", {LOOP, "withdrawn-one"}),  # by a brand of a member
        ("kind=interactions&text=CIPROXIN+separating", {QUINOLONES}),  # every word, wherever it stands
        ("kind=interactions&text=ciproxin+nonsense", set()),
        ("overdue=true", {LOOP}),  # not the withdrawn one
        ("kind=interactions&status=withdrawn", {"withdrawn-one"}),
        ("kind=interactions&evidence=A", set()),
        ("kind=interactions&substance=nobody", set()),
    ],
)
def test_filters_find_what_they_say(client: TestClient, query: str, found: set[str]) -> None:
    assert set(results(client.get(f"/admin/records?{query}").text)) == found


def test_a_brand_leads_to_its_substance_first_and_to_cases_last(client: TestClient) -> None:
    found = results(client.get("/admin/records?text=ciprofloxacin").text)
    assert found[0] == "ciprofloxacin"
    assert found[1] == QUINOLONES
    assert found[-2:] == ["quinolone-fails", "quinolone-fires"]


def test_fields_left_empty_do_not_matter(client: TestClient) -> None:
    empty = "text=&kind=&substance=&medication_class=&direction=&severity=&evidence=&status="
    assert results(client.get(f"/admin/records?{empty}").text) == results(client.get("/admin/records").text)


def test_a_script_gets_the_results_alone(client: TestClient) -> None:
    whole = client.get("/admin/records?text=quinolones")
    part = client.get("/admin/records?text=quinolones", headers={"HX-Request": "true"})
    assert results(part.text) == results(whole.text) != []
    assert "<html" in whole.text
    assert "<html" not in part.text
    assert part.headers["vary"] == "HX-Request"


def test_nothing_found_says_what_to_do(client: TestClient) -> None:
    page = client.get("/admin/records?text=xyzzy").text
    assert results(page) == []
    assert "Nothing fits." in page


@pytest.mark.parametrize("query", ["severity=terrible", "page=0", "unknown=1", "text=a&text=b", f"text={'a' * 201}"])
def test_a_bad_search_is_told_as_a_page(client: TestClient, query: str) -> None:
    response = client.get(f"/admin/records?{query}")
    assert response.status_code in {400, 422}
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert "terrible" not in response.text


def test_a_page_too_far_is_the_last_one(client: TestClient) -> None:
    assert results(client.get("/admin/records?page=9000").text) == results(client.get("/admin/records").text)
