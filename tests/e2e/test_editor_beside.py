"""A list tried beside the form of a record, in a real Chromium: nothing is saved by it, and nothing typed is lost.

Every test fails on an error in the console, a breach of the content security policy or a request to anywhere else.
"""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.chromium import PASSWORD, Watched, asked, make_person, watched
from tests.e2e.writing import QUINOLONES, WHY, end_sign_in, field, form, new_draft, record, settled, tab_to

pytestmark = pytest.mark.browser
expect.set_options(timeout=20_000)

# Pefloxacin has no severity of its own in the rule, so that it is the rule's that changes.
LIST = "pefloxacin 400 mg oral tablet\nmagnesium oxide 400 mg oral tablet"
TYPED = "Tried with what is typed in the form now. It is not saved."
SAVED = "Tried with the draft as it is saved"
OLD = "The form has changed since this answer"
HOURS = "management.separation.magnesium_first_hours"


@pytest.fixture
def draft(address: str) -> str:
    return new_draft(address)


def tried(page: Page, text: str = LIST) -> None:
    """Open the panel, put the list in and press the button."""
    page.get_by_role("link", name="Try a list beside the form").click()
    page.get_by_label("Medicines, one a line").fill(text)
    page.get_by_role("button", name="Try", exact=True).click()
    expect(page.locator("#answer [data-answered]")).to_be_visible()


@pytest.mark.parametrize(("dark", "width"), [(False, 1280), (True, 820)])
def test_severity_and_window_are_tried_before_they_are_saved(
    browser: Browser,
    address: str,
    draft: str,
    dark: bool,  # noqa: FBT001
    width: int,
) -> None:
    watch = watched(browser, address, dark=dark, width=width)
    page = watch.open(form(draft))
    before = record(address, draft, QUINOLONES)
    assert (before["severity"], before["management"]["separation"]["magnesium_first_hours"]) == ("moderate", "6")
    page.locator(field("severity")).select_option("major")
    page.locator(field(HOURS)).fill("8")
    tried(page)
    answer = page.locator("#answer")
    expect(answer).to_contain_text(TYPED)
    finding = answer.locator("article", has_text="quinolone").first
    expect(finding).to_contain_text("severity moderate → major")
    expect(finding).to_contain_text("→ 2 h/8 h")
    finding.get_by_text("Why it is there").click()
    expect(finding.locator(".why")).to_contain_text("pefloxacin")
    expect(answer.get_by_role("heading", name="Near misses")).to_be_visible()
    assert watch.axe() == []
    assert watch.fits()
    # At the side where there is room, below it on a tablet.
    panel, own = page.locator("#beside").bounding_box(), page.locator("#record-form").bounding_box()
    assert panel
    assert own
    assert (panel["x"] >= own["x"] + own["width"]) is (width == 1280)
    assert (panel["y"] >= own["y"] + own["height"]) is (width == 820)
    # What is typed stands there as before, and nothing was saved.
    page.get_by_role("link", name="Back to the form").click()
    expect(page.locator(field(HOURS))).to_be_focused()
    expect(page.locator(field(HOURS))).to_have_value("8")
    expect(page.locator(field("severity"))).to_have_value("major")
    assert record(address, draft, QUINOLONES) == before
    assert page.url == f"{address}{form(draft)}"
    # Typed on, the answer is not about the form any more, and says so until it is asked for again.
    page.locator(field(HOURS)).fill("10")
    expect(page.get_by_text(OLD)).to_be_visible()
    assert watch.axe() == []
    place = page.evaluate("window.scrollY")
    page.get_by_role("button", name="Try", exact=True).click()
    expect(finding).to_contain_text("→ 2 h/10 h")
    if width == 1280:  # beside each other, the one moves without the other
        assert page.evaluate("window.scrollY") == place
    expect(page.get_by_text(OLD)).to_have_count(0)
    page.context.close()
    assert watch.faults == []


