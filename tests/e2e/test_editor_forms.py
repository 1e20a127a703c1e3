"""The forms of records in a real Chromium: by keyboard alone, with what was typed surviving whatever happens.

Every test fails on an error in the console, a breach of the content security policy or a request to anywhere else.
"""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Route, expect

from tests.e2e.chromium import PASSWORD, Watched, make_person, watched
from tests.e2e.writing import (
    QUINOLONES,
    WHY,
    end_sign_in,
    field,
    form,
    new_draft,
    record,
    settled,
    tab_to,
)

pytestmark = pytest.mark.browser
# Large forms on a machine that runs other tests as well.
expect.set_options(timeout=20_000)

OFFERS = ".type-ahead [role=option]"


@pytest.fixture
def draft(address: str) -> str:
    return new_draft(address)


def test_severity_and_window_are_changed_by_keyboard_alone(here: Watched, draft: str) -> None:
    page = here.open(form(draft))
    tab_to(page, field("severity"))
    page.keyboard.type("Maj")
    tab_to(page, field("management.separation.magnesium_first_hours"))
    page.keyboard.press("Control+a")
    page.keyboard.type("8")
    tab_to(page, "#field-reason")
    page.keyboard.type(WHY)
    tab_to(page, "button.btn-primary[value=save]")
    page.keyboard.press("Enter")
    expect(page.locator(".done-line")).to_contain_text("Saved in the draft")
    now = record(here.address, draft, QUINOLONES)
    assert now["severity"] == "major"
    assert now["management"]["separation"]["magnesium_first_hours"] == "8"
    # Saved is saved: nothing is offered back, and the message does not come again.
    page.wait_for_function("!location.search")  # the script has taken note of it
    page.reload()
    expect(page.locator("#kept-offer")).to_be_hidden()
    expect(page.locator(".done-line")).to_have_count(0)


def test_edit_try_and_hand_in_by_keyboard_alone(here: Watched, draft: str) -> None:
    page = here.open(f"/admin/drafts/{draft}/records/{QUINOLONES}")
    tab_to(page, "a[href$='/form']")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/form$"))
    tab_to(page, field("effect"))
    page.keyboard.press("Control+End")
    page.keyboard.type(" One sentence more.")
    tab_to(page, "#field-reason")
    page.keyboard.type(WHY)
    tab_to(page, "button.btn-primary[value=save]")
    page.keyboard.press("Enter")
    expect(page.locator(".done-line")).to_contain_text("Saved in the draft")
    # A list is tried beside the form.
    tab_to(page, "[data-to-beside]")
    page.keyboard.press("Enter")
    expect(page.locator("#b-list")).to_be_focused()
    page.keyboard.type("pefloxacin 400 mg oral tablet\nmagnesium oxide 400 mg oral tablet")
    expect(page.locator("#answer")).to_contain_text("other words in the effect")
    # And to the draft, where it is handed in.
    tab_to(page, f"a[href='/admin/drafts/{draft}']")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Effect reworded")).to_be_visible()
    tab_to(page, "a[href$='/submit']")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/submit$"))
    tab_to(page, "#field-reason")
    page.keyboard.type("Compared with section 4.5.")
    tab_to(page, "form button.btn-primary[type=submit]")
    page.keyboard.press("Enter")
    expect(page.get_by_text("The draft was handed in for review.")).to_be_visible(timeout=120_000)
    # Why a button cannot be pressed is said beside it.
    expect(page.get_by_role("button", name="Publish", exact=True)).to_be_disabled()
    expect(page.get_by_text("only one that is approved can take this step")).to_be_visible()


