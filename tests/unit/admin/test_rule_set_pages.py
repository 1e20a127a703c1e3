"""Rule sets in the editor: what was published, how two differ, rolling back and retiring with a signature."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from service.application import rule_sets
from tests.entrance import PASSWORD
from tests.integration.control_room import NOON
from tests.integration.small_knowledge import small_rule_set
from tests.keys import KEYRING
from tests.unit.admin.page_client import PageClient, form_to, page_client
from tests.unit.admin.test_draft_pages import QUINOLONES, WHY, opened, plain, put, record_of

SETS = "/admin/rule-sets"


@pytest.fixture
def pages(tmp_path: Path) -> Iterator[PageClient]:
    """Rule set 1, and rule set 2 with another severity, window and source, which answers."""
    with page_client(tmp_path) as client:
        draft = opened(client)
        record = record_of(client, draft, "interactions", QUINOLONES)
        record["severity"] = "contraindicated"
        record["management"]["separation"]["drug_first_hours"] = "4"
        put(client, draft, record, "interactions")
        client.done("ann", f"{draft}/submit", reason=WHY)
        client.done("rex", f"{draft}/approve", reason=WHY, password=PASSWORD)
        client.done("pia", f"{draft}/publish", reason="The label of August 2026.", password=PASSWORD)
        yield client


def answers(pages: PageClient) -> int:
    headers = {"authorization": f"Bearer {pages.tokens['eve']}"}
    number: int = pages.get("/v1/rule-sets/active", headers=headers).json()["version"]
    return number


def test_all_are_listed_with_who_and_why(pages: PageClient) -> None:
    page = plain(pages.open("eve", SETS).text)
    assert page.index("Rule set 2 answers now") < page.index("The label of August 2026.") < page.index("for a test")
    assert "by Pia" in page
    assert "Only a publisher can do this." in page
    assert f'href="{SETS}/1/roll-back"' not in pages.open("eve", SETS).text
    assert f'href="{SETS}/1/roll-back"' in pages.open("pia", SETS).text
    assert f'href="{SETS}/2/retire"' not in pages.open("pia", SETS).text


def test_two_are_compared_in_clinical_words_and_as_text(pages: PageClient) -> None:
    page = plain(pages.open("eve", f"{SETS}/compare?since=1&number=2").text)
    assert "Severity major → contraindicated; window 2 h/6 h → 4 h/6 h" in page
    assert "1 record revised" in page
    back = plain(pages.open("eve", f"{SETS}/compare?since=2&number=1").text)
    assert "window 4 h/6 h → 2 h/6 h" in back
    text = plain(pages.open("eve", f"{SETS}/compare?since=1&number=2&text=true").text)
    assert "- severity: major" in text
    assert "They are alike in every record." in plain(pages.open("eve", f"{SETS}/compare?since=2&number=2").text)
    assert pages.open("eve", f"{SETS}/compare?since=1&number=9").status_code == 404
    assert pages.open("eve", f"{SETS}/compare?since=1").status_code == 422


def test_rolling_back_needs_a_signature_and_answers_at_once(pages: PageClient) -> None:
    form = pages.form("pia", f"{SETS}/1/roll-back")
    refused = pages.sent("pia", f"{SETS}/1/roll-back", form.filled(reason="It names a wrong interval.", password="no"))
    assert refused.status_code == 403
    assert answers(pages) == 2
    again = form_to(refused.text, f"{SETS}/1/roll-back")
    assert again.value("reason") == "It names a wrong interval."
    said = again.filled(password=PASSWORD)
    first, second = pages.sent("pia", f"{SETS}/1/roll-back", said), pages.sent("pia", f"{SETS}/1/roll-back", said)
    assert (first.status_code, second.status_code) == (303, 303)
    assert answers(pages) == 3
    page = plain(pages.open("pia", first.headers["location"]).text)
    assert "Its content was published again" in page
    assert "It names a wrong interval." in page
    assert pages.get(f"{SETS}/4/roll-back", headers=pages._cookie("pia")).status_code == 404


def test_what_is_retired_is_not_rolled_back_to(pages: PageClient) -> None:
    pages.done("pia", f"{SETS}/1/retire", reason="It harmed.", password=PASSWORD)
    page = plain(pages.open("pia", SETS).text)
    assert "It was retired and never answers again." in page
    for what in ("roll-back", "retire"):
        form = pages.form("pia", f"{SETS}/1/{what}")
        response = pages.sent("pia", f"{SETS}/1/{what}", form.filled(reason=WHY, password=PASSWORD))
        assert response.status_code == 409
    assert answers(pages) == 2


def test_what_answers_is_not_retired(pages: PageClient) -> None:
    form = pages.form("pia", f"{SETS}/2/retire")
    response = pages.sent("pia", f"{SETS}/2/retire", form.filled(reason=WHY, password=PASSWORD))
    assert response.status_code == 409
    assert "publish or roll back first" in response.text


def test_only_a_publisher_gets_the_forms(pages: PageClient) -> None:
    for who in ("eve", "ann", "rex"):
        assert pages.open(who, f"{SETS}/1/roll-back").status_code == 403
        assert pages.open(who, f"{SETS}/1/retire").status_code == 403


def test_a_great_difference_comes_in_pages(pages: PageClient) -> None:
    records = small_rule_set()
    many = tuple(
        records.citations[0].model_copy(update={"id": f"source-{number:03d}", "title": f"Source {number:03d}"})
        for number in range(60)
    )
    store = pages.house.store
    grown = records.model_copy(update={"citations": (*records.citations, *many)})
    rule_sets.publish(store, grown, based_on=2, author="anna", note="grown", keyring=KEYRING, now=NOON)
    first = pages.open("eve", f"{SETS}/compare?since=1&number=3").text
    assert "60 records created" in plain(first)
    assert "Page 1 of 2" in plain(first)
    assert "Source 049" in first
    assert "Source 050" not in first
    assert "Source 059" in pages.open("eve", f"{SETS}/compare?since=1&number=3&page=2").text
