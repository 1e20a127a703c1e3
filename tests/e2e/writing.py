"""Forms of records in a browser: drafts to write in, where their forms are, and how somebody gets about in them."""

from __future__ import annotations

from functools import cache
from typing import Any, Final

import pytest
from playwright.sync_api import Page, expect

from rules.canonical import content
from tests.baseline import packaged_rule_set
from tests.e2e.chromium import asked

QUINOLONES: Final = "interactions/fluoroquinolones-with-oral-magnesium"
WHY: Final = "The label of August 2026 names a longer interval."


@cache
def example(kind: str) -> str:
    """The largest record of a kind."""
    largest: str = max(getattr(packaged_rule_set(), kind), key=lambda one: len(str(content(one)))).id
    return largest


def new_draft(address: str, title: str = "Intervals of quinolones") -> str:
    made: str = asked(address, "POST", "/v1/drafts", {"title": title, "reason": WHY})["id"]
    return made


def record(address: str, draft: str, place: str) -> dict[str, Any]:
    document: dict[str, Any] = asked(address, "GET", f"/v1/drafts/{draft}/records/{place}")["document"]
    return document


def form(draft: str, place: str = QUINOLONES, way: str = "form") -> str:
    return f"/admin/drafts/{draft}/records/{place}/{way}"


def settled(page: Page) -> None:
    """Wait until the form has been made anew."""
    expect(page.locator("#record-form[aria-busy]")).to_have_count(0)


def tab_to(page: Page, selector: str) -> None:
    """Go on by Tab until a field has the focus."""
    for _ in range(400):
        if page.evaluate("selector => document.activeElement?.matches(selector)", selector):
            return
        page.keyboard.press("Tab")
    pytest.fail(f"no Tab leads to {selector}")


def field(path: str) -> str:
    return f'[id="f-{path}"]'


def end_sign_in(page: Page) -> None:
    """Let the browser hold a sign-in that the service does not know any more."""
    [cookie] = page.context.cookies()
    token = f"{cookie.get('value', '')[:-6]}AAAAAA"
    page.context.add_cookies(
        [
            {
                "name": cookie.get("name", ""),
                "value": token,
                "domain": cookie.get("domain", ""),
                "path": "/",
                "httpOnly": True,
                "sameSite": "Lax",
            }
        ]
    )
