"""What the editor has for looking after rules, in a real Chromium: the test bench, statistics, people, keys, the trail.

As in `test_editor`, every test fails on an error in the console, a breach of the policy or a request to anywhere else.
"""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.chromium import PASSWORD, Watched, asked, make_person, watched
from tests.e2e.writing import end_sign_in

pytestmark = pytest.mark.browser

BENCH = "/admin/bench"
LIST = "Ciprofloxacin 500 mg tablet | 2 a day\nMagnesium oxide 400 mg tablet"


@pytest.fixture(scope="module")
def draft(address: str) -> str:
    """A draft in which quinolones are worse."""
    made = asked(address, "POST", "/v1/drafts", {"reason": "for a test", "title": "Quinolones once more"})
    path = f"/v1/drafts/{made['id']}/records/interactions/fluoroquinolones-with-oral-magnesium"
    document = asked(address, "GET", path)["document"]
    document["severity"] = "contraindicated"
    document["variants"] = []
    asked(address, "PUT", path, {"reason": "for a test", "document": document}, tag='"1"')
    return str(made["id"])


def test_the_bench_answers_while_somebody_types_by_keyboard_alone(here: Watched) -> None:
    page = here.open(BENCH)
    page.keyboard.press("/")
    page.keyboard.type("ciprofl")
    expect(page.locator("#medicines button").first).to_have_text("ciprofloxacin")
    page.keyboard.press("ArrowDown")
    expect(page.locator("#medicines button").first).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_label("Medicines, one a line")).to_have_value("ciprofloxacin")
    expect(page.get_by_label("Add a medicine")).to_be_focused()
    page.keyboard.type("magnesum oxide")
    page.keyboard.press("Enter")
    expect(page.locator("#answer")).to_contain_text("1 line needs a look")
    page.locator("#answer").get_by_role("button", name="magnesium oxide").first.press("Enter")
    expect(page.get_by_label("Medicines, one a line")).to_have_value("ciprofloxacin\nmagnesium oxide")
    finding = page.locator("article", has_text="quinolone").first
    expect(finding).to_be_visible()
    # Nothing of it in the address, and what is typed on is answered without a button.
    assert page.url == f"{here.address}{BENCH}"
    page.get_by_label("Age (years)").fill("seventy")
    expect(page.locator("#answer")).to_contain_text("The age must be a whole number of years.")
    page.get_by_label("Age (years)").fill("70")
    expect(finding).to_be_visible()
    page.get_by_label("Medicines, one a line").fill("ciprofloxacin")
    expect(finding).not_to_be_visible()


def test_a_trial_beside_a_draft_becomes_a_worked_case(here: Watched, draft: str) -> None:
    page = here.open(BENCH)
    page.get_by_label("Medicines, one a line").fill(LIST)
    page.get_by_role("button", name="Quinolones once more").click()
    expect(page).to_have_url(f"{here.address}/admin/drafts/{draft}/bench")
    expect(page.locator("#answer")).to_contain_text("→ contraindicated")
    expect(page.get_by_label("Medicines, one a line")).to_have_value(LIST)
    page.get_by_role("button", name="Make this a worked case").click()
    expect(page.locator("h1")).to_have_text("Make this a worked case")
    assert here.axe() == []
    page.get_by_label("Identifier", exact=True).fill("quinolone-from-the-bench")
    page.get_by_label("Why this case matters").fill("It is the list that was asked about.")
    page.get_by_label("Source", exact=True).select_option(index=1)
    page.get_by_role("button", name="Put the case into the draft").click()
    expect(page.get_by_role("alert")).to_contain_text("The case is not complete.")
    here.answered(422)
    assert here.axe() == []
    expect(page.get_by_label("Why this case matters")).to_have_value("It is the list that was asked about.")
    page.get_by_label("I have compared each line above with this source.").check()
    page.get_by_role("button", name="Put the case into the draft").click()
    page.wait_for_url(f"{here.address}/admin/drafts/{draft}")
    expect(page.locator("main")).to_contain_text("Ciprofloxacin 500 mg tablet with Magnesium oxide")
    case = asked(here.address, "GET", f"/v1/drafts/{draft}/records/cases/quinolone-from-the-bench")["document"]
    assert [one["text"] for one in case["profile"]["medications"]] == [line.split(" |")[0] for line in LIST.split("\n")]


def test_no_answer_is_better_than_one_to_an_earlier_list(here: Watched) -> None:
    page = here.open(BENCH)
    listed = page.get_by_label("Medicines, one a line")
    listed.fill(LIST)
    finding = page.locator("article", has_text="quinolone").first
    expect(finding).to_be_visible()
    page.route("**/admin/bench", lambda route: route.abort("connectionfailed"))
    listed.fill(f"{LIST}\nfurosemide")
    expect(page.get_by_role("alert")).to_contain_text("No answer came to the list as it stands now.")
    expect(finding).to_have_count(0)
    here.faults[:] = [fault for fault in here.faults if "ERR_CONNECTION_FAILED" not in fault and "fetch" not in fault]
    assert here.axe() == []
    page.unroute("**/admin/bench")
    page.get_by_role("button", name="Check", exact=True).click()
    expect(finding).to_be_visible()


def test_a_sign_in_that_runs_out_leaves_no_earlier_answer(browser: Browser, address: str) -> None:
    make_person(address, "c.curie", "Charlotte Curie", "author")
    watch = watched(browser, address)
    watch.sign_in("c.curie")
    page = watch.open(BENCH)
    page.get_by_label("Medicines, one a line").fill(LIST)
    finding = page.locator("article", has_text="quinolone").first
    expect(finding).to_be_visible()
    end_sign_in(page)
    page.get_by_label("Medicines, one a line").fill(f"{LIST}\nfurosemide")
    expect(page.locator("#notice")).to_contain_text("You are not signed in any more.")
    watch.answered(401)
    expect(page.locator("#answer")).to_contain_text("Not checked.")
    expect(finding).to_have_count(0)
    page.locator("#again-login").fill("c.curie")
    page.locator("#again-password").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Check", exact=True)).to_be_focused()
    page.keyboard.press("Enter")
    expect(finding).to_be_visible()
    page.context.close()
    assert watch.faults == []