def test_a_fault_is_told_beside_the_field_while_somebody_types(here: Watched, draft: str) -> None:
    page = here.open(form(draft))
    hours = page.locator(field("management.separation.drug_first_hours"))
    hours.fill("two")
    beside = page.locator('[data-said="management.separation.drug_first_hours"]')
    expect(beside).to_have_text("Write a number with a point, such as 2 or 0.5.")
    expect(hours).to_have_attribute("aria-invalid", "true")
    expect(hours).to_be_focused()
    assert page.evaluate("document.activeElement.selectionStart") == 3  # the caret has not moved
    expect(page.locator("#record-faults")).to_contain_text("1 thing to mend")
    assert here.axe() == []
    hours.fill("4")
    expect(beside).to_be_hidden()
    expect(hours).not_to_have_attribute("aria-invalid", "true")
    # What the gate would refuse is told as well, and leads to its field.
    page.locator(field("management.patient_text")).fill("This is perfectly safe.")
    link = page.locator("#record-faults a").first
    expect(link).to_contain_text("To the patient")
    link.click()
    expect(page.locator(field("management.patient_text"))).to_be_focused()


def test_type_ahead_goes_by_arrows_enter_and_escape(here: Watched, draft: str) -> None:
    page = here.open(form(draft))
    entry = page.locator(field("affected.substances.+"))
    entry.focus()
    page.keyboard.type("digo")
    listed = page.locator(OFFERS)
    expect(listed.first).to_contain_text("digoxin")
    expect(entry).to_have_attribute("aria-expanded", "true")
    assert here.axe() == []
    page.keyboard.press("ArrowDown")
    expect(listed.first).to_have_attribute("aria-selected", "true")
    chosen = listed.first.get_attribute("id")
    expect(entry).to_have_attribute("aria-activedescendant", chosen or "")
    page.keyboard.press("Escape")
    expect(listed).to_have_count(0)
    expect(entry).to_have_value("digo")
    page.keyboard.press("ArrowDown")
    expect(listed.first).to_be_visible()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    settled(page)
    chips = page.locator('input[type=hidden][name="r.affected.substances"]')
    expect(chips).to_have_count(1)
    assert chips.first.get_attribute("value") == "digoxin"
    expect(page.locator(field("affected.substances.+"))).to_be_focused()  # ready for the next one
    # A brand leads to its substance, and a name that is typed whole needs no list.
    page.keyboard.type("furosemide")
    page.keyboard.press("Escape")
    page.keyboard.press("Enter")
    settled(page)
    expect(page.locator('input[type=hidden][name="r.affected.substances"]')).to_have_count(2)
    page.get_by_role("button", name="Remove digoxin").click()
    settled(page)
    expect(page.locator('input[type=hidden][name="r.affected.substances"]')).to_have_count(1)


def test_a_source_is_found_by_its_title(here: Watched, draft: str) -> None:
    page = here.open(form(draft))
    entry = page.locator(field("evidence.citations.0.citation"))
    entry.fill("")
    entry.press_sequentially("prescribing cipro")
    option = page.locator(OFFERS).first
    expect(option).to_be_visible()
    title = option.get_attribute("data-title") or ""
    option.click()
    expect(entry).to_be_focused()
    expect(entry).to_have_value("cipro-us-label-2026")
    expect(page.locator(".combo", has=entry).locator(".f-title")).to_have_text(title)


def test_a_modifying_factor_is_added_with_its_condition_and_removed(here: Watched, draft: str) -> None:
    page = here.open(form(draft))
    page.get_by_role("button", name="Add a modifying factor").press("Enter")
    expect(page.locator(field("factors.0.id"))).to_be_focused()
    page.keyboard.type("severe-kidney-disease")
    page.locator(field("factors.0.when.is")).select_option("egfr")
    settled(page)
    page.locator(field("factors.0.when.egfr.upper")).fill("30")
    # What stood there goes on as a part when the fact becomes one of several.
    page.locator(field("factors.0.when.is")).select_option("all")
    settled(page)
    expect(page.locator(field("factors.0.when.all.0.egfr.upper"))).to_have_value("30")
    page.locator(field("factors.0.severity")).select_option("major")
    page.locator(field("factors.0.text")).fill("It stays in the body for longer.")
    page.locator(field("factors.0.citations.0.citation")).fill("emc-milk-of-magnesia-uk-smpc")
    page.keyboard.press("Escape")
    assert here.axe() == []
    page.locator("#field-reason").fill(WHY)
    page.locator("button.btn-primary[value=save]").click()
    expect(page.locator(".done-line")).to_contain_text("Saved in the draft")
    [factor] = record(here.address, draft, QUINOLONES)["factors"]
    assert factor["when"] == {"all": [{"egfr": {"below": "30"}}]}
    page.get_by_role("button", name="Remove: Modifying factor 1").click()
    settled(page)
    expect(page.locator(field("factors.0.id"))).to_have_count(0)


