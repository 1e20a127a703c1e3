"""Drafts in a real Chromium: from a change to an answer and back, two editors at once, and a sign-in that runs out.

Every page fails on an error in the console, a breach of the content security policy, a request to anywhere else, and
on whatever axe-core finds. Run in a process of its own: `python3 dev.py browser`.
"""

from __future__ import annotations

import re
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.chromium import PASSWORD, Watched, asked, make_person, watched

pytestmark = pytest.mark.browser

QUINOLONES = "fluoroquinolones-with-oral-magnesium"
WHY = "The label of August 2026 names a longer interval."
# A severity is tried by worked cases; a sentence about the effect by none, and every check shows it.
SENTENCE = "The label of August 2026 asks for a longer interval."
LIST = {
    "medications": [
        {"id": "m1", "text": "pefloxacin 400 mg oral tablet"},
        {"id": "m2", "text": "magnesium oxide 400 mg oral tablet"},
    ]
}
GATE_MILLISECONDS = 120_000


@pytest.fixture(scope="module", autouse=True)
def people(address: str) -> None:
    make_person(address, "ann", "Ann Author", "author")
    make_person(address, "bea", "Bea Both", "author", "reviewer")
    make_person(address, "rex", "Rex Reviewer", "reviewer")
    make_person(address, "pia", "Pia Publisher", "publisher")


@pytest.fixture
def desks(browser: Browser, address: str) -> Iterator[Desks]:
    desks = Desks(browser, address)
    yield desks
    faults = [fault for watch in desks.watches for fault in watch.faults]
    for watch in desks.watches:
        watch.page.context.close()
    assert faults == []


class Desks:
    """A browser for each person, signed in."""

    def __init__(self, browser: Browser, address: str) -> None:
        self._browser = browser
        self.address = address
        self.watches: list[Watched] = []

    def of(self, login: str, **more: Any) -> Watched:  # noqa: ANN401
        watch = watched(self._browser, self.address, **more)
        watch.sign_in(login)
        self.watches.append(watch)
        return watch


def open_draft(page: Page, title: str) -> str:
    page.get_by_role("link", name="Drafts", exact=True).click()
    page.get_by_role("link", name="Open a draft").click()
    page.get_by_label("What it is about").fill(title)
    page.get_by_label("Why").fill(WHY)
    page.get_by_role("button", name="Open the draft").click()
    expect(page.locator("h1")).to_have_text(title)
    return re.sub(r"[?#].*", "", page.url).rpartition("/")[2]


def change(address: str, draft_id: str, sentence: str, **more: Any) -> None:  # noqa: ANN401
    """Change the effect of an interaction through the API, as another program would."""
    document = asked(address, "GET", f"/v1/drafts/{draft_id}/records/interactions/{QUINOLONES}")["document"]
    revision = asked(address, "GET", f"/v1/drafts/{draft_id}")["revision"]
    document = {**document, "effect": f"{document['effect']} {sentence}", **more}
    asked(
        address,
        "PUT",
        f"/v1/drafts/{draft_id}/records/interactions/{QUINOLONES}",
        {"document": document, "reason": WHY},
        tag=f'"{revision}"',
    )


def effect_of_a_check(address: str) -> tuple[int, str]:
    """Which rule set answers a check, and the effect it tells."""
    report = asked(address, "POST", "/v1/checks", LIST)
    [effect] = {one["effect"] for one in report["findings"] if one["interaction_id"] == QUINOLONES}
    return report["rule_set"]["version"], effect


def once_it_answers(address: str, number: int) -> str:
    """The effect that a check tells, once this rule set answers: soon, but a busy machine takes its time."""
    end = time.monotonic() + 30
    while True:
        version, effect = effect_of_a_check(address)
        if version == number or time.monotonic() > end:
            assert version == number
            return effect
        time.sleep(0.2)


def forget(page: Page) -> None:
    """Let the service not know the sign-in any more; without a cookie, the development mode would know everybody."""
    [cookie] = page.context.cookies()
    page.context.add_cookies([{**cookie, "value": f"{cookie['value'][:-4]}xxxx"}])  # type: ignore[typeddict-item]


