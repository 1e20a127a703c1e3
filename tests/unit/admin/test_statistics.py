"""Pages about how rules fare: who sees them, what they show without anything, and a name that goes into a draft."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from service.storage.tables import DailyTotalRow
from tests.integration.test_statistics import decision, said
from tests.unit.admin.conftest import rule_set
from tests.unit.admin.page_client import PageClient, forms, page_client
from tests.unit.admin.test_bench import plain

QUINOLONES = "fluoroquinolones-with-magnesium"


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PageClient]:
    with page_client(tmp_path_factory.mktemp("statistics"), rule_set(), keep_requests=True) as client:
        yield client


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PageClient]:
    with page_client(tmp_path_factory.mktemp("empty"), rule_set()) as client:
        yield client


@pytest.fixture(scope="module", autouse=True)
def counted(pages: PageClient) -> None:
    now = datetime.now(UTC)
    with pages.house.store.writing() as session:
        session.add_all([DailyTotalRow(day=now.date(), what="checks", subject="", severity="", number=40)])
        session.add_all(
            [DailyTotalRow(day=now.date(), what="finding", subject=QUINOLONES, severity="major", number=33)]
        )
        session.add_all([said(QUINOLONES, now.date(), "overridden", hour=0) for _ in range(7)])
        session.add_all([said("gone-by-now", now.date(), "overridden", hour=0) for _ in range(6)])
        session.add_all([decision("ciprofloxasin 500 mg", age, at=now) for age in range(4)])
        session.add_all([decision("<script>marker()</script> x", age, at=now) for age in range(4)])


def test_the_figures_of_all_rules_and_of_one(pages: PageClient) -> None:
    text = plain(pages.open("eve", "/admin/statistics").text)
    assert "82 40" in text  # 33 findings of 40 checks
    assert "Quinolones with magnesium 33 100% (65% to 100%), of few 7" in text
    assert "gone-by-now (not in this rule set)" in text
    one = plain(pages.open("eve", f"/admin/statistics/{QUINOLONES}?weeks=52").text)
    assert "that is few" in one
    assert "Will monitor 7" in one
    assert pages.open("eve", "/admin/statistics/nobody").status_code == 404
    assert pages.open("eve", "/admin/statistics?weeks=5").status_code == 422


def test_the_page_of_a_record_tells_how_it_fared(pages: PageClient) -> None:
    text = plain(pages.open("eve", f"/admin/records/interactions/{QUINOLONES}").text)
    assert "In the last 30 days Found 33 times Overridden 7 of 7 answers (few)" in text


def test_the_dashboard_tells_what_is_found_and_overridden_most(pages: PageClient) -> None:
    text = plain(pages.open("eve", "/admin").text)
    assert "Quinolones with magnesium 33 times" in text
    assert "of 7 answers, which is few" in text


def test_without_any_decision_pages_say_so(empty: PageClient) -> None:
    text = plain(empty.open("eve", "/admin/statistics").text)
    assert "No check was counted in this time." in text
    assert "Nothing was counted in these weeks." in text
    text = plain(empty.open("ann", "/admin/unrecognised").text)
    assert "Which names they are is not kept." in text
    assert "MAGCHECK_KEEP_REQUESTS=true" in text


def test_names_are_for_those_who_can_do_something_about_them(pages: PageClient) -> None:
    for who, status in (("ann", 200), ("adi", 200), ("eve", 403), ("pia", 403), ("cli", 403), (None, 303)):
        assert pages.open(who, "/admin/unrecognised").status_code == status, who
    assert "not recognised" not in pages.open("eve", "/admin").text
    page = pages.open("adi", "/admin/unrecognised").text
    assert "ciprofloxasin" in page
    assert "Add as a name" not in page
    assert "<script>marker" not in page


def test_a_name_goes_into_a_draft_in_one_action(pages: PageClient) -> None:
    page = pages.open("ann", "/admin/unrecognised").text
    button = next(one for one in forms(page) if one.value("name") == "ciprofloxasin")
    shown = pages.sent("ann", button.action, button.fields)
    form = next(one for one in forms(shown.text) if one.action == "/admin/unrecognised/name/keep")
    assert (form.value("name"), form.value("medicine"), form.value("draft")) == (
        "ciprofloxasin",
        "ciprofloxacin",
        "new",
    )
    response = pages.sent("ann", form.action, form.filled(reason="A common slip."))
    assert response.status_code == 303
    address = response.headers["location"]
    assert address.endswith("/records/substances/ciprofloxacin")
    headers = {"authorization": f"Bearer {pages.tokens['ann']}"}
    document = pages.get(address.replace("/admin", "/v1"), headers=headers).json()["document"]
    assert document["synonyms"] == ["ciprofloxasin"]
    # Into the same draft a second time: it has the name already.
    draft = address.split("/")[3]
    form = next(one for one in forms(shown.text) if one.action == "/admin/unrecognised/name/keep")
    entry = pages.get(f"/v1/drafts/{draft}", headers=headers).json()
    again = pages.sent(
        "ann",
        form.action,
        form.filled(reason="Once more.", draft=f"{draft}.{entry['revision']}", idempotency_key="another-wish-1"),
    )
    assert again.status_code == 422
    assert "It has this name already" in plain(again.text)
    assert 'id="wrong-name"' in again.text


def test_a_medicine_that_there_is_not_is_told_beside_its_field(pages: PageClient) -> None:
    shown = pages.sent("ann", "/admin/unrecognised/name", pages.form("ann", "/admin/drafts/new").fields)
    form = next(one for one in forms(shown.text) if one.action == "/admin/unrecognised/name/keep")
    response = pages.sent("ann", form.action, form.filled(name="zipro", medicine="nothing", reason="x"))
    assert response.status_code == 422
    assert 'id="wrong-medicine"' in response.text
    again = next(one for one in forms(response.text) if one.action == "/admin/unrecognised/name/keep")
    assert again.value("name") == "zipro"
