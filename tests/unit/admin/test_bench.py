"""The test bench: what is answered now and with a draft, beside each other; and a trial that becomes a worked case."""

from __future__ import annotations

import json
import logging
import re
import uuid
from collections.abc import Iterator
from html import unescape
from typing import Any

import pytest
from httpx2 import Response
from sqlmodel import select

from rules import compile_rule_set
from rules.model import Case, RuleSet
from rules.verify import failures_of
from service.admin.bench import medicines
from service.admin.bench_answer import fact
from service.application import bench as verbs
from service.application.active import ActiveRuleSet
from service.application.control import control_over
from service.application.record_search import Library
from service.storage.tables import DecisionRow
from tests.keys import KEYRING
from tests.unit.admin.conftest import HOSTILE, rule_set
from tests.unit.admin.page_client import Form, PageClient, forms, page_client

BENCH = "/admin/bench"
QUINOLONES, LOOP = "fluoroquinolones-with-magnesium", "loop-diuretics-deplete-magnesium"
LIST = "ciprofloxacin | route oral\nmagnesium oxide | route oral"
FACTS = {"egfr": "20", "no_conditions": "yes"}


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PageClient]:
    with page_client(tmp_path_factory.mktemp("bench"), rule_set()) as client:
        yield client


def plain(page: str) -> str:
    """What somebody reads."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).split())


def draft(pages: PageClient, title: str = "A draft") -> str:
    address = pages.done("ann", "/admin/drafts/new", title=title, reason="for a test")
    return address.removeprefix("/admin/drafts/")


def change(pages: PageClient, draft_id: str, kind: str, record_id: str, **fields: object) -> None:
    """Change fields of a record in a draft, by the API."""
    headers = {"authorization": f"Bearer {pages.tokens['ann']}"}
    path = f"/v1/drafts/{draft_id}/records/{kind}/{record_id}"
    document = pages.get(path, headers=headers).json()["document"]
    entry = pages.get(f"/v1/drafts/{draft_id}", headers=headers)
    headers |= {"if-match": entry.headers["etag"], "idempotency-key": str(uuid.uuid4())}
    body = {"reason": "for a test", "document": {**document, **fields}}
    response = pages.put(path, headers=headers, json=body)
    assert response.status_code == 200, response.text


def tried(pages: PageClient, path: str, who: str = "ann", **typed: str) -> Response:
    form = next(one for one in forms(pages.open(who, path).text) if one.action == path)
    return pages.sent(who, path, form.filled(**typed))


# --- what answers -----------------------------------------------------------------------------------------------------


def test_a_list_is_answered_with_why_sources_and_near_misses(pages: PageClient) -> None:
    page = tried(pages, BENCH, list=LIST, **FACTS).text
    assert f'href="/admin/records/interactions/{QUINOLONES}"' in page
    text = plain(page)
    assert "Quinolones with magnesium" in text
    assert "Why it is there" in text
    assert "ciprofloxacin: " in text  # the reasons name the medicine, not the id of its line
    assert "An article about source" in text
    # With a kidney that works well the rule comes near, and the page says why it does not apply.
    text = plain(tried(pages, BENCH, list=LIST, egfr="90", no_conditions="yes").text)
    assert "0 magnesium-related findings" in text or "No magnesium-related finding" in text
    assert text.index("Near misses") < text.index("Quinolones with magnesium")


def test_a_missing_fact_is_named_in_words(pages: PageClient) -> None:
    text = plain(tried(pages, BENCH, list=LIST, no_conditions="yes").text)
    assert "May apply" in text
    assert "Not known: eGFR" in text


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("medications.a.b.dose", "dose of oxide"),
        ("medications.a.b.dose.of", "what the dose counts (salt or magnesium) of oxide"),
        ("medications.dose", "dose"),
        ("observations.serum_magnesium", "serum magnesium"),
    ],
)
def test_words_of_a_missing_fact(path: str, words: str) -> None:
    assert fact(path, {"a.b": "oxide"}) == words


def test_what_is_not_recognised_comes_first_with_what_it_may_be(pages: PageClient) -> None:
    page = tried(pages, BENCH, list="ciprofloxasin 500 mg | at 08:00\nxyzzy", **FACTS)
    text = plain(page.text)
    assert "2 lines need a look" in text
    assert "What it may do is not in this answer." in text
    [button] = re.findall(r'name="replace" value="([^"]+)"', page.text)
    assert button == "1:ciprofloxacin"
    form = next(one for one in forms(page.text) if one.action == BENCH)
    again = pages.sent("ann", BENCH, [*form.fields, ("replace", button)])
    typed = next(one for one in forms(again.text) if one.action == BENCH)
    assert typed.value("list") == "ciprofloxacin | at 08:00\nxyzzy"


def test_a_fault_stands_beside_its_field_and_nothing_is_lost(pages: PageClient) -> None:
    page = tried(pages, BENCH, list=f"{LIST} | whenever", age="seventy")
    assert page.status_code == 200
    assert 'id="wrong-list"' in page.text
    assert 'id="wrong-age"' in page.text
    form = next(one for one in forms(page.text) if one.action == BENCH)
    assert form.value("list") == f"{LIST} | whenever"
    assert form.value("age") == "seventy"
    assert "magnesium-related finding" not in page.text


def test_a_script_gets_the_answer_alone_and_the_bench_where_something_was_put_in(pages: PageClient) -> None:
    form = next(one for one in forms(pages.open("ann", BENCH).text) if one.action == BENCH)
    answer = pages.sent("ann", BENCH, form.filled(list=LIST), **{"hx-request": "true"})
    assert "<html" not in answer.text
    assert 'name="list"' not in answer.text.split("Go on with this list")[0]
    added = pages.sent("ann", BENCH, form.filled(list=LIST, lookup="furosemide"), **{"hx-request": "true"})
    assert (added.headers["hx-retarget"], added.headers["hx-reswap"]) == ("#bench", "outerHTML")
    typed = next(one for one in forms(added.text) if one.action == BENCH)
    assert typed.value("list") == f"{LIST}\nfurosemide"
    assert typed.value("lookup") == ""


@pytest.mark.parametrize("name", ["by-name", "by-code", "tuesday-morning"])
def test_examples_are_ready(pages: PageClient, name: str) -> None:
    page = pages.open("ann", f"{BENCH}?example={name}")
    assert page.status_code == 200
    assert "The answer" in plain(page.text)
    assert ("the plan of this example" in plain(page.text)) is (name == "tuesday-morning")


def test_a_worked_case_can_be_tried_and_what_is_not_there_is_told(pages: PageClient) -> None:
    page = pages.open("ann", f"{BENCH}?case=quinolone-fires").text
    form = next(one for one in forms(page) if one.action == BENCH)
    assert form.value("list") == LIST
    assert form.value("egfr") == "20"
    assert pages.open("ann", f"{BENCH}?case=nobody").status_code == 404
    assert pages.open("ann", f"{BENCH}?example=nobody").status_code == 404


def test_medicines_are_found_by_the_names_people_use() -> None:
    library = Library(compile_rule_set(rule_set()))
    assert medicines(library, "cipro") == [("ciprofloxacin", "ciprofloxacin")]
    assert medicines(library, "ciprox") == [("Ciproxin", "ciprofloxacin")]
    assert medicines(library, "LASI") == [("Lasix", "furosemide")]
    assert medicines(library, "floxacin") == []
    assert medicines(library, "  ") == []


def test_what_was_typed_is_escaped(pages: PageClient) -> None:
    page = tried(pages, BENCH, list=HOSTILE.replace("|", "/"), conditions=HOSTILE, symptoms=HOSTILE, age=HOSTILE).text
    assert "<script>marker" not in page
    assert "<img src=x" not in page
    assert "&lt;script&gt;marker()" in page


# --- beside a draft ---------------------------------------------------------------------------------------------------


def test_a_finding_that_the_draft_changes_is_told_in_clinical_words(pages: PageClient) -> None:
    one = draft(pages)
    management: dict[str, Any] = {
        "action": "separate_doses",
        "text": "Consider separating the doses by more.",
        "patient_text": "Please ask when to take each.",
        "separation": {"magnesium_first_hours": 8, "drug_first_hours": 2},
    }
    change(pages, one, "interactions", QUINOLONES, severity="major", management=management)
    text = plain(tried(pages, f"/admin/drafts/{one}/bench", list=LIST, **FACTS).text)
    assert "1 changes" in text
    assert "severity moderate → major" in text
    assert "window 2 h/6 h → 2 h/8 h" in text
    assert "other words in what may be done" in text
    assert "other words in the effect" not in text


def test_a_finding_appears_and_disappears_with_the_draft(pages: PageClient) -> None:
    one = draft(pages)
    change(pages, one, "interactions", QUINOLONES, status="withdrawn")
    change(pages, one, "interactions", "withdrawn-one", status="active", title="Back again")
    path = f"/admin/drafts/{one}/bench"
    text = plain(tried(pages, path, list=f"{LIST}\nfurosemide", **FACTS).text)
    appears, disappears, stays = (
        text.index(f"{word} with the draft") if word != "Stays" else text.index("Stays as it is")
        for word in ("Appears", "Disappears", "Stays")
    )
    assert appears < text.index("Back again") < disappears < text.index("Quinolones with magnesium") < stays
    assert "1 appears" in text
    assert "1 disappears" in text


def test_a_name_that_the_draft_adds_is_recognised_beside_it(pages: PageClient) -> None:
    one = draft(pages)
    change(pages, one, "substances", "ciprofloxacin", synonyms=["zipro"])
    page = tried(pages, f"/admin/drafts/{one}/bench", list="zipro", **FACTS)
    text = plain(page.text)
    assert "zipro now Not recognised with the draft ciprofloxacin" in text
    assert "need a look" not in text
    assert "1 line needs a look" in plain(tried(pages, BENCH, list="zipro").text)


def test_a_draft_that_cannot_answer_says_why_and_what_answers_stands_there(pages: PageClient) -> None:
    one = draft(pages)
    change(pages, one, "classes", "fluoroquinolones", members=["ciprofloxacin", "nobody"])
    text = plain(tried(pages, f"/admin/drafts/{one}/bench", list=LIST, **FACTS).text)
    assert "The draft cannot answer as it is." in text
    assert "Quinolones with magnesium" in text


def test_a_draft_is_compiled_once_for_each_content(pages: PageClient, compiled: list[RuleSet]) -> None:
    one = draft(pages)
    path = f"/admin/drafts/{one}/bench"
    change(pages, one, "interactions", LOOP, severity="moderate")
    for text in ("furosemide", "furosemide 40 mg", "Lasix"):
        assert "severity minor → moderate" in plain(tried(pages, path, list=text, **FACTS).text)
    assert len(compiled) == 1
    change(pages, one, "interactions", LOOP, severity="major")
    assert "severity minor → major" in plain(tried(pages, path, list="furosemide", **FACTS).text)
    assert len(compiled) == 2


def test_only_the_last_few_drafts_are_kept_compiled(pages: PageClient) -> None:
    drafts_of = control_over(pages.house.store, KEYRING, look_at_once=lambda: None).drafts
    bench = verbs.Bench(ActiveRuleSet(compile_rule_set(rule_set())))
    drafts = [draft(pages, f"Draft {number}") for number in range(6)]
    for number, one in enumerate(drafts):
        change(pages, one, "interactions", LOOP, effect=f"Another effect, number {number}.")
        with pages.house.store.reading() as session:
            assert bench.draft(session, drafts_of, one).compiled is not None
    assert len(bench._tried) == 3
    assert len(bench._contents) == 4


# --- privacy ----------------------------------------------------------------------------------------------------------


def test_nothing_of_the_list_is_kept(pages: PageClient, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        response = tried(pages, BENCH, list="quokkamycin 12 mg", symptoms="quokka bite")
    assert response.headers["cache-control"] == "no-store"
    assert "quokka" not in caplog.text
    with pages.house.store.reading() as session:
        assert session.exec(select(DecisionRow)).all() == []
    written = [path.read_bytes() for path in pages.folder.iterdir() if path.is_file()]
    assert written
    assert not any(b"quokka" in content for content in written)


def test_the_bench_is_for_those_who_may_check(pages: PageClient) -> None:
    for who, status in (("eve", 200), ("adi", 403), (None, 303)):
        assert pages.open(who, BENCH).status_code == status, who
    foreign = pages.sent("eve", BENCH, [("list", "ciprofloxacin")], origin="https://elsewhere.example")
    assert foreign.status_code == 403
    assert "ciprofloxacin" not in foreign.text


# --- a worked case ----------------------------------------------------------------------------------------------------


def proposal(pages: PageClient, draft_id: str, text: str = LIST, **facts: str) -> Form:
    """The form of the case that a trial could become."""
    path = f"/admin/drafts/{draft_id}/bench"
    page = tried(pages, path, list=text, **(facts or FACTS)).text
    carried = next(one for one in forms(page) if one.value("list") and one.value("lookup") is None)
    answer = pages.sent("ann", f"{path}/case", carried.fields)
    assert answer.status_code == 200
    assert "That is no evidence." in plain(answer.text)
    return next(one for one in forms(answer.text) if one.action == f"{path}/case/keep")


SAID = {"citation": "source", "supports": "both were given", "rationale": "It happens every day.", "confirmed": "true"}


def test_a_trial_becomes_a_worked_case_of_the_draft(pages: PageClient) -> None:
    one = draft(pages)
    form = proposal(pages, one)
    assert form.value("kind") == "fires"
    assert form.value("interaction") == QUINOLONES
    said = form.filled(id="quinolone-tried", title="As it was tried", **SAID)
    response = pages.sent("ann", form.action, said)
    assert response.status_code == 303, plain(response.text)
    assert response.headers["location"] == f"/admin/drafts/{one}"
    assert pages.sent("ann", form.action, said).headers["location"] == f"/admin/drafts/{one}"  # sent twice, done once
    headers = {"authorization": f"Bearer {pages.tokens['ann']}"}
    document = pages.get(f"/v1/drafts/{one}/records/cases/quinolone-tried", headers=headers).json()["document"]
    case = Case.model_validate_json(json.dumps(document))
    assert case.interaction == QUINOLONES
    assert [item.text for item in case.profile.medications] == ["ciprofloxacin", "magnesium oxide"]
    assert case.profile.as_of == case.last_reviewed_on  # what it was tried on: a case means the same in ten years
    assert case.profile.conditions == ()
    [expected] = case.expect.findings
    assert (expected.interaction, expected.severity, expected.medications) == (QUINOLONES, "moderate", ("m1", "m2"))
    assert failures_of(compile_rule_set(rule_set()), case) == ()
    changes = pages.get(f"/v1/drafts/{one}", headers=headers).json()["changes"]
    assert [(change["kind"], change["id"]) for change in changes] == [("cases", "quinolone-tried")]


def test_what_the_source_says_counts_and_not_what_the_engine_answers(pages: PageClient) -> None:
    one = draft(pages)
    form = proposal(pages, one)
    severity = next(name for name, _ in form.fields if name.startswith("severity-"))
    said = form.filled(id="as-the-source-says", **SAID, **{severity: "major"})
    assert pages.sent("ann", form.action, said).status_code == 303
    headers = {"authorization": f"Bearer {pages.tokens['ann']}"}
    document = pages.get(f"/v1/drafts/{one}/records/cases/as-the-source-says", headers=headers).json()["document"]
    [failure] = failures_of(compile_rule_set(rule_set()), Case.model_validate_json(json.dumps(document)))
    assert "severity is moderate, expected major" in failure


@pytest.mark.parametrize(
    ("typed", "name", "told"),
    [
        ({"confirmed": None}, "confirmed", "Compare each line with the source first"),
        ({"citation": ""}, "citation", "Name a source that the draft has"),
        ({"other": "nowhere"}, "citation", "Name a source that the draft has"),
        ({"rationale": ""}, "rationale", ""),
        ({"id": "Not An Id"}, "id", ""),
        ({"id": "quinolone-fires"}, "id", "A worked case has this identifier already"),
        ({"title": "x"}, "title", ""),
        ({"interaction": ""}, "kind", "A case names its interaction"),
    ],
)
def test_a_case_that_is_not_complete_comes_back_with_all_that_was_typed(
    pages: PageClient, typed: dict[str, str | None], name: str, told: str
) -> None:
    one = draft(pages)
    form = proposal(pages, one)
    said = form.filled(**{"id": "some-case", **SAID, "supports": "kept as it was typed", **typed})
    response = pages.sent("ann", form.action, said)
    assert response.status_code == 422
    assert f'id="wrong-{name}"' in response.text
    assert told in plain(response.text)
    again = next(one for one in forms(response.text) if one.action == form.action)
    assert again.value("supports") == "kept as it was typed"
    assert again.value("list") == LIST
    entry = pages.get(f"/v1/drafts/{one}", headers={"authorization": f"Bearer {pages.tokens['ann']}"}).json()
    assert entry["changes"] == []


def test_a_quiet_case_says_what_must_not_be_found(pages: PageClient) -> None:
    one = draft(pages)
    form = proposal(pages, one, egfr="90", no_conditions="yes")
    said = {"id": "quiet-one", "kind": "quiet", "interaction": QUINOLONES, "absent": QUINOLONES}
    assert pages.sent("ann", form.action, form.filled(**said, **SAID)).status_code == 303
    headers = {"authorization": f"Bearer {pages.tokens['ann']}"}
    document = pages.get(f"/v1/drafts/{one}/records/cases/quiet-one", headers=headers).json()["document"]
    assert document["expect"]["absent"] == [QUINOLONES]


def test_only_authors_make_cases(pages: PageClient) -> None:
    one = draft(pages)
    path = f"/admin/drafts/{one}/bench"
    page = tried(pages, path, "eve", list=LIST, **FACTS).text
    assert "Make this a worked case" not in page
    assert pages.sent("eve", f"{path}/case", [("csrf_token", token(pages, "eve")), ("list", LIST)]).status_code == 403


def token(pages: PageClient, who: str) -> str:
    value = next(one for one in forms(pages.open(who, BENCH).text) if one.action == BENCH).value("csrf_token")
    assert value
    return value


# --- the day plan -----------------------------------------------------------------------------------------------------

AT_TEN = "ciprofloxacin | route oral | at 08:00\nmagnesium oxide | route oral | at 10:00"


def planned(pages: PageClient, path: str, text: str, **headers: str) -> Response:
    said = [("csrf_token", token(pages, "ann")), ("list", text)]
    return pages.sent("ann", f"{path}/day", said, **headers)


def test_a_day_is_planned_where_the_list_says_when(pages: PageClient) -> None:
    assert f'action="{BENCH}/day"' not in tried(pages, BENCH, list=LIST, **FACTS).text
    assert f'action="{BENCH}/day"' in tried(pages, BENCH, list=AT_TEN, **FACTS).text
    whole = planned(pages, BENCH, AT_TEN).text
    assert "<html" in whole
    assert "A day plan that keeps every window" in plain(whole)
    assert "08:00 ciprofloxacin Keeps its time 10:00 magnesium oxide Keeps its time" in plain(whole)
    assert "<style" not in whole  # the page has it: a policy lets nothing inline in
    part = planned(pages, BENCH, AT_TEN, **{"hx-request": "true"}).text
    assert part.startswith("<section")
    assert planned(pages, BENCH, LIST, **{"hx-request": "true"}).text == ""
    # Nobody reads ids of lines, nor what stands in the drawing for programs.
    assert not re.search(r"\bm[12]\b|not_planned", plain(part))


def test_the_day_of_a_draft_stands_beside_that_of_now(pages: PageClient) -> None:
    one = draft(pages)
    headers = {"authorization": f"Bearer {pages.tokens['ann']}"}
    management = pages.get(f"/v1/drafts/{one}/records/interactions/{QUINOLONES}", headers=headers).json()["document"][
        "management"
    ]
    management["separation"]["drug_first_hours"] = "4"
    change(pages, one, "interactions", QUINOLONES, management=management)
    path = f"/admin/drafts/{one}/bench"
    text = plain(planned(pages, path, AT_TEN, **{"hx-request": "true"}).text)
    # Two hours after the drug are enough now, and not with the draft.
    assert "As the rules are now: A day plan that keeps every window of the findings. Doses that keep" in text
    assert re.search(r"(moved|Moved) from 10:00 10:00|(moved|Moved) from 08:00 08:00", text)


def test_a_day_with_a_medicine_that_nobody_knows_says_so(pages: PageClient) -> None:
    text = plain(planned(pages, BENCH, f"{AT_TEN}\n<b>nobody knows</b>", **{"hx-request": "true"}).text)
    assert "<b>nobody knows</b> is not planned: It was not recognised" in text