def sign(page: Page, button: str, comment: str, label: str) -> None:
    page.get_by_label(label).fill(comment)
    page.get_by_label("Your password once more").fill(PASSWORD)
    page.get_by_role("button", name=button).click()


def test_from_a_change_to_an_answer_and_back(desks: Desks, address: str) -> None:
    before, effect = effect_of_a_check(address)
    draft_id = written_and_handed_in(desks.of("ann"), address)
    assert effect_of_a_check(address) == (before, effect)
    reviewed(desks.of("rex"))
    pia = desks.of("pia")
    published(pia, draft_id)
    assert once_it_answers(address, before + 1) == f"{effect} {SENTENCE}"
    compared(pia, before)
    pia.open(f"/admin/rule-sets/{before}/roll-back")
    sign(pia.page, "Sign and roll back", "The label was withdrawn.", "Why")
    expect(pia.page.get_by_text("Its content was published again")).to_be_visible(timeout=GATE_MILLISECONDS)
    assert once_it_answers(address, before + 2) == effect


def written_and_handed_in(ann: Watched, address: str) -> str:
    draft_id = open_draft(ann.page, "Intervals of quinolones")
    change(address, draft_id, SENTENCE)
    page = ann.open(f"/admin/drafts/{draft_id}")
    expect(page.get_by_text("Effect reworded")).to_be_visible()
    assert ann.axe() == []
    page.get_by_role("link", name="What it changes").click()
    expect(page.locator("ins")).to_contain_text("longer interval")
    page.get_by_role("link", name="As text").click()
    expect(page.locator(".came").first).to_be_visible()
    page.get_by_role("link", name="Overview").click()
    page.get_by_role("link", name="Hand in for review").click()
    expect(page.get_by_text("The gate lets it pass")).to_be_visible(timeout=GATE_MILLISECONDS)
    page.get_by_label("What the reviewer should know").fill("Compared with section 4.5.")
    page.get_by_role("button", name="Hand in").click()
    expect(page.get_by_text("The draft was handed in for review.")).to_be_visible(timeout=GATE_MILLISECONDS)
    # Who wrote it cannot review it, and the page says why.
    expect(page.get_by_role("button", name="Approve", exact=True)).to_be_disabled()
    expect(page.get_by_text("Only a reviewer can do this.").first).to_be_visible()
    return draft_id


def reviewed(rex: Watched) -> None:
    page = rex.open("/admin/drafts")
    page.get_by_role("region", name="Waiting for you").get_by_role("link", name="Intervals of quinolones").click()
    page.get_by_role("textbox", name="Comment").fill("Which edition of the label?")
    page.get_by_role("button", name="Add the comment").click()
    expect(page.get_by_text("Which edition of the label?")).to_be_visible()
    page.get_by_role("link", name="Approve").click()
    expect(page.locator("ins")).to_contain_text("longer interval")  # what is signed is on the page
    page.get_by_label("Your comment").fill("Compared with the label.")
    page.get_by_label("Your password once more").fill("not my password")
    page.get_by_role("button", name="Sign and approve").click()
    expect(page.locator("#wrong-password")).to_have_text("The password is not yours.")
    rex.answered(403)
    expect(page.get_by_label("Your comment")).to_have_value("Compared with the label.")
    assert rex.axe() == []
    sign(page, "Sign and approve", "Compared with the label.", "Your comment")
    expect(page.get_by_text("Your approval is signed.")).to_be_visible()


def published(pia: Watched, draft_id: str) -> None:
    page = pia.open(f"/admin/drafts/{draft_id}")
    page.get_by_role("link", name="Publish", exact=True).click()
    expect(page.get_by_text("The gate lets it pass")).to_be_visible(timeout=GATE_MILLISECONDS)
    sign(page, "Sign and publish", "Takes effect today.", "Why now")
    done = page.get_by_text("The draft was published")
    expect(done).to_be_visible(timeout=GATE_MILLISECONDS)