def test_arrows_in_a_choice_do_not_rebuild_the_form_at_each_step(here: Watched, draft: str) -> None:
    page = here.open(form(draft))
    page.get_by_role("button", name="Add facts that must hold").click()
    settled(page)
    choice = page.locator(field("when.is"))
    choice.focus()
    for _ in range(6):
        page.keyboard.press("ArrowDown")
    assert page.locator(".either-body *").count() == 0
    chosen = choice.input_value()
    page.keyboard.press("Tab")  # leaving it
    settled(page)
    expect(page.locator(field("when.is"))).to_have_value(chosen)
    expect(page.locator(".either-body *").first).to_be_attached()


def test_yaml_is_the_same_record_and_tells_the_line_of_a_slip(here: Watched, draft: str) -> None:
    page = here.open(form(draft))
    page.locator(field("severity")).select_option("minor")
    page.get_by_role("button", name="YAML").click()
    text = page.locator("#yaml-text")
    expect(text).to_have_value(re.compile(r"\nseverity: minor\n"))
    assert here.axe() == []
    whole = text.input_value()
    text.fill(whole.replace("\nseverity: minor\n", "\nseverty: minor\n"))
    line = whole[: whole.index("\nseverity: ")].count("\n") + 2
    expect(page.locator("#yaml-text-said")).to_contain_text(f"Line {line}: ")
    text.fill(whole.replace("\nseverity: minor\n", "\nseverity: major\n"))
    expect(page.locator("#yaml-text-said")).not_to_contain_text("Line")
    page.locator("#field-reason").fill(WHY)
    page.locator("button.btn-primary[value=save]").click()
    expect(page.locator(".done-line")).to_contain_text("Saved in the draft")
    assert record(here.address, draft, QUINOLONES)["severity"] == "major"


def test_what_was_typed_is_offered_back_after_a_reload(here: Watched, draft: str) -> None:
    page = here.open(form(draft))
    effect = page.locator(field("effect"))
    effect.fill("Typed and not saved yet. <b>Shown as it is.</b>")
    page.get_by_role("button", name="Add a modifying factor").click()
    settled(page)
    page.locator(field("factors.0.id")).fill("half-done")
    expect(page.locator("[data-kept-at]")).to_contain_text("kept in this browser")
    page.reload()
    expect(effect).not_to_have_value("Typed and not saved yet. <b>Shown as it is.</b>")
    offer = page.locator("#kept-offer")
    expect(offer).to_contain_text("was not saved")
    assert here.axe() == []
    offer.get_by_role("button", name="Bring it back").click()
    settled(page)
    expect(effect).to_have_value("Typed and not saved yet. <b>Shown as it is.</b>")
    expect(page.locator(field("factors.0.id"))).to_have_value("half-done")
    page.reload()
    offer.get_by_role("button", name="Throw it away").click()
    page.reload()
    expect(offer).to_be_hidden()
    assert record(here.address, draft, QUINOLONES)["effect"] != "Typed and not saved yet. <b>Shown as it is.</b>"


def test_a_lost_connection_loses_nothing(here: Watched, draft: str) -> None:
    page = here.open(form(draft))
    page.locator(field("effect")).fill("Typed while the line was down.")
    page.locator("#field-reason").fill(WHY)
    gone = re.compile(r"/form$")

    def drop(route: Route) -> None:
        route.abort("connectionfailed")

    page.route(gone, drop)
    page.locator("button.btn-primary[value=save]").click()
    expect(page.get_by_role("alert")).to_contain_text("Nothing was saved; what you typed is kept")
    page.unroute(gone, drop)
    page.locator("button.btn-primary[value=save]").click()
    expect(page.locator(".done-line")).to_contain_text("Saved in the draft")
    # The console tells of each of them, of the last one perhaps only now.
    here.faults[:] = [fault for fault in here.faults if "ERR_CONNECTION_FAILED" not in fault]
    assert record(here.address, draft, QUINOLONES)["effect"] == "Typed while the line was down."


