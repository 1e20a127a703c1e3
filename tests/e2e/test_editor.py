"""The rule editor in a real Chromium: pages as people use them, by keyboard, in light and dark, wide and on a tablet.

Every test fails on an error in the console, a breach of the content security policy, a request to anywhere else, and
on whatever axe-core finds. Run in a process of its own: `python3 dev.py browser`.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.e2e.test_cli_serve import free_port

pytestmark = pytest.mark.browser

AXE = (Path(__file__).parent / "vendor" / "axe-core" / "axe.min.js").read_text()
START_SECONDS = 120.0
# Without them Chromium asks its maker for updates of itself, which is not what is tested here.
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
QUINOLONES = "/admin/records/interactions/fluoroquinolones-with-oral-magnesium"


def chromium() -> str:
    found = next(
        (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
    )
    if found is None:
        if os.environ.get("MAGCHECK_TEST_BROWSER") == "required":
            pytest.fail("there is no Chromium, and the environment says that there must be one")
        pytest.skip("there is no Chromium on this machine")
    return found


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    executable = chromium()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A service of its own in the development mode, over the packaged knowledge."""
    chromium()
    folder = tmp_path_factory.mktemp("editor")
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MAGCHECK_")}
    port = free_port()
    log = folder / "log"
    with log.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "service.cli", "serve", "--dev", "--port", str(port)],
            env={**kept, "MAGCHECK_DATA_DIR": str(folder / "data")},
            stdout=output,
            stderr=output,
        )
        try:
            _wait(f"http://127.0.0.1:{port}/health/ready", process, log)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(30)


def _wait(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=5):  # noqa: S310 - our own server
                return
        except OSError:
            time.sleep(0.2)
    pytest.fail(f"the service did not start: {log.read_text()[-2000:]}")


@dataclass
class Watched:
    """A page, with everything that went wrong on it."""

    page: Page
    address: str
    faults: list[str] = field(default_factory=list)

    def open(self, path: str) -> Page:
        self.page.goto(f"{self.address}{path}")
        self.page.wait_for_load_state("networkidle")
        return self.page

    def axe(self) -> list[str]:
        self.page.evaluate(AXE)
        found: dict[str, Any] = self.page.evaluate("axe.run()")
        return [f"{one['id']}: {one['nodes'][0]['html'][:200]}" for one in found["violations"]]


def watched(browser: Browser, address: str, *, dark: bool = False, width: int = 1280) -> Watched:
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme="dark" if dark else "light")
    page = context.new_page()
    watch = Watched(page, address)
    page.on("console", lambda said: watch.faults.append(said.text) if said.type in {"error", "warning"} else None)
    page.on("pageerror", lambda error: watch.faults.append(str(error)))
    page.on("request", lambda sent: None if sent.url.startswith((address, "data:")) else watch.faults.append(sent.url))
    # Set before anything of the page runs; the console tells of a breach too, but not in every version.
    page.add_init_script(
        "document.addEventListener('securitypolicyviolation', e => console.error('CSP ' + e.violatedDirective))"
    )
    return watch


@pytest.fixture
def here(browser: Browser, address: str) -> Iterator[Watched]:
    watch = watched(browser, address)
    yield watch
    watch.page.context.close()
    assert watch.faults == []


PAGES = [
    "/admin",
    "/admin/records",
    "/admin/records?text=nothing+has+these+words",
    QUINOLONES,
    "/admin/records/interactions/cardiac-glycosides-with-magnesium-depleting-drugs",
    "/admin/records/forms/oxide",
    "/admin/records/cases/acalabrutinib-capsules-with-magnesium-antacids-missing-form",
]