def compared(pia: Watched, before: int) -> None:
    page = pia.page
    page.get_by_role("link", name="Rule sets", exact=True).click()
    page.get_by_role("link", name=f"What it changed since rule set {before}").click()
    expect(page.locator("ins")).to_contain_text("longer interval")
    assert pia.axe() == []


def test_of_two_editors_none_overwrites_the_other(desks: Desks, address: str) -> None:
    ann, bea = desks.of("ann"), desks.of("bea")
    draft_id = open_draft(ann.page, "Two at once")
    change(address, draft_id, "Before both.")
    undo = f"/admin/drafts/{draft_id}/records/interactions/{QUINOLONES}/undo"
    page = bea.open(undo)
    page.get_by_label("Why").fill("It says nothing new.")
    change(address, draft_id, "Ann was quicker.")
    page.get_by_role("button", name="Undo the change").click()
    expect(page.get_by_role("alert")).to_contain_text("Somebody changed it after you opened this page")
    expect(page.get_by_role("alert")).to_be_focused()
    bea.answered(412)
    expect(page.locator("ins").first).to_contain_text("Ann was quicker.")  # what is new is there to be read
    expect(page.get_by_label("Why")).to_have_value("It says nothing new.")
    assert bea.axe() == []
    page.get_by_role("button", name="Undo the change").click()
    expect(page.get_by_text("The record is as its base has it.")).to_be_visible()


