"""Every page of the editor in a real Chromium, full, empty and refused: nobody is kept out, and everything fits.

A route that shows a page and is not looked at here fails; so does a route that takes a form.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from fastapi.routing import APIRoute
from playwright.sync_api import Browser

from service.admin.routes import PageRoute
from service.application.active import ActiveRuleSet
from service.main import create_app
from service.settings import Settings
from tests.e2e.chromium import Watched, watched
from tests.e2e.every_page import Furnished, addresses, furnished

pytestmark = pytest.mark.browser

# Forms that are no form of their own page's: what they ask for is tried in the tests named.
ELSEWHERE = {
    "/admin/bench": "test_editor_care",
    "/admin/bench/day": "test_editor_care",
    "/admin/bench/medicines": "test_editor_care",
    "/admin/drafts/{draft_id}/bench": "test_editor_care",
    "/admin/drafts/{draft_id}/bench/case": "test_editor_care",
    "/admin/drafts/{draft_id}/bench/case/keep": "test_editor_care",
    "/admin/drafts/{draft_id}/bench/day": "test_editor_care",
    "/admin/drafts/{draft_id}/new/{kind}/try": "test_editor_beside",
    "/admin/drafts/{draft_id}/records/{kind}/{record_id}/try": "test_editor_beside",
    "/admin/drafts/{draft_id}/new/{kind}/form": "test_editor_forms",
    "/admin/drafts/{draft_id}/new/{kind}/yaml": "test_editor_forms",
    "/admin/drafts/{draft_id}/records/{kind}/{record_id}/form": "test_editor_forms",
    "/admin/drafts/{draft_id}/records/{kind}/{record_id}/yaml": "test_editor_forms",
}


@pytest.fixture(scope="module")
def house() -> Iterator[Furnished]:
    with furnished() as found:
        yield found


def routes(method: str) -> list[APIRoute]:
    app = create_app(Settings(), ActiveRuleSet())
    return [
        route
        for route in app.routes
        if isinstance(route, PageRoute) and route.path.startswith("/admin") and method in (route.methods or ())
    ]


def test_every_route_that_shows_a_page_is_looked_at(house: Furnished) -> None:
    pages = {route.path for route in routes("GET")} - {"/admin/assets/{digest}/{name}"}
    assert set(addresses(house)) == pages


def look_at(watch: Watched, path: str) -> None:
    assert watch.page.title().endswith("magcheck"), path
    assert watch.axe() == [], path
    assert watch.fits(), path


def refuse(watch: Watched) -> list[str]:
    """Send each form of the page as good as empty, so that it is refused; where they were sent to."""
    sent, page = [], watch.page
    for place in range(page.locator("form[data-once]").count()):
        form = page.locator("form[data-once]").nth(place)
        button = form.locator("button[type=submit]").first
        if button.is_disabled():
            continue
        form.evaluate(
            "form => { form.noValidate = true; form.reset();"
            " for (const one of form.querySelectorAll('textarea, input[type=text]')) one.value = ''; }"
        )
        action = form.get_attribute("action") or ""
        with page.expect_response(lambda answer, action=action: answer.url.endswith(action)) as answer:  # type: ignore[misc]
            button.click()
        assert answer.value.status in {403, 409, 412, 422}, (action, answer.value.status)
        watch.settle()
        sent.append(action)
    return sent


@pytest.mark.timeout(1200)
@pytest.mark.parametrize(("dark", "width"), [(False, 1280), (True, 820)])
def test_nobody_is_kept_out_of_any_page(browser: Browser, house: Furnished, dark: bool, width: int) -> None:  # noqa: FBT001
    context = browser.new_context(
        viewport={"width": width, "height": 900},
        color_scheme="dark" if dark else "light",
        extra_http_headers={"Authorization": f"Bearer {house.token}"},
        reduced_motion="reduce",
    )
    watch = watched(browser, house.stage.address, context=context)
    refused: set[str] = set()
    for paths in addresses(house).values():
        for path in paths:
            watch.open(path)
            look_at(watch, path)
            assert watch.page.evaluate("document.documentElement.dataset.bsTheme") == ("dark" if dark else "light")
            if path == paths[0]:
                sent = refuse(watch)
                if sent:
                    look_at(watch, f"{path}, refused")
                refused.update(sent)
    # A page that a button leads to.
    watch.open("/admin/unrecognised").get_by_role("button", name="Add as a name").first.click()
    watch.page.wait_for_url("**/name")
    look_at(watch, "another name of a medicine")
    refused.update(["/admin/unrecognised/name", *refuse(watch)])
    look_at(watch, "another name of a medicine, refused")
    context.close()
    # The console tells of every answer that is not good.
    assert [fault for fault in watch.faults if not re.search(r"status of (403|404|409|412|422) ", fault)] == []
    forms = {route.path: route.path_regex for route in routes("POST") if route.path not in ELSEWHERE}
    assert [path for path, pattern in forms.items() if not any(pattern.match(one) for one in refused)] == []
