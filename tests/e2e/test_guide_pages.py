"""The guide in a real Chromium: readable by everybody, light and dark, wide and narrow; search; nothing outside."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import ClassVar

import pytest
from playwright.sync_api import Browser, Page, expect

from service.api.edge import policy_of
from tests.contract.test_guide_pages import BUILDER
from tests.e2e.chromium import Watched, chromium, watched

pytestmark = pytest.mark.browser

PAGES = sorted(name.replace(".md", ".html") for name in BUILDER.pages())


class Pages(SimpleHTTPRequestHandler):
    """The built files with the headers that the service gives them; the service itself is tested elsewhere."""

    headers_of_pages: ClassVar = policy_of("/docs/guide/")

    def end_headers(self) -> None:
        for name, value in self.headers_of_pages:
            self.send_header(name.decode(), value.decode())
        super().end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    chromium()
    folder = tmp_path_factory.mktemp("guide")
    BUILDER.build(folder / "docs" / "guide")
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Pages, directory=str(folder)))
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/docs/guide"
    server.shutdown()
    server.server_close()


def open_page(watch: Watched, name: str) -> Page:
    return watch.open(f"/{name}")


@pytest.mark.parametrize(("dark", "width"), [(False, 1280), (True, 420)])
def test_nobody_is_kept_out_of_any_page(browser: Browser, address: str, dark: bool, width: int) -> None:  # noqa: FBT001
    watch = watched(browser, address, dark=dark, width=width)
    found = []
    for name in PAGES:
        page = open_page(watch, name)
        found += [f"{name}: {one}" for one in watch.axe()]
        overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        found += [f"{name}: {overflow} pixels too wide"] if overflow > 0 else []
    watch.page.context.close()
    assert found == []
    assert watch.faults == []


def test_search_finds_and_leads_there_by_keyboard(browser: Browser, address: str) -> None:
    watch = watched(browser, address)
    page = open_page(watch, "index.html")
    page.keyboard.press("/")
    expect(page.get_by_label("Search")).to_be_focused()
    page.keyboard.type("near miss")
    expect(page.locator("#found li").first).to_be_visible()
    assert watch.axe() == []
    page.keyboard.type(" xyzzy")
    expect(page.locator("#found")).to_contain_text("Nothing in the guide has these words")
    page.keyboard.press("Escape")
    expect(page.locator("#found")).to_be_hidden()
    page.get_by_label("Search").fill("severity and what to do")
    expect(page.locator("#found li").first).to_be_visible()
    page.keyboard.press("Enter")
    page.wait_for_url("**/concepts.html#severity-and-what-to-do")
    watch.page.context.close()
    assert watch.faults == []


def test_the_contents_open_on_a_narrow_screen(browser: Browser, address: str) -> None:
    watch = watched(browser, address, width=420)
    page = open_page(watch, "index.html")
    link = page.get_by_role("navigation", name="Pages").get_by_role("link", name="Quick start")
    expect(link).to_be_hidden()
    page.get_by_text("Contents", exact=True).click()
    link.click()
    page.wait_for_url("**/quick-start.html")
    watch.page.context.close()
    assert watch.faults == []


def test_everything_can_be_read_without_scripts(browser: Browser, address: str) -> None:
    context = browser.new_context(java_script_enabled=False, viewport={"width": 420, "height": 800})
    page = context.new_page()
    page.goto(f"{address}/concepts.html")
    expect(page.get_by_role("heading", name="What an answer says")).to_be_visible()
    expect(page.get_by_role("navigation", name="Pages").get_by_role("link", name="Quick start")).to_be_visible()
    expect(page.get_by_label("Search")).to_be_hidden()
    context.close()


def test_all_pages_are_opened() -> None:
    """Otherwise the tests above could look at nothing."""
    assert len(PAGES) == (Path(BUILDER.DOCS) / "guide.yml").read_text().count(".md\n") > 5