def test_a_sign_in_that_runs_out_loses_nothing(desks: Desks) -> None:
    ann = desks.of("ann")
    page = ann.open("/admin/drafts/new")
    page.get_by_label("What it is about").fill("Typed before the sign-in ran out")
    page.get_by_label("Why").fill("A long reason.\nIn two lines.")
    forget(page)
    page.get_by_role("button", name="Open the draft").click()
    expect(page.locator("#notice")).to_contain_text("You are not signed in any more.")
    ann.answered(401)
    assert ann.axe() == []
    expect(page.get_by_label("What it is about")).to_have_value("Typed before the sign-in ran out")
    expect(page.get_by_label("Name")).to_be_focused()
    page.get_by_label("Name").fill("ann")
    page.get_by_label("Password").fill("not this one")
    page.keyboard.press("Enter")
    expect(page.locator("#notice .alert-line")).to_have_text("The name or the password is not right.")
    ann.answered(401)
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("Signed in as Ann Author")
    expect(page.get_by_role("button", name="Open the draft")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("Typed before the sign-in ran out")


def test_without_scripts_what_was_sent_too_late_is_kept_on_a_page(browser: Browser, address: str) -> None:
    token = asked(address, "POST", "/v1/sign-ins", {"login": "ann", "password": PASSWORD, "cookie": False})["token"]
    context = browser.new_context(java_script_enabled=False)
    context.add_cookies([{"name": "magcheck-development", "value": token, "url": address}])
    page = context.new_page()
    page.goto(f"{address}/admin/drafts/new")
    page.get_by_label("What it is about").fill("Typed before the sign-in ran out")
    page.get_by_label("Why").fill("A long reason.\nIn two lines.")
    forget(page)
    page.get_by_role("button", name="Open the draft").click()
    expect(page.locator("h1")).to_have_text("You are not signed in any more")
    page.get_by_text("What you typed", exact=True).click()
    expect(page.locator("dd.typed").first).to_have_text("Typed before the sign-in ran out")
    context.close()


def test_a_lost_connection_and_a_reload_lose_no_comment(desks: Desks, address: str) -> None:
    ann = desks.of("ann")
    draft_id = open_draft(ann.page, "Much to say")
    page = ann.page
    text = "The label of 2026 says six hours.\nThe study of 2019 says four."
    comment = page.get_by_role("textbox", name="Comment")
    comment.fill(text)
    gone = re.compile(r"/comments$")
    page.route(gone, lambda route: route.abort("connectionfailed"))
    page.get_by_role("button", name="Add the comment").click()
    expect(page.get_by_role("alert")).to_contain_text("Nothing you typed is lost")
    ann.faults[:] = [fault for fault in ann.faults if "ERR_CONNECTION_FAILED" not in fault]
    expect(comment).to_have_value(text)
    assert ann.axe() == []
    page.unroute(gone)
    page.reload()
    expect(page.get_by_role("status")).to_contain_text("stands here again")
    expect(comment).to_have_value(text)
    assert ann.axe() == []
    page.get_by_role("button", name="Add the comment").click()
    expect(page.get_by_role("status")).to_contain_text("Your comment was added.")
    expect(comment).to_have_value("")
    items = asked(address, "GET", f"/v1/drafts/{draft_id}/comments")["items"]
    assert [one["text"] for one in items] == [text]
    # Thrown away is thrown away; and nobody else who uses this tab gets what was typed.
    comment.fill("Never mind.")
    page.reload()
    page.get_by_role("button", name="Throw it away").click()
    expect(comment).to_have_value("")
    page.reload()
    expect(comment).to_have_value("")
    comment.fill("For nobody else.")
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url(f"{address}/admin/sign-in")
    assert page.evaluate("Object.keys(sessionStorage)") == []


def test_another_sign_in_in_another_tab_loses_nothing_either(desks: Desks) -> None:
    ann = desks.of("ann")
    page = ann.open("/admin/drafts/new")
    page.get_by_label("What it is about").fill("Typed under the former sign-in")
    page.get_by_label("Why").fill(WHY)
    other = watched(page.context.browser, ann.address, context=page.context)  # type: ignore[arg-type]
    other.sign_in("ann")
    page.get_by_role("button", name="Open the draft").click()
    expect(page.get_by_text("You have signed in anew since this page was opened")).to_be_visible()
    ann.answered(403)
    page.get_by_role("button", name="Open the draft").click()
    expect(page.locator("h1")).to_have_text("Typed under the former sign-in")
    assert other.faults == []


def test_a_double_click_opens_one_draft(desks: Desks, address: str) -> None:
    ann = desks.of("ann")
    page = ann.open("/admin/drafts/new")
    page.get_by_label("What it is about").fill("Clicked twice")
    page.get_by_label("Why").fill(WHY)
    page.get_by_role("button", name="Open the draft").dblclick()
    expect(page.locator("h1")).to_have_text("Clicked twice")
    items = asked(address, "GET", "/v1/drafts?limit=100")["items"]
    assert [one["title"] for one in items].count("Clicked twice") == 1


def test_a_foreign_page_can_neither_send_a_form_nor_frame_one(desks: Desks, address: str) -> None:
    """The page is of another origin; the browser sends no cookie along, and says where the form comes from."""
    ann = desks.of("ann")
    ann.open("/admin/drafts/new")
    foreign = ann.page.context.new_page()
    evil = "http://evil.example/"
    form = (
        f'<form id="f" method="post" action="{address}/admin/drafts/new">'
        '<input name="title" value="From elsewhere"><input name="reason" value="x">'
        '<input name="idempotency_key" value="from-elsewhere-1"><input name="csrf_token" value=""></form>'
        f'<iframe id="framed" src="{address}/admin/drafts/new"></iframe>'
    )
    foreign.route(evil, lambda route: route.fulfill(body=form, content_type="text/html"))
    foreign.goto(evil)
    framed = foreign.frame_locator("#framed")
    expect(framed.get_by_role("button", name="Open the draft")).to_have_count(0)
    with foreign.expect_navigation() as sent:
        foreign.evaluate("document.getElementById('f').submit()")
    assert sent.value is not None
    assert sent.value.status == 403
    foreign.close()
    titles = [one["title"] for one in asked(address, "GET", "/v1/drafts?limit=100")["items"]]
    assert "From elsewhere" not in titles
    # Nor in the development mode, where nobody needs a cookie.
    nobody = urllib.request.Request(  # noqa: S310 - our own server
        f"{address}/admin/drafts/new",
        b"title=From+elsewhere&reason=x&idempotency_key=from-elsewhere-2",
        {"Content-Type": "application/x-www-form-urlencoded", "Origin": "http://evil.example"},
    )
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(nobody, timeout=30)  # noqa: S310
    refused.value.close()
    assert refused.value.code == 403
