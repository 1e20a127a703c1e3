"""The drawing of a day plan over HTTP: what an address may hold, and what is sent with the answer."""

from __future__ import annotations

from typing import Any

import pytest

from service.day_plan import address, page, svg
from tests.unit.api.contract_client import ContractClient

SVG = address.PATH
HTML = address.PAGE_PATH
QUESTION: dict[str, Any] = {
    "medications": [
        {"id": "m1", "text": "furosemide tablet", "times": ["08:00"]},
        {"id": "m2", "text": "magnesium oxide tablet", "times_per_day": 1},
        {"id": "m3", "text": "flurbostan"},
    ],
    "timetable": True,
    "day": {"wakes_at": "06:30", "sleeps_at": "23:00", "meals": ["07:30"]},
}


def test_a_check_gives_the_address_of_its_drawing(client: ContractClient) -> None:
    timetable = client.post("/v1/checks", json=QUESTION).json()["timetable"]
    assert timetable["state"] == "planned"
    assert timetable["drawing"].startswith("/v1/timetables/drawing.svg?dose=")
    assert "flurbostan" not in timetable["drawing"]
    drawn = client.get(timetable["drawing"])
    assert drawn.status_code == 200
    assert drawn.headers["content-type"] == "image/svg+xml"
    for words in ("furosemide", "magnesium oxide", "m3", "not planned", "Meal at 07:30", "Night"):
        assert words in drawn.text
    shown = client.get(timetable["drawing"].replace(".svg", ".html"))
    assert shown.headers["content-type"] == "text/html; charset=utf-8"
    assert "Awake from 06:30 to 23:00" in shown.text
    assert "rule set 7" in shown.text
    unsaid = client.post("/v1/checks", json={**QUESTION, "day": {}}).json()["timetable"]["drawing"]
    assert unsaid.endswith("&wakes_at=07:00&sleeps_at=22:00&day_basis=assumed")
    assert "assumed night" in client.get(unsaid).text


def test_nothing_is_drawn_of_what_has_no_plan_or_was_not_asked_for(client: ContractClient) -> None:
    assert "timetable" not in client.post("/v1/checks", json={**QUESTION, "timetable": False}).json()
    crowded = [{"id": f"m{number}", "text": "furosemide", "times": ["08:00"]} for number in range(80)]
    timetable = client.post("/v1/checks", json={"medications": crowded, "timetable": True}).json()["timetable"]
    assert timetable["state"] == "planned"
    assert "drawing" not in timetable


@pytest.mark.parametrize("path", [SVG, HTML])
def test_the_answer_may_do_nothing_but_show_itself(client: ContractClient, path: str) -> None:
    response = client.get(path, params={"dose": "m1,08:00"})
    assert response.headers["content-security-policy"] == (
        f"default-src 'none'; style-src {svg.STYLE_SOURCE} {page.STYLE_SOURCE}; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    assert response.headers["cache-control"] == "private, no-cache"
    again = client.get(path, params={"dose": "m1,08:00"}, headers={"If-None-Match": response.headers["etag"]})
    assert again.status_code == 304
    assert again.content == b""
    assert again.headers["cache-control"] == "private, no-cache"
    assert client.head(path).status_code == 200
    assert client.post(path).status_code == 405


def test_a_plan_is_drawn_from_its_parameters(client: ContractClient) -> None:
    query = (
        "dose=m1,08:00,07:00&dose=m2,20:00&medication=m1,furosemide&window=m1,m2,2,6.5"
        "&as_needed=m3,10:00,12:00&as_needed=m4&not_planned=m5&meal=12:00&wakes_at=22:00&sleeps_at=14:00"
    )
    for layout in ("wide", "narrow"):
        text = client.get(f"{SVG}?{query}&layout={layout}").text
        assert "furosemide at 08:00, moved from 07:00" in text
        assert "No dose of furosemide: 18:00 to 02:30, too close to m2" in text
    assert "furosemide (m1) at least" not in client.get(f"{HTML}?{query}").text
    assert "furosemide at least 2 h before m2, or 6.5 h after it" in client.get(f"{HTML}?{query}").text
    assert "No doses." in client.get(SVG).text


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("dose=m1", "/dose/0"),
        ("dose=m1,08:00&dose=m1,8:00", "/dose/1"),
        ("dose=m1,24:00", "/dose/0"),
        ("dose=m1,08:00,08:00,08:00", "/dose/0"),
        ("dose=,08:00", "/dose/0"),
        ("dose=m 1,08:00", "/dose/0"),
        ("dose=m1,08:00%0A", "/dose/0"),
        ("dose=" + "m" * 65 + ",08:00", "/dose/0"),
        ("dose=%3Cscript%3E,08:00", "/dose/0"),
        ("medication=m1", "/medication/0"),
        ("medication=m1,Ada Lovelace", "/medication/0"),
        ("medication=m1," + "a" * 150, "/medication/0"),
        ("window=m1,m2,2", "/window/0"),
        ("window=m1,m2,-2,6", "/window/0"),
        ("window=m1,m2,25,6", "/window/0"),
        ("window=m1,m2,1e1,6", "/window/0"),
        ("as_needed=m1,08:00", "/as_needed/0"),
        ("not_planned=", "/not_planned/0"),
        ("meal=noon", "/meal/0"),
        ("wakes_at=7", "/wakes_at"),
        ("layout=huge", "/layout"),
        ("day_basis=guessed", "/day_basis"),
        ("&".join(["dose=m1,08:00"] * (address.MAXIMUM_DOSES + 1)), "/dose"),
        ("&".join(["meal=08:00"] * (address.MAXIMUM_MEALS + 1)), "/meal"),
        ("patient=Ada", ""),
        ("&".join(["dose=m1,08:00"] * 401), ""),
    ],
)
def test_what_is_wrong_with_an_address_is_said(client: ContractClient, query: str, pointer: str) -> None:
    response = client.get(f"{SVG}?{query}")
    assert response.status_code == 422
    assert [fault["pointer"] for fault in response.json()["errors"]] == [pointer]
    assert "Ada" not in response.text


def test_what_is_no_list_is_given_once(client: ContractClient) -> None:
    response = client.get(f"{SVG}?wakes_at=07:00&wakes_at=08:00")
    assert (response.status_code, response.json()["code"]) == (400, "duplicate-parameter")
    assert client.get(f"{HTML}?layout=wide").status_code == 422


def test_without_a_rule_set_there_are_no_names(client_without_rules: ContractClient) -> None:
    assert client_without_rules.get(SVG).status_code == 503