def test_a_list_stays_in_its_tab_until_it_is_emptied(here: Watched) -> None:
    page = here.open(BENCH)
    listed = page.get_by_label("Medicines, one a line")
    page.get_by_label("Add a medicine").fill("ciprofloxacin")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(listed).to_have_value("ciprofloxacin")
    listed.fill("ciprofloxacin\nmagnesium oxide | 2 a day")
    page.get_by_label("Age (years)").fill("70")
    expect(page.locator("article", has_text="quinolone").first).to_be_visible()
    # As after a sign-in that ran out: the page is left, and comes again.
    here.open("/admin/records")
    page = here.open(BENCH)
    expect(listed).to_have_value("ciprofloxacin\nmagnesium oxide | 2 a day")
    expect(page.get_by_label("Age (years)")).to_have_value("70")
    expect(page.locator("article", has_text="quinolone").first).to_be_visible()  # and it is answered
    assert here.axe() == []
    page.get_by_role("link", name="Empty").click()
    here.settle()
    expect(listed).to_have_value("")
    assert here.open(BENCH).evaluate("Object.keys(sessionStorage)") == []


def test_a_list_with_times_gets_a_day_plan(here: Watched, draft: str) -> None:
    page = here.open(BENCH)
    listed = page.get_by_label("Medicines, one a line")
    listed.fill("Ciprofloxacin 500 mg tablet\nMagnesium oxide 400 mg tablet")
    expect(page.locator("article", has_text="quinolone").first).to_be_visible()
    expect(page.get_by_role("heading", name="A day plan")).to_have_count(0)  # nothing says when
    listed.fill("Ciprofloxacin 500 mg tablet | 2 a day\nMagnesium oxide 400 mg tablet | at 08:00")
    plan = page.get_by_role("region", name="A day plan")
    expect(plan).to_contain_text("A day plan that keeps every window")
    expect(plan.get_by_role("img")).to_be_visible()
    # What is drawn is read out as well, by the medicines' names.
    expect(plan.locator("desc")).to_contain_text("ciprofloxacin")
    page.get_by_text("3 doses, one by one").click()
    expect(plan.get_by_role("row", name="Magnesium oxide 400 mg tablet")).to_contain_text("Keeps its time")
    expect(plan).not_to_contain_text("m1")
    assert here.axe() == []
    here.open(f"/admin/drafts/{draft}/bench")
    page.get_by_label("Medicines, one a line").fill("Ciprofloxacin 500 mg tablet | 2 a day\nMagnesium oxide 400 mg")
    expect(plan.get_by_role("img")).to_be_visible()


def test_without_scripts_the_bench_works_too(browser: Browser, address: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    watch = watched(browser, address, context=context)
    page = watch.page
    page.goto(f"{address}{BENCH}")
    page.get_by_label("Medicines, one a line").fill(LIST)
    page.get_by_role("button", name="Check", exact=True).click()
    expect(page.locator("article", has_text="quinolone").first).to_be_visible()
    page.get_by_label("Add a medicine").fill("furosemide")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_label("Medicines, one a line")).to_have_value(f"{LIST}\nfurosemide")
    page.get_by_role("button", name="Plan the day").click()
    expect(page.get_by_role("region", name="A day plan").get_by_role("img")).to_be_visible()
    context.close()
    assert watch.faults == []


def test_an_administrator_lets_somebody_in_and_makes_a_key(browser: Browser, address: str) -> None:
    make_person(address, "ada.admin", "Ada Admin", "administrator", "auditor")
    watch = watched(browser, address)
    watch.sign_in("ada.admin")
    page = watch.page
    page.get_by_role("link", name="Look after").click()
    page.get_by_role("link", name="Let somebody in").first.click()
    page.get_by_label("Name", exact=True).fill("Rosalind Franklin")
    page.get_by_label("Signs in as").fill("r.franklin")
    page.get_by_label("Reviewer").check()
    page.get_by_label("Their first password").fill("an owl above the barn")
    page.get_by_label("Why").fill("New in the team.")
    page.get_by_role("button", name="Let them in").click()
    expect(page.get_by_role("alert")).to_be_visible()  # without one's own password it is not done
    page.get_by_label("Your password once more").fill(PASSWORD)
    page.get_by_label("Their first password").fill("an owl above the barn")
    page.get_by_role("button", name="Let them in").click()
    expect(page.get_by_role("status")).to_contain_text("The account was made.")
    watch.answered(403)
    page.get_by_role("link", name="Keys").click()
    page.get_by_role("link", name="Make a key").click()
    page.get_by_label("What it is for").fill("Ward 3")
    page.get_by_label("Why").fill("Goes live.")
    page.get_by_label("Your password once more").fill(PASSWORD)
    page.get_by_role("button", name="Make it").click()
    key = page.get_by_label("Key", exact=True).input_value()
    assert key.startswith("mck_")
    assert watch.axe() == []
    page.get_by_role("link", name="I have it").click()
    assert key not in page.content()
    page.get_by_role("link", name="Audit trail").click()
    page.get_by_label("Action").select_option("create_key")
    page.get_by_role("button", name="Show").click()
    expect(page.locator("ol.trail > li")).to_have_count(1)
    expect(page.locator("ol.trail > li")).to_contain_text("Ada Admin")
    page.context.close()
    assert watch.faults == []