@pytest.mark.parametrize(("dark", "width"), [(False, 1280), (True, 820)])
def test_nobody_is_kept_out_of_any_page(browser: Browser, address: str, dark: bool, width: int) -> None:  # noqa: FBT001
    watch = watched(browser, address, dark=dark, width=width)
    for path in PAGES:
        page = watch.open(path)
        assert page.title().endswith("magcheck"), path
        assert watch.axe() == [], path
        # Nothing stands out of the window sideways.
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), path
        assert page.evaluate("document.documentElement.dataset.bsTheme") == ("dark" if dark else "light")
    watch.page.context.close()
    assert watch.faults == []


def test_typing_finds_at_once_and_the_address_follows(here: Watched) -> None:
    page = here.open("/admin/records")
    page.keyboard.press("/")
    page.keyboard.type("ciproxin moxifloxacin")
    expect(page.locator("#results h2")).to_have_text("1 record")
    expect(page).to_have_url(
        f"{here.address}/admin/records?text=ciproxin+moxifloxacin&kind=&substance="
        "&medication_class=&direction=&severity=&evidence=&status="
    )
    page.reload()
    expect(page.locator("#results h2")).to_have_text("1 record")


def test_the_search_goes_by_keyboard_alone(here: Watched) -> None:
    page = here.open("/admin")
    page.keyboard.press("/")
    page.keyboard.type("quinolone")
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{here.address}/admin/records?text=quinolone")
    page.keyboard.press("/")
    page.keyboard.press("ArrowDown")
    first = page.locator("[data-result]").first
    expect(first).to_be_focused()
    name = first.inner_text()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text(name)


def test_a_filter_narrows_and_goes_away(here: Watched) -> None:
    page = here.open("/admin/records?kind=interactions")
    whole = page.locator("#results h2").inner_text()
    page.get_by_label("Severity").select_option(label="Contraindicated")
    expect(page.locator("#results h2")).not_to_have_text(whole)
    assert page.locator("[data-result]").count() > 0
    page.get_by_role("link", name="Clear", exact=True).click()
    expect(page.get_by_label("Severity")).to_have_value("")


def test_colours_are_chosen_and_kept(here: Watched) -> None:
    page = here.open("/admin")
    button = page.get_by_role("button", name="Colours")
    button.click()
    button.click()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    button.click()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "light")


def test_windows_are_drawn_and_told_in_words(here: Watched) -> None:
    page = here.open(QUINOLONES)
    drawn = page.get_by_role("img", name="moxifloxacin: Take the drug at least 8 h after magnesium")
    expect(drawn).to_be_visible()
    expect(page.get_by_text("All ", exact=False).filter(has_text="hold")).to_be_visible()


def test_somebody_signs_in_and_out(browser: Browser, address: str) -> None:
    person = {
        "login": "m.curie",
        "name": "Marie Curie",
        "roles": ["author"],
        "new_password": "three herons at the weir",
        "reason": "for a test",
    }
    sent = urllib.request.Request(  # noqa: S310 - our own server
        f"{address}/v1/people",
        json.dumps(person).encode(),
        {"Content-Type": "application/json", "Idempotency-Key": "marie-curie-1"},
    )
    with urllib.request.urlopen(sent, timeout=30) as answer:  # noqa: S310
        assert answer.status == 201
    watch = watched(browser, address)
    page = watch.open("/admin/sign-in?back=/admin/records")
    assert watch.axe() == []
    page.get_by_label("Name").fill("m.curie")
    page.get_by_label("Password").fill("not this one")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_have_text("The name or the password is not right.")
    assert all("401" in fault for fault in watch.faults)  # the console tells of every answer that is not good
    watch.faults.clear()
    page.get_by_label("Password").fill("three herons at the weir")
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{address}/admin/records")
    expect(page.locator(".who")).to_have_text("Marie Curie")
    [cookie] = page.context.cookies()
    assert cookie["httpOnly"]
    assert cookie["sameSite"] == "Lax"
    page.get_by_role("button", name="Sign out").click()
    expect(page).to_have_url(f"{address}/admin/sign-in")
    assert page.context.cookies() == []
    page.context.close()
    assert watch.faults == []