def test_an_expired_sign_in_loses_nothing(browser: Browser, address: str, draft: str) -> None:
    make_person(address, "f.nightingale", "Florence Nightingale", "author")
    watch = watched(browser, address)
    watch.sign_in("f.nightingale")
    page = watch.open(form(draft))
    page.locator(field("effect")).fill("Typed before the sign-in expired.")
    page.locator("#field-reason").fill(WHY)
    expect(page.locator("[data-kept-at]")).to_contain_text("kept in this browser")
    end_sign_in(page)
    page.locator("button.btn-primary[value=save]").click()
    notice = page.locator("#notice")
    expect(notice).to_contain_text("You are not signed in any more.")
    watch.answered(401)
    expect(page.locator(field("effect"))).to_have_value("Typed before the sign-in expired.")
    assert record(address, draft, QUINOLONES)["effect"] != "Typed before the sign-in expired."
    # Also when the page is left instead: signed in again, it is offered back.
    again = page.context.new_page()
    again.goto(f"{address}/admin/sign-in")
    again.get_by_label("Name").fill("f.nightingale")
    again.get_by_label("Password").fill(PASSWORD)
    again.keyboard.press("Enter")
    again.wait_for_url(f"{address}/admin")
    again.goto(f"{address}{form(draft)}")
    expect(again.locator("#kept-offer")).to_contain_text("was not saved")
    again.close()
    # The page that was left open was made for the former sign-in: it is told, and goes on.
    page.locator("button.btn-primary[value=save]").click()
    expect(notice).to_contain_text("signed in anew")
    watch.answered(403)
    page.locator("button.btn-primary[value=save]").click()
    expect(page.locator(".done-line")).to_contain_text("Saved in the draft")
    assert record(address, draft, QUINOLONES)["effect"] == "Typed before the sign-in expired."
    page.context.close()
    # While the sign-in was over, what was looked for while typing was refused as well.
    assert [fault for fault in watch.faults if "status of 40" not in fault] == []


def test_signed_in_again_on_the_page_it_is_saved(browser: Browser, address: str, draft: str) -> None:
    make_person(address, "g.mendel", "Gregor Mendel", "author")
    watch = watched(browser, address)
    watch.sign_in("g.mendel")
    page = watch.open(form(draft))
    page.locator(field("effect")).fill("Typed before the sign-in expired.")
    page.locator("#field-reason").fill(WHY)
    end_sign_in(page)
    page.locator("button.btn-primary[value=save]").click()
    page.locator("#again-login").fill("g.mendel")
    page.locator("#again-password").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.locator("#notice")).to_contain_text("Signed in as Gregor Mendel")
    page.locator("button.btn-primary[value=save]").click()
    expect(page.locator(".done-line")).to_contain_text("Saved in the draft")
    assert record(address, draft, QUINOLONES)["effect"] == "Typed before the sign-in expired."
    page.context.close()
    assert [fault for fault in watch.faults if "status of 40" not in fault] == []


def test_an_identifier_is_suggested_from_the_title(here: Watched, draft: str) -> None:
    page = here.open(f"/admin/drafts/{draft}/new/citations/form")
    page.locator(field("title")).fill("Magnesium & Quinolones (2026)")
    expect(page.locator(field("id"))).to_have_value("magnesium-quinolones-2026")
    page.locator(field("id")).fill("my-own-id")
    page.locator(field("title")).fill("Another title")
    expect(page.locator(field("id"))).to_have_value("my-own-id")
    page.get_by_role("button", name="Check", exact=True).click()
    expect(page.locator('[data-said="kind"]')).to_have_text("Choose one.")
    assert here.axe() == []
