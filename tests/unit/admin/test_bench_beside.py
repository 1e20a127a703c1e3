"""The bench beside the form of a record: what is typed there is tried, and nothing of it is saved."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from httpx2 import Response

from rules.model import RuleSet
from tests.unit.admin.conftest import rule_set
from tests.unit.admin.page_client import PageClient, forms, page_client
from tests.unit.admin.test_bench import FACTS, LIST, LOOP, QUINOLONES, change, draft, plain

SCRIPT = {"hx-request": "true"}
TYPED = "Tried with what is typed in the form now. It is not saved."
SAVED = "Tried with the draft as it is saved: nothing else is typed in the form."
BEHIND = "What is typed in the form is not valid yet. The list is tried with the draft as it was last saved."


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PageClient]:
    with page_client(tmp_path_factory.mktemp("beside"), rule_set()) as client:
        yield client


def place(draft_id: str, record: str = f"interactions/{LOOP}") -> str:
    return f"/admin/drafts/{draft_id}/records/{record}"


def fields_of(pages: PageClient, address: str, action: str, who: str = "ann") -> list[tuple[str, str]]:
    return next(one.fields for one in forms(pages.open(who, address).text) if one.action == action)


def over(fields: list[tuple[str, str]], typed: dict[str, str]) -> list[tuple[str, str]]:
    assert all(any(name == key for key, _ in fields) for name in typed)
    return [(name, typed.get(name, text)) for name, text in fields]


def tried(
    pages: PageClient,
    address: str,
    way: str = "form",
    record: dict[str, str] | None = None,
    press: str = "",
    **listed: str,
) -> Response:
    """What the panel answers with both forms of the page, as a browser sends them together."""
    shown = f"{address}/{way}"
    bench = next(one.action for one in forms(pages.open("ann", shown).text) if one.action.endswith("/bench"))
    ticked = [("no_conditions", listed.pop("no_conditions"))] if "no_conditions" in listed else []
    sent = (
        over(fields_of(pages, shown, bench), listed)
        + ticked
        + ([(press.split("=", maxsplit=1)[0], press.split("=")[1])] if press else [])
    )
    sent += over(fields_of(pages, shown, shown), record or {})
    return pages.sent("ann", f"{address}/try", sent, **SCRIPT)


def test_a_list_is_tried_with_what_is_typed_and_nothing_is_saved(pages: PageClient) -> None:
    one = draft(pages)
    answer = tried(pages, place(one), record={"r.severity": "major"}, list="furosemide")
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert "<html" not in answer.text
    text = plain(answer.text)
    assert TYPED in text
    assert "severity minor → major" in text
    assert "Why it is there" in text
    assert "Near misses" in text
    headers = {"authorization": f"Bearer {pages.tokens['ann']}"}
    entry = pages.get(f"/v1/drafts/{one}", headers=headers).json()
    assert (entry["revision"], entry["changes"]) == (1, [])
    # The same list on the draft itself: as it was.
    bench = f"/admin/drafts/{one}/bench"
    beside = next(form for form in forms(answer.text) if form.action == bench)
    assert beside.value("list") == "furosemide"
    opened = plain(pages.sent("ann", bench, beside.fields).text)
    assert "Loop diuretics <b>deplete</b> magnesium" in opened
    assert "The draft changes no finding of this list." in opened


def test_what_is_saved_already_is_told_so_and_can_become_a_worked_case(pages: PageClient) -> None:
    one = draft(pages)
    change(pages, one, "interactions", LOOP, severity="moderate")
    case = f'formaction="/admin/drafts/{one}/bench/case"'
    answer = tried(pages, place(one), list="furosemide").text
    assert SAVED in plain(answer)
    assert "severity minor → moderate" in plain(answer)
    assert case in answer
    answer = tried(pages, place(one), record={"r.severity": "major"}, list="furosemide").text
    assert "severity minor → major" in plain(answer)
    assert case not in answer  # it would rest on the draft without what is typed
    assert "save what is typed first" in plain(answer)


def test_what_is_not_valid_yet_is_told_and_the_last_saved_state_is_tried(pages: PageClient) -> None:
    one = draft(pages)
    change(pages, one, "interactions", LOOP, severity="moderate")
    answer = tried(pages, place(one), record={"r.severity": "", "r.effect": ""}, list="furosemide").text
    text = plain(answer)
    assert BEHIND in text
    assert "To mend: Severity: Choose one. Effect: Fill this in." in text
    assert "severity minor → moderate" in text
    assert TYPED not in text


def test_a_record_that_keeps_the_draft_from_answering_is_not_tried(pages: PageClient) -> None:
    one = draft(pages)
    address = place(one, "classes/fluoroquinolones")
    whole = dict(fields_of(pages, f"{address}/yaml", f"{address}/yaml"))["text"]
    assert whole.count("ciprofloxacin") == 1

    def without_ciprofloxacin(member: str) -> str:
        typed = {"text": whole.replace("ciprofloxacin", member)}
        return plain(tried(pages, address, "yaml", typed, list=LIST, **FACTS).text)

    text = without_ciprofloxacin("nobody")
    assert BEHIND in text
    assert "nobody" in text
    assert "Quinolones with magnesium" in text
    assert "The draft cannot answer as it is." not in text
    text = without_ciprofloxacin("furosemide")
    assert "Disappears with the draft Moderate" in text
    assert TYPED in text


def test_a_slip_in_the_yaml_is_told_with_its_line(pages: PageClient) -> None:
    one = draft(pages)
    address = f"{place(one)}/yaml"
    whole = dict(fields_of(pages, address, address))["text"]
    slip = whole.replace("\nseverity: minor\n", "\nseverty: minor\n")
    line = slip[: slip.index("\nseverty")].count("\n") + 2
    text = plain(tried(pages, place(one), "yaml", {"text": slip}, list="furosemide").text)
    assert BEHIND in text
    assert f"Line {line}: " in text


def test_a_record_that_is_being_made_is_tried_as_well(pages: PageClient) -> None:
    one = draft(pages)
    shown = f"/admin/drafts/{one}/new/interactions"
    whole = dict(fields_of(pages, f"{place(one)}/yaml", f"{place(one)}/yaml"))["text"]
    made = whole.replace(f"id: {LOOP}\n", "id: another-rule\n").replace("title: ", "title: Another rule about ")
    text = plain(tried(pages, shown, "yaml", {"text": made}, list="furosemide").text)
    assert TYPED in text
    assert "1 appears" in text
    assert "Another rule about" in text
    # Its identifier must be one that is free, as when it is saved.
    taken = plain(tried(pages, shown, "yaml", {"text": whole}, list="furosemide").text)
    assert BEHIND in taken
    assert "of this identifier already" in taken


def test_buttons_of_the_panel_act_on_the_list_alone(pages: PageClient) -> None:
    one = draft(pages)
    bench = f"/admin/drafts/{one}/bench"

    def listed(answer: Response) -> str | None:
        assert (answer.headers["hx-retarget"], answer.headers["hx-reswap"]) == ("#bench", "outerHTML")
        assert f'hx-post="{place(one)}/try"' in answer.text  # it goes on beside the form
        return next(form for form in forms(answer.text) if form.action == bench).value("list")

    typed = {"r.severity": "major"}
    added = tried(pages, place(one), record=typed, list="ciprofloxacin", lookup="furosemide")
    assert listed(added) == "ciprofloxacin\nfurosemide"
    assert "severity minor → major" in plain(added.text)
    example = tried(pages, place(one), press="example=by-name")
    assert (listed(example) or "").count("\n") > 1
    assert "day plan" not in plain(example.text).replace("a plan and a timetable", "")
    assert listed(tried(pages, place(one), press="empty=yes", list="ciprofloxacin")) == ""
    mended = tried(pages, place(one), press="replace=1:ciprofloxacin", list="ciprofloxasin | 2 a day")
    assert listed(mended) == "ciprofloxacin | 2 a day"
    assert tried(pages, place(one), press="example=not-there").status_code == 404


def test_a_fault_of_the_list_stands_in_the_panel(pages: PageClient) -> None:
    text = plain(tried(pages, place(draft(pages)), list="furosemide | whenever").text)
    assert "Not checked yet: something of the list or the facts cannot be read." in text
    assert "Both answers" not in text


def test_the_list_is_no_part_of_what_is_saved(pages: PageClient) -> None:
    one = draft(pages)
    shown = f"{place(one)}/form"
    assert {"list", "lookup", "age"}.isdisjoint(name for name, _ in fields_of(pages, shown, shown))
    tried(pages, place(one), list="quokkamycin 12 mg", symptoms="quokka bite")
    written = [path.read_bytes() for path in pages.folder.iterdir() if path.is_file()]
    assert written
    assert not any(b"quokka" in content for content in written)


@pytest.mark.parametrize(("kind", "shown"), [("substances", True), ("citations", True), ("cases", False)])
def test_the_panel_stands_beside_what_a_list_can_show(pages: PageClient, kind: str, shown: bool) -> None:  # noqa: FBT001
    one = draft(pages)
    page = pages.open("ann", f"/admin/drafts/{one}/new/{kind}/form").text
    assert ('id="beside"' in page) is shown
    assert ("Try the draft on the test bench" in plain(page)) is not shown


def test_what_is_typed_is_compiled_once_for_each_text(pages: PageClient, compiled: list[RuleSet]) -> None:
    one = draft(pages)
    for text in ("furosemide", "furosemide 40 mg", "Lasix"):
        answer = tried(pages, place(one), record={"r.effect": "Counted once."}, list=text)
        assert "other words in the effect" in plain(answer.text)
    assert len(compiled) == 1
    assert "other words" in plain(tried(pages, place(one), record={"r.effect": "Counted."}, list="Lasix").text)
    assert len(compiled) == 2


def test_trying_beside_a_form_is_for_those_who_may_write_there(pages: PageClient) -> None:
    address = f"{place(draft(pages))}/try"
    token = next(text for name, text in fields_of(pages, "/admin/bench", "/admin/bench", "eve") if name == "csrf_token")
    said = [("csrf_token", token), ("list", "furosemide")]
    assert pages.sent("eve", address, said, **SCRIPT).status_code == 403
    gone = pages.sent(None, address, said, **SCRIPT)
    assert (gone.status_code, gone.headers["hx-retarget"]) == (401, "#notice")
    foreign = pages.sent("ann", address, said, origin="https://elsewhere.example", **SCRIPT)
    assert foreign.status_code == 403
    for answer in (gone, foreign):
        assert "furosemide" not in answer.text
    shown = f"{place(draft(pages))}/form"
    fields = fields_of(pages, shown, shown)
    missing = place(draft(pages), f"interactions/{QUINOLONES}-not-there")
    assert pages.sent("ann", f"{missing}/try", fields, **SCRIPT).status_code == 404


def test_an_answer_without_a_script_is_a_page_of_its_own(pages: PageClient) -> None:
    one = draft(pages)
    shown = f"{place(one)}/form"
    sent = over(fields_of(pages, shown, f"/admin/drafts/{one}/bench"), {"list": "furosemide"})
    sent += over(fields_of(pages, shown, shown), {"r.severity": "major"})
    page = pages.sent("ann", f"{place(one)}/try", sent).text
    assert re.search("<h1>Test bench</h1>", page)
    assert "The draft changes no finding of this list." in plain(page)  # what is typed cannot be seen there
    assert 'id="record-form"' not in page
    assert "data-beside" not in page
