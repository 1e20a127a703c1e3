"""Drafts in the editor: what waits for whom, where one stands, what it changes in words, and every step of its life."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from service.admin.draft_words import why_in_words
from service.application.draft_steps import DraftState, DraftStep, Situation, refusal
from service.application.principals import Permission, Role
from tests.entrance import PASSWORD
from tests.integration.control_room import guidance, person
from tests.unit.admin.conftest import HOSTILE
from tests.unit.admin.page_client import PageClient, form_to, page_client

WHY = "For a test of pages."
QUINOLONES = "fluoroquinolones-with-oral-magnesium"


@pytest.fixture
def pages(tmp_path: Path) -> Iterator[PageClient]:
    with page_client(tmp_path) as client:
        yield client


def opened(pages: PageClient, who: str = "ann", title: str = "Intervals") -> str:
    return pages.done(who, "/admin/drafts/new", title=title, reason=WHY)


def put(pages: PageClient, draft: str, document: dict[str, Any], kind: str = "guidance", who: str = "ann") -> None:
    """Write a record through the API, as another program would."""
    draft_id = draft.rpartition("/")[2]
    headers = {"authorization": f"Bearer {pages.tokens[who]}"}
    revision = pages.get(f"/v1/drafts/{draft_id}", headers=headers).headers["etag"]
    body = {"reason": WHY, "document": document}
    response = pages.put(
        f"/v1/drafts/{draft_id}/records/{kind}/{document['id']}",
        json=body,
        headers={**headers, "if-match": revision, "idempotency-key": f"{document['id']}-{revision}".replace('"', "")},
    )
    assert response.status_code == 200, response.text


def record_of(pages: PageClient, draft: str, kind: str, record_id: str) -> dict[str, Any]:
    headers = {"authorization": f"Bearer {pages.tokens['ann']}"}
    answer = pages.get(f"/v1/drafts/{draft.rpartition('/')[2]}/records/{kind}/{record_id}", headers=headers)
    document: dict[str, Any] = answer.json()["document"]
    return document


def state(pages: PageClient, draft: str) -> str:
    headers = {"authorization": f"Bearer {pages.tokens['eve']}"}
    told: str = pages.get(f"/v1/drafts/{draft.rpartition('/')[2]}", headers=headers).json()["state"]
    return told


def plain(page: str) -> str:
    """The words of a page as people read them."""
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def with_guidance(pages: PageClient, title: str = "How to test") -> str:
    draft = opened(pages)
    put(pages, draft, guidance("how-to-test", title))
    return draft


def submitted(pages: PageClient, title: str = "How to test") -> str:
    draft = with_guidance(pages, title)
    pages.done("ann", f"{draft}/submit", reason=WHY)
    return draft


def approved(pages: PageClient, title: str = "How to test") -> str:
    draft = submitted(pages, title)
    pages.done("rex", f"{draft}/approve", reason=WHY, password=PASSWORD)
    return draft


def test_a_draft_goes_all_the_way(pages: PageClient) -> None:
    draft = with_guidance(pages)
    page = plain(pages.open("ann", draft).text)
    assert "Next: an author hands it in for review" in page
    assert "1 record is changed" in page

    assert pages.done("ann", f"{draft}/submit", reason=WHY) == f"{draft}?done=submitted"
    assert "a second person who wrote nothing in it reviews it" in plain(pages.open("ann", draft).text)

    signing = pages.open("rex", f"{draft}/approve").text
    digest = form_to(signing, f"{draft}/approve").value("digest")
    assert digest
    assert digest in plain(signing)  # what is signed stands there to be read
    pages.done("rex", f"{draft}/approve", reason="Compared.", meaning="reviewed", password=PASSWORD)
    page = plain(pages.open("eve", draft).text)
    assert "Next: a publisher publishes it" in page
    assert "Rex approved it (reviewed)" in page

    pages.done("pia", f"{draft}/publish", reason=WHY, password=PASSWORD)
    page = plain(pages.open("ann", draft).text)
    assert "It was published as rule set 2." in page
    assert "Rule set 2 answers" in page


def test_what_waits_for_whom(pages: PageClient) -> None:
    def waiting(who: str) -> list[str]:
        page = pages.open(who, "/admin/drafts").text
        part = page[page.index("d-waiting") : page.index("d-all")]
        return re.findall(r'href="/admin/drafts/[0-9a-f-]{36}">([^<]+)<', part)

    one = opened(pages, title="Of Ann")
    assert (waiting("ann"), waiting("rex"), waiting("pia"), waiting("eve")) == (["Of Ann"], [], [], [])
    assert waiting("bea") == []  # who could write in it but never did
    put(pages, one, guidance("how-to-test", "How to test"))
    pages.done("ann", f"{one}/submit", reason=WHY)
    assert (waiting("ann"), waiting("rex"), waiting("bea"), waiting("pia")) == ([], ["Of Ann"], ["Of Ann"], [])
    pages.done("bea", f"{one}/return", reason="The second source does not say this.", password=PASSWORD)
    assert waiting("ann") == ["Of Ann"]
    assert "A reviewer gave it back" in pages.open("ann", "/admin/drafts").text
    assert "The second source does not say this." in pages.open("ann", one).text
    pages.done("ann", f"{one}/submit", reason=WHY)
    pages.done("rex", f"{one}/approve", reason=WHY, password=PASSWORD)
    assert (waiting("ann"), waiting("rex"), waiting("pia")) == ([], [], ["Of Ann"])


def test_the_list_is_cut_into_pages_and_by_state(pages: PageClient) -> None:
    for number in range(27):
        opened(pages, title=f"Draft {number:02d}")
    first = pages.open("eve", "/admin/drafts").text
    assert "Page 1 of 2" in plain(first)
    assert "Draft 26" in first
    assert "Draft 00" not in first
    second = pages.open("eve", "/admin/drafts?page=2").text
    assert "Draft 00" in second
    assert "No draft is in this state." in pages.open("eve", "/admin/drafts?state=published").text
    beyond = pages.open("eve", "/admin/drafts?page=400").text
    assert "No draft stands so far back." in beyond
    assert "There is no draft yet." not in beyond
    assert pages.open("eve", "/admin/drafts?state=nonsense").status_code == 422


def test_every_step_says_why_it_cannot_be_taken(pages: PageClient) -> None:
    draft = submitted(pages)
    own = plain(pages.open("ann", draft).text)
    assert "Approve Only a reviewer can do this." in own
    both = opened(pages, "bea", "Of Bea")
    put(pages, both, guidance("of-bea", "Of Bea"), who="bea")
    pages.done("bea", f"{both}/submit", reason=WHY)
    page = pages.open("bea", both).text
    assert "Somebody who has written in a draft cannot approve it; a second person has to." in page
    assert f'href="{both}/approve"' not in page
    refused = pages.sent(
        "bea", f"{both}/approve", pages.form("bea", f"{both}/approve").filled(reason=WHY, password=PASSWORD)
    )
    assert refused.status_code == 409
    assert state(pages, both) == "submitted"


def test_no_reason_of_the_table_of_steps_is_told_in_the_words_of_programs() -> None:
    for step in DraftStep:
        for where in DraftState:
            for roles in ([], [Role.AUTHOR], [Role.REVIEWER], [Role.PUBLISHER], list(Role)):
                situation = Situation(where, frozenset({"person/p"}), frozenset(), 0)
                why = refusal(step, situation, person("p", *roles))
                if why is not None:
                    assert why_in_words(why).endswith(".")
                    assert not any(
                        permission.value in why_in_words(why) for permission in Permission if ":" in permission
                    )


@pytest.mark.parametrize("step", ["approve", "return", "publish"])
def test_a_signature_needs_the_password_once_more_and_keeps_what_was_typed(pages: PageClient, step: str) -> None:
    draft = approved(pages) if step == "publish" else submitted(pages)
    who = "pia" if step == "publish" else "rex"
    before = state(pages, draft)
    form = pages.form(who, f"{draft}/{step}")
    for password, told in (("", "Type your password once more"), ("not this one", "The password is not yours.")):
        response = pages.sent(who, f"{draft}/{step}", form.filled(reason="Read twice.", password=password))
        assert response.status_code == 403
        assert f'id="wrong-password">{told}' in response.text
        assert "send it as" not in response.text  # what a program would have to do
        form = form_to(response.text, f"{draft}/{step}")
        assert form.value("reason") == "Read twice."
        assert form.value("password") == ""
    assert state(pages, draft) == before
    assert pages.sent(who, f"{draft}/{step}", form.filled(password=PASSWORD)).status_code == 303


def test_a_signature_is_for_what_was_shown(pages: PageClient) -> None:
    draft = submitted(pages)
    form = pages.form("rex", f"{draft}/approve")
    put(pages, draft, guidance("how-to-test", "Another title"))
    pages.done("ann", f"{draft}/submit", reason=WHY)
    response = pages.sent("rex", f"{draft}/approve", form.filled(reason="Read.", password=PASSWORD))
    assert response.status_code == 412
    assert "Somebody changed it after you opened this page" in plain(response.text)
    assert "Another title" in response.text  # what is new is shown on the page
    assert state(pages, draft) == "submitted"
    again = form_to(response.text, f"{draft}/approve")
    assert again.value("reason") == "Read."
    assert again.value("digest") != form.value("digest")
    assert pages.sent("rex", f"{draft}/approve", again.filled(password=PASSWORD)).status_code == 303


def test_two_who_change_at_once_do_not_overwrite_each_other(pages: PageClient) -> None:
    draft = with_guidance(pages)
    undo = f"{draft}/records/guidance/how-to-test/undo"
    form = pages.form("bea", undo)
    put(pages, draft, guidance("how-to-test", "Changed by Ann meanwhile"))
    response = pages.sent("bea", undo, form.filled(reason="No need for it."))
    assert response.status_code == 412
    assert "Changed by Ann meanwhile" in response.text
    again = form_to(response.text, undo)
    assert again.value("reason") == "No need for it."
    assert pages.sent("bea", undo, again.filled()).status_code == 303
    assert "No record is changed" in plain(pages.open("bea", draft).text)


def test_a_record_is_withdrawn_in_a_draft(pages: PageClient) -> None:
    draft = opened(pages)
    place = f"{draft}/records/classes/unused-class"
    assert "The draft does not change it" in pages.open("ann", place).text
    assert pages.done("ann", f"{place}/withdraw", reason=WHY) == f"{draft}?done=withdrawn"
    assert "Status active → withdrawn" in pages.open("ann", draft).text
    assert "Withdraw it" not in pages.open("ann", place).text
    refused = pages.sent("ann", f"{place}/withdraw", pages.form("ann", f"{place}/withdraw").filled(reason=WHY))
    assert refused.status_code == 409
    assert "The record is withdrawn already." in refused.text


def test_discarding_takes_a_draft_out_of_the_way(pages: PageClient) -> None:
    draft = submitted(pages)
    pages.done("ann", f"{draft}/discard", reason=WHY)
    page = plain(pages.open("ann", draft).text)
    assert "It was given up." in page
    assert "Hand in" not in page


def test_the_gate_refuses_in_words_and_names_the_case(pages: PageClient) -> None:
    draft = with_guidance(pages, "This one fails")
    response = pages.sent("ann", f"{draft}/submit", pages.form("ann", f"{draft}/submit").filled(reason=WHY))
    assert response.status_code == 409
    assert "1 of 1 worked cases do not hold" in plain(response.text)
    report = pages.open("ann", f"{draft}/impact?now=true").text
    assert "The gate does not let it pass" in report
    assert "a-case" in report
    assert "It fails" in report


def test_a_great_impact_has_to_be_wanted(pages: PageClient) -> None:
    draft = approved(pages, "A surprise")
    address = f"{draft}/publish"
    report = plain(pages.open("pia", f"{draft}/impact/report").text)
    assert "9 of 100 lists (9.0 %) are answered otherwise" in report
    response = pages.sent("pia", address, pages.form("pia", address).filled(reason=WHY, password=PASSWORD))
    assert response.status_code == 409
    again = form_to(response.text, address)
    assert again.value("accept_impact") is None
    assert pages.sent("pia", address, again.filled(accept_impact="true", password=PASSWORD)).status_code == 303
    assert state(pages, draft) == "published"


def test_what_is_changed_stands_in_clinical_words(pages: PageClient) -> None:
    draft = opened(pages)
    record = record_of(pages, draft, "interactions", QUINOLONES)
    assert (record["severity"], record["management"]["separation"]["drug_first_hours"]) == ("major", "2")
    record["severity"] = "contraindicated"
    record["management"]["separation"]["drug_first_hours"] = "4"
    record["evidence"]["citations"].append({"citation": "nobody-cites-this", "supports": "The longer interval."})
    put(pages, draft, record, "interactions")
    line = "Severity major → contraindicated; window 2 h/6 h → 4 h/6 h; source added"
    assert line in plain(pages.open("eve", draft).text)
    compared = pages.open("eve", f"{draft}/compare").text
    assert line in plain(compared)
    assert '<span class="tag sev sev-contraindicated">' in compared
    assert "magnesium at least 4 h after the drug" in compared
    text = plain(pages.open("eve", f"{draft}/compare?text=true").text)
    assert "- severity: major" in text
    assert "+ severity: contraindicated" in text


def published(pages: PageClient, document: dict[str, Any], kind: str) -> None:
    """Somebody else publishes another draft in between."""
    draft = opened(pages, "bea", "In between")
    put(pages, draft, document, kind, who="bea")
    pages.done("bea", f"{draft}/submit", reason=WHY)
    pages.done("rex", f"{draft}/approve", reason=WHY, password=PASSWORD)
    pages.done("pia", f"{draft}/publish", reason=WHY, password=PASSWORD)


@pytest.mark.parametrize(("side", "severity"), [("ours", "moderate"), ("theirs", "contraindicated")])
def test_where_both_sides_changed_a_record_somebody_chooses(pages: PageClient, side: str, severity: str) -> None:
    draft = opened(pages)
    record = record_of(pages, draft, "interactions", QUINOLONES)
    put(pages, draft, {**record, "severity": "moderate"}, "interactions")
    put(pages, draft, guidance("how-to-test", "Only ours"))
    published(pages, {**record, "severity": "contraindicated"}, "interactions")
    assert "Rule set 2 answers by now" in pages.open("ann", draft).text
    form = pages.form("ann", f"{draft}/rebase")
    field = f"choice:interactions/{QUINOLONES}"
    unchosen = pages.sent("ann", f"{draft}/rebase", form.filled(reason=WHY))
    assert unchosen.status_code == 409
    page = plain(unchosen.text)
    assert page.index("The change in this draft wins") < page.index("Moderate") < page.index("What rule set 2 has wins")
    again = form_to(unchosen.text, f"{draft}/rebase")
    response = pages.sent("ann", f"{draft}/rebase", again.filled(**{field: side}))
    assert response.status_code == 303
    entry = pages.get(
        f"/v1/drafts/{draft.rpartition('/')[2]}", headers={"authorization": f"Bearer {pages.tokens['eve']}"}
    ).json()
    assert entry["base"] == 2
    changed = {one["id"] for one in entry["changes"]}
    assert changed == ({QUINOLONES, "how-to-test"} if side == "ours" else {"how-to-test"})
    assert record_of(pages, draft, "interactions", QUINOLONES)["severity"] == severity


def test_an_approved_draft_whose_base_moved_is_not_published(pages: PageClient) -> None:
    draft = approved(pages)
    form = pages.form("pia", f"{draft}/publish")
    published(pages, guidance("another", "Another"), "guidance")
    response = pages.sent("pia", f"{draft}/publish", form.filled(reason=WHY, password=PASSWORD))
    assert response.status_code == 409
    assert "Take the rule set that answers now as the base of the draft" in plain(response.text)
    page = plain(pages.open("ann", draft).text)
    assert "another rule set answers by now. Next: an author takes that one over" in page
    pages.done("ann", f"{draft}/rebase", reason=WHY)
    assert state(pages, draft) == "open"


def test_nothing_that_is_written_in_a_record_runs(pages: PageClient) -> None:
    draft = opened(pages, title="{{7*7}} <b>title</b>")
    put(pages, draft, guidance("how-to-test", "{{7*7}} <script>marker()</script>", text=HOSTILE))
    for path in ("", "/compare", "/compare?text=true", "/records/guidance/how-to-test", "/submit", "/impact?now=true"):
        page = pages.open("ann", f"{draft}{path}").text
        assert "<script>marker" not in page, path
        assert "<b>title" not in page, path
        assert "onerror=marker()&gt;" in page or "<img" not in page.split("</header>")[1], path
        assert "49" not in re.findall(r"<h1>(.*?)</h1>", page)[0], path


def test_what_is_not_there_is_not_found(pages: PageClient) -> None:
    nowhere = "/admin/drafts/00000000-0000-4000-8000-000000000000"
    draft = opened(pages)
    for path in (nowhere, f"{nowhere}/submit", f"{nowhere}/compare", f"{draft}/records/guidance/nothing"):
        assert pages.open("ann", path).status_code == 404, path
    response = pages.sent("ann", f"{nowhere}/discard", pages.form("ann", f"{draft}/discard").filled(reason=WHY))
    assert response.status_code == 404


def test_the_page_answers_the_same_as_the_api_would(pages: PageClient) -> None:
    draft = submitted(pages)
    headers = {"authorization": f"Bearer {pages.tokens['eve']}"}
    entry = json.loads(pages.get(f"/v1/drafts/{draft.rpartition('/')[2]}", headers=headers).text)
    assert form_to(pages.open("rex", f"{draft}/approve").text, f"{draft}/approve").value("digest") == entry["digest"]
    assert pages.form("rex", f"{draft}/approve").value("seen") == str(entry["revision"])


def test_people_talk_about_a_draft_and_the_records_in_it(pages: PageClient) -> None:
    draft = with_guidance(pages)
    record = f"{draft}/records/guidance/how-to-test"
    assert (
        pages.done("rex", record, f"{record}/comments", text="Of tablets only? <b>x</b>") == f"{record}?done=commented"
    )
    pages.done("ann", draft, f"{draft}/comments", text="Ready, I think.")
    page = pages.open("eve", draft).text
    assert "1 comment" in plain(page)
    assert "Of tablets only? &lt;b&gt;x&lt;/b&gt;" in page
    assert "Ready, I think." in page
    on_record = pages.open("ann", record).text
    assert "Of tablets only?" in on_record
    assert "Ready, I think." not in on_record
    assert "Of tablets only?" in pages.open("ann", f"{draft}/submit").text
    # Who only reads has no form, and nothing is taken from them.
    assert not re.search(r'action="[^"]*/comments"', page)
    said = pages.form("ann", draft, f"{draft}/comments").filled(text="By a viewer")
    assert pages.sent("eve", f"{draft}/comments", said).status_code == 403


def test_a_comment_that_is_not_taken_is_not_lost(pages: PageClient) -> None:
    draft = with_guidance(pages)
    for address in (draft, f"{draft}/records/guidance/how-to-test"):
        form = pages.form("ann", address, f"{address}/comments")
        empty = pages.sent("ann", form.action, form.filled(text="   "))
        assert empty.status_code == 422
        assert 'id="wrong-text">Please fill this in.' in empty.text
        long = pages.sent("ann", form.action, form.filled(text="x" * 2001))
        assert form_to(long.text, form.action).value("text") == "x" * 2001
    form = pages.form("ann", draft, f"{draft}/comments")
    pages.done("ann", f"{draft}/discard", reason=WHY)
    late = pages.sent("ann", form.action, form.filled(text="Too late"))
    assert late.status_code == 409
