"""The rule editor in a real Chromium: pages as people use them, by keyboard, in light and dark, wide and on a tablet.

Every test fails on an error in the console, a breach of the content security policy, a request to anywhere else, and
on whatever axe-core finds. Run in a process of its own: `python3 dev.py browser`.
"""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.chromium import PASSWORD, Watched, make_person, watched

pytestmark = pytest.mark.browser

QUINOLONES = "/admin/records/interactions/fluoroquinolones-with-oral-magnesium"


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
    here.settle()
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
    make_person(address, "m.curie", "Marie Curie", "author")
    watch = watched(browser, address)
    page = watch.open("/admin/sign-in?back=/admin/records")
    assert watch.axe() == []
    page.get_by_label("Name").fill("m.curie")
    page.get_by_label("Password").fill("not this one")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_have_text("The name or the password is not right.")
    assert all("401" in fault for fault in watch.faults)  # the console tells of every answer that is not good
    watch.faults.clear()
    page.get_by_label("Password").fill(PASSWORD)
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
