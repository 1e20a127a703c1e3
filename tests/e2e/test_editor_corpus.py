"""Scripts, markup and templates in every field of every page: shown as they stand and never run, in a real Chromium.

Stored or refused, it is the same. The fields of records are tried in `test_editor_every_form`.
"""

from __future__ import annotations

import itertools
import re
from http import HTTPStatus

import pytest
from playwright.sync_api import Browser, Locator, Response

from tests.e2e.chromium import Watched, watched
from tests.e2e.corpus import CORPUS, set_marker
from tests.e2e.every_page import addresses, furnished
from tests.entrance import PASSWORD

pytestmark = pytest.mark.browser

# What is written by these forms is kept: the pages that show it are looked at again in the end.
TAKEN = {
    "/admin/drafts/new",
    "/admin/drafts/comments",
    "/admin/drafts/discard",
    "/admin/drafts/records/comments",
    "/admin/drafts/records/undo",
    "/admin/drafts/records/withdraw",
    "/admin/drafts/return",
    "/admin/drafts/rebase",
    "/admin/keys/new",
    "/admin/keys/revoke",
    "/admin/new/cases",
    "/admin/people",
    "/admin/people/new",
    "/admin/people/password",
    "/admin/records/change",
    "/admin/rule-sets/roll-back",
}
# One's own password stays as it is, and nobody signs in.
LEFT = {"/admin/account", "/admin/sign-in"}
# A form is filled with texts of the corpus; passwords are right, boxes stay as they are, of choices the first is taken.
FILL = """([form, texts, password, login]) => {
  let next = 0;
  for (const one of form.elements) {
    if (one.matches("[type=password]")) one.value = password;
    else if (one.name === "login") one.value = login;
    else if (one.name === "requests_per_minute") one.value = "";
    else if (one.matches("[type=radio]")) one.checked ||= !form.querySelector(`[name="${one.name}"]:checked`);
    else if (one.matches("textarea, input:not([type]), [type=text], [type=search]") && !one.readOnly) {
      const text = texts[next++ % texts.length];
      one.value = one.maxLength > 0 ? text.slice(0, one.maxLength) : text;
    }
  }
  form.noValidate = true;
  form.requestSubmit([...form.elements].find((one) => one.type === "submit") || null);
}"""


def plain(url: str) -> str:
    """The route of an address, without what names one thing among others."""
    path = re.sub(r"https?://[^/]+|[?].*", "", url)
    path = re.sub(r"/[0-9a-f-]{36}|/[0-9a-f]{12}(?=/|$)|(?<=rule-sets)/[0-9]+", "", path)
    return re.sub(r"(?<=/records)/[a-z_]+/[a-z0-9-]+", "", path)


def in_turn(every: dict[str, list[str]]) -> list[str]:
    """Where there are forms: what closes a draft comes after everything else."""
    paths = [path for paths in every.values() for path in paths[:4] if "/form" not in path and path not in LEFT]
    return sorted(paths, key=lambda path: ("/return" not in path) + ("/discard" in path or "/retire" in path))


def send(watch: Watched, form: Locator, filled: list[object]) -> None:
    """Fill the form, send it, and wait for where it leads."""
    page, action = watch.page, form.get_attribute("hx-post") or form.get_attribute("action") or ""
    if form.get_attribute("data-once") is None and form.get_attribute("hx-post") is None:
        with page.expect_navigation():
            page.evaluate(FILL, filled)
    else:
        with page.expect_response(lambda answer: answer.url.endswith(action)) as sent:
            page.evaluate(FILL, filled)
        leads = sent.value.headers.get("hx-redirect")
        if leads:
            page.wait_for_url(f"{watch.address}{leads}")
    watch.settle()


@pytest.mark.timeout(1200)
def test_scripts_in_any_field_are_shown_and_never_run(browser: Browser) -> None:
    with furnished() as house:
        context = browser.new_context(extra_http_headers={"Authorization": f"Bearer {house.token}"})
        watch = watched(browser, house.stage.address, context=context)
        page, taken, number = watch.page, set[str](), itertools.count()
        set_marker(page, watch.faults)

        def note(answer: Response) -> None:
            if answer.request.method == "POST" and answer.status == HTTPStatus.OK:
                taken.add(plain(answer.url))

        page.on("response", note)
        every = addresses(house)
        for path in in_turn(every):
            watch.open(path)
            forms = page.locator("main form:not(#record-form)")
            for place in range(forms.count()):
                if place:
                    watch.open(path)
                if place >= forms.count():  # what was written has closed it
                    break
                turn = next(number) % len(CORPUS)
                form = forms.nth(place)
                if form.locator("button[type=submit][disabled]").count():
                    continue
                texts = CORPUS[turn:] + CORPUS[:turn]
                filled = [form.element_handle(), texts, PASSWORD, f"somebody.{turn}"]
                send(watch, form, filled)
        assert taken >= TAKEN
        # What was stored is on the pages about it.
        for path in ["/admin", "/admin/drafts", "/admin/people", "/admin/keys", "/admin/rule-sets", "/admin/audit"]:
            watch.open(path)
        stored = "".join(watch.open(f"/admin/audit?page={one}").locator("main").inner_text() for one in (1, 2, 3))
        assert [text for text in CORPUS if text not in stored] == []
        for path in [paths[0] for paths in every.values() if paths]:
            watch.open(path)
        context.close()
        # The console tells of every answer that is not good.
        assert [fault for fault in watch.faults if not re.search(r"status of (403|404|409|412|422) ", fault)] == []