def test_what_is_not_valid_yet_is_told_and_the_draft_is_tried_as_it_was_saved(here: Watched, draft: str) -> None:
    document = record(here.address, draft, QUINOLONES) | {"severity": "major"}
    path = f"/v1/drafts/{draft}/records/{QUINOLONES}"
    asked(here.address, "PUT", path, {"reason": WHY, "document": document}, tag='"1"')
    page = here.open(form(draft))
    page.locator(field("severity")).select_option("contraindicated")
    page.locator(field(HOURS)).fill("six")
    tried(page)
    answer = page.locator("#answer")
    expect(answer).to_contain_text("What is typed in the form is not valid yet.")
    expect(answer).to_contain_text("The list is tried with the draft as it was last saved.")
    expect(answer).to_contain_text("Write a number with a point, such as 2 or 0.5.")
    expect(answer).to_contain_text("severity moderate → major")
    expect(answer).not_to_contain_text("→ contraindicated")
    assert here.axe() == []
    expect(page.locator(field(HOURS))).to_have_value("six")
    page.locator(field(HOURS)).fill("6")
    expect(page.get_by_text(OLD)).to_be_visible()
    page.get_by_role("button", name="Try", exact=True).click()
    expect(answer).to_contain_text("severity moderate → contraindicated")


def test_by_keyboard_alone_from_a_field_to_the_answer_and_back(here: Watched, draft: str) -> None:
    page = here.open(form(draft))
    tab_to(page, field("severity"))
    page.keyboard.type("Maj")
    # The panel that is shut is reached by Tab, or by the key that leads to a search everywhere.
    tab_to(page, "#beside > summary")
    page.keyboard.press("/")
    expect(page.get_by_label("Add a medicine")).to_be_focused()
    page.keyboard.type("pefl")
    expect(page.locator("#medicines button").first).to_have_text("pefloxacin")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    listed = page.get_by_label("Medicines, one a line")
    expect(listed).to_have_value("pefloxacin")
    expect(page.get_by_label("Add a medicine")).to_be_focused()
    page.keyboard.type("magnesium oxide")
    page.keyboard.press("Enter")
    expect(listed).to_have_value("pefloxacin\nmagnesium oxide")
    expect(page.locator("#answer")).to_contain_text("severity moderate → major")
    expect(page.locator(field("severity"))).to_have_value("major")
    page.keyboard.press("Shift+Tab")
    expect(page.locator("[data-to-form]")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#field-reason")).to_be_focused()  # the last field on the way to the panel
    # An example takes the place of the list, and emptying it that of both.
    page.get_by_text("Ready to try").click()
    page.get_by_role("button", name="Names as a pharmacy system prints them").press("Enter")
    expect(listed).to_have_value(re.compile("Furosemide 40 MG Oral Tablet"))
    page.get_by_role("button", name="Empty").press("Enter")
    expect(listed).to_have_value("")
    expect(page.locator("#answer")).to_contain_text("The answer stands here.")
    page.locator("#beside > summary").press("Enter")
    expect(page.get_by_label("Medicines, one a line")).to_be_hidden()


def test_the_list_goes_along_to_saving_to_other_records_and_to_the_bench(here: Watched, draft: str) -> None:
    page = here.open(form(draft))
    page.locator(field("severity")).select_option("major")
    tried(page)
    expect(page.locator("#answer")).to_contain_text(TYPED)
    expect(page.get_by_role("button", name="Make this a worked case")).to_have_count(0)
    page.locator("#field-reason").fill(WHY)
    page.get_by_role("button", name="Save in the draft").click()
    expect(page.locator(".done-line")).to_contain_text("Saved in the draft")
    # Saved, the same list is answered again with the draft alone.
    listed = page.get_by_label("Medicines, one a line")
    expect(listed).to_have_value(LIST)
    expect(page.locator("#answer")).to_contain_text(SAVED)
    expect(page.locator("#answer")).to_contain_text("severity moderate → major")
    with page.context.expect_page() as opened:
        page.get_by_role("button", name="Make this a worked case").click()
    expect(opened.value.locator("h1")).to_have_text("Make this a worked case")
    opened.value.close()
    with page.context.expect_page() as opened:
        page.get_by_role("button", name="Open on the test bench").click()
    expect(opened.value).to_have_url(f"{here.address}/admin/drafts/{draft}/bench")
    expect(opened.value.get_by_label("Medicines, one a line")).to_have_value(LIST)
    expect(opened.value.locator("#answer")).to_contain_text("severity moderate → major")
    opened.value.close()
    here.open(form(draft, "substances/pefloxacin"))
    expect(listed).to_have_value(LIST)
    expect(page.locator("#answer")).to_contain_text("severity moderate → major")
    # Shut, it stays shut on the next page; a draft of another name knows nothing of the list.
    page.locator("#beside > summary").click()
    page.reload()
    expect(listed).to_be_hidden()
    here.open(form(new_draft(here.address, "Another draft")))
    page.get_by_role("link", name="Try a list beside the form").click()
    expect(listed).to_have_value("")


def test_the_yaml_is_tried_as_well(here: Watched, draft: str) -> None:
    page = here.open(form(draft, way="yaml"))
    text = page.locator("#yaml-text")
    whole = text.input_value()
    text.fill(whole.replace("\nseverity: moderate\n", "\nseverity: major\n", 1))
    tried(page)
    expect(page.locator("#answer")).to_contain_text("severity moderate → major")
    # From one way of writing to the other the panel and its list stay.
    page.get_by_role("button", name="Form", exact=True).click()
    expect(page.locator(field("severity"))).to_have_value("major")
    settled(page)
    expect(page.get_by_label("Medicines, one a line")).to_have_value(LIST)
    page.locator(field("severity")).select_option("contraindicated")
    page.get_by_role("button", name="Try", exact=True).click()
    expect(page.locator("#answer")).to_contain_text("severity moderate → contraindicated")


def test_a_sign_in_that_runs_out_while_trying_loses_nothing(browser: Browser, address: str, draft: str) -> None:
    make_person(address, "b.barton", "Beatrice Barton", "author")
    watch = watched(browser, address)
    watch.sign_in("b.barton")
    page = watch.open(form(draft))
    page.locator(field("severity")).select_option("major")
    tried(page)
    expect(page.locator("#answer")).to_contain_text("severity moderate → major")
    end_sign_in(page)
    page.locator(field("severity")).select_option("contraindicated")
    page.get_by_role("button", name="Try", exact=True).click()
    expect(page.locator("#notice")).to_contain_text("You are not signed in any more.")
    # No answer came, so none is shown, least of all the one before.
    expect(page.locator("#answer")).to_contain_text("Not checked.")
    expect(page.locator("#answer article")).to_have_count(0)
    expect(page.locator("#again-login")).to_be_focused()
    assert watch.axe() == []
    page.keyboard.type("b.barton")
    page.locator("#again-password").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.locator("#notice")).to_contain_text("Signed in as Beatrice Barton")
    again = page.get_by_role("button", name="Try", exact=True)
    expect(again).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#answer")).to_contain_text("severity moderate → contraindicated")
    expect(page.get_by_label("Medicines, one a line")).to_have_value(LIST)
    expect(page.locator(field("severity"))).to_have_value("contraindicated")
    page.context.close()
    assert [fault for fault in watch.faults if "status of 401" not in fault] == []


def test_a_failure_is_no_answer(here: Watched, draft: str) -> None:
    page = here.open(form(draft))
    tried(page)
    page.route(
        "**/try", lambda route: route.fulfill(status=503, content_type="text/html", body="<h1>Of somebody else</h1>")
    )
    page.get_by_role("button", name="Try", exact=True).click()
    expect(page.locator("#answer")).to_contain_text("Nothing you typed is lost: check again in a moment.")
    expect(page.get_by_text("Of somebody else")).to_have_count(0)
    page.unroute("**/try")
    page.get_by_role("button", name="Try", exact=True).click()
    expect(page.locator("#answer article").first).to_be_visible()
    here.answered(503)
