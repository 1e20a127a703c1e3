"""The form of a record in a draft: what it shows, what its buttons do, and how it is saved."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html import unescape

import pytest

from rules.model import Interaction
from tests.unit.admin.conftest import HOSTILE
from tests.unit.admin.page_client import Form, PageClient, form_to, page_client

QUINOLONES = ("interactions", "fluoroquinolones-with-oral-magnesium")
WHY = "The label names a longer interval."
PART = {"hx-request": "true"}


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PageClient]:
    with page_client(tmp_path_factory.mktemp("pages")) as client:
        yield client


@pytest.fixture
def draft(pages: PageClient) -> str:
    address = pages.done("ann", "/admin/drafts/new", title="Intervals", reason="for a test")
    return address.removeprefix("/admin/drafts/")


def address(draft: str, kind: str, record_id: str, way: str = "form") -> str:
    return f"/admin/drafts/{draft}/records/{kind}/{record_id}/{way}"


def typed(form: Form, do: str, **fields: str | list[str] | None) -> list[tuple[str, str]]:
    return form.filled(**{name.replace("__", "."): text for name, text in fields.items()}, do=do)


def record_in(pages: PageClient, draft: str, kind: str, record_id: str, who: str = "ann") -> dict[str, object]:
    answer = pages.get(
        f"/v1/drafts/{draft}/records/{kind}/{record_id}", headers={"authorization": f"Bearer {pages.tokens[who]}"}
    )
    assert answer.status_code == 200, answer.text
    document: dict[str, object] = answer.json()["document"]
    return document


def said(page: str, path: str) -> str:
    """What stands beside a field."""
    found = re.search(rf'data-said="{re.escape(path)}"[^>]*>(.*?)</p>', page)
    assert found is not None, path
    return unescape(re.sub(r"<[^>]+>", "", found[1]))


def test_a_record_is_changed_with_its_reason_and_the_rest_stays(pages: PageClient, draft: str) -> None:
    path = address(draft, *QUINOLONES)
    before = record_in(pages, draft, *QUINOLONES)
    form = pages.form("ann", path)
    fields = typed(
        form, "save", r__severity="moderate", r__management__separation__magnesium_first_hours="8", reason=WHY
    )
    response = pages.sent("ann", path, fields)
    assert response.status_code == 303, response.text
    assert response.headers["location"] == f"{path}?saved=true"
    after = record_in(pages, draft, *QUINOLONES)
    management = before["management"]
    assert isinstance(management, dict)
    expected = {
        **before,
        "severity": "moderate",
        "management": {**management, "separation": {**management["separation"], "magnesium_first_hours": "8"}},
    }
    assert after == expected
    draft_entry = pages.get(f"/v1/drafts/{draft}", headers={"authorization": f"Bearer {pages.tokens['ann']}"}).json()
    assert [(one["id"], one["reason"]) for one in draft_entry["changes"]] == [(QUINOLONES[1], WHY)]
    assert "Saved in the draft" in pages.open("ann", f"{path}?saved=true").text


def test_saved_as_it_is_nothing_is_changed(pages: PageClient, draft: str) -> None:
    path = address(draft, *QUINOLONES)
    assert pages.sent("ann", path, typed(pages.form("ann", path), "save", reason=WHY)).status_code == 303
    entry = pages.get(f"/v1/drafts/{draft}", headers={"authorization": f"Bearer {pages.tokens['ann']}"}).json()
    assert entry["changes"] == []
    assert entry["revision"] == 1


def test_without_a_reason_nothing_is_saved_and_nothing_is_lost(pages: PageClient, draft: str) -> None:
    path = address(draft, *QUINOLONES)
    response = pages.sent("ann", path, typed(pages.form("ann", path), "save", r__effect=HOSTILE, reason=""))
    assert response.status_code == 422
    assert 'id="wrong-reason">Please fill this in.<' in response.text
    assert "<script>marker" not in response.text
    assert form_to(response.text, path).value("r.effect") == HOSTILE
    assert record_in(pages, draft, *QUINOLONES)["effect"] != HOSTILE


def test_what_is_wrong_stands_beside_its_field_in_words(pages: PageClient, draft: str) -> None:
    path = address(draft, *QUINOLONES)
    fields = typed(
        pages.form("ann", path),
        "save",
        r__title="",
        r__severity="",
        r__management__separation__magnesium_first_hours="two",
        r__management__separation__drug_first_hours="50",
        r__last_reviewed_on="",
        reason=WHY,
    )
    response = pages.sent("ann", path, fields)
    assert response.status_code == 422
    page = response.text
    assert said(page, "title") == "Fill this in."
    assert said(page, "severity") == "Choose one."
    assert said(page, "management.separation.magnesium_first_hours") == "Write a number with a point, such as 2 or 0.5."
    assert said(page, "management.separation.drug_first_hours") == "It must be at most 48."
    assert said(page, "last_reviewed_on") == "Fill this in."
    assert said(page, "effect") == ""
    assert "5 things to mend before it can be saved" in page
    form = form_to(page, path)
    assert form.value("r.management.separation.magnesium_first_hours") == "two"
    assert (
        pages.sent(
            "ann",
            path,
            typed(
                form,
                "save",
                **{
                    "r.title": "A title",
                    "r.severity": "minor",
                    "r.management.separation.magnesium_first_hours": "2.5",
                    "r.management.separation.drug_first_hours": "4",
                    "r.last_reviewed_on": "2026-11-23",
                },
            ),
        ).status_code
        == 303
    )


def test_what_the_gate_would_refuse_is_told_and_can_be_saved_meanwhile(pages: PageClient, draft: str) -> None:
    path = address(draft, *QUINOLONES)
    fields = typed(
        pages.form("ann", path),
        "check",
        r__severity="contraindicated",
        r__management__patient_text="This is perfectly safe.",
        **{"r.affected.classes.+": "no-such-class"},
    )
    page = pages.sent("ann", path, fields).text
    assert said(page, "affected.classes") == "There is no medication class “no-such-class”."
    assert "It can be saved. The gate would still refuse it" in page
    fields = typed(form_to(page, path), "remove:affected.classes.1")
    form = form_to(pages.sent("ann", path, fields).text, path)
    page = pages.sent("ann", path, typed(form, "check")).text
    assert "does not go with" in said(page, "operational_class")
    assert "command or promise" in said(page, "management.patient_text")


def test_looking_while_somebody_types_tells_only_what_is_wrong(pages: PageClient, draft: str) -> None:
    path = address(draft, *QUINOLONES)
    form = pages.form("ann", path)
    page = pages.sent("ann", path, typed(form, "look", r__title=""), **PART).text
    assert "<form" not in page
    assert 'data-fault="title"' in page
    assert "Title:" in page
    page = pages.sent("ann", path, typed(form, "look"), **PART).text
    assert "data-fault" not in page
    assert (
        pages.get(f"/v1/drafts/{draft}", headers={"authorization": f"Bearer {pages.tokens['ann']}"}).json()["revision"]
        == 1
    )


def test_factors_come_move_and_go(pages: PageClient, draft: str) -> None:
    path = address(draft, *QUINOLONES)
    form = pages.form("ann", path)
    assert form.value("r.factors.#") == "0"
    for number in (1, 2):
        page = pages.sent("ann", path, typed(form, "add:factors"), **PART).text
        assert page.startswith("<form")  # a part for the script, no second page
        assert f'data-go-to="f-factors.{number - 1}"' in page
        form = form_to(page, path)
        assert form.value("r.factors.#") == str(number)
    first = {
        "r.factors.0.id": "severe-kidney-disease",
        "r.factors.0.when.is": "egfr",
        "r.factors.0.severity": "major",
        "r.factors.0.text": "It stays longer.",
        "r.factors.0.citations.0.citation": "An example of a label",  # a title is as good as an id
        "r.factors.1.id": "second-one",
    }
    form = form_to(pages.sent("ann", path, typed(form, "show", **first)).text, path)
    assert form.value("r.factors.0.citations.0.citation") == "example-label"
    form = form_to(pages.sent("ann", path, typed(form, "up:factors.1")).text, path)
    assert form.value("r.factors.0.id") == "second-one"
    form = form_to(pages.sent("ann", path, typed(form, "remove:factors.0")).text, path)
    assert form.value("r.factors.0.id") == "severe-kidney-disease"
    assert form.value("r.factors.#") == "1"
    fields = typed(
        form, "save", **{"r.factors.0.when.egfr.upper": "30", "r.factors.0.when.egfr.upper_is": "below", "reason": WHY}
    )
    response = pages.sent("ann", path, fields)
    assert response.status_code == 303, response.text
    assert record_in(pages, draft, *QUINOLONES)["factors"] == [
        {
            "id": "severe-kidney-disease",
            "when": {"egfr": {"below": "30"}},
            "severity": "major",
            "text": "It stays longer.",
            "citations": [{"citation": "example-label"}],
        }
    ]


def test_a_condition_is_built_up_as_structure_and_nothing_gets_lost_on_the_way(pages: PageClient, draft: str) -> None:
    path = address(draft, *QUINOLONES)
    form = form_to(pages.sent("ann", path, typed(pages.form("ann", path), "give:when")).text, path)
    form = form_to(pages.sent("ann", path, typed(form, "show", **{"r.when.is": "age_years"})).text, path)
    fields = typed(form, "show", **{"r.when.age_years.lower": "65", "r.when.is": "all"})
    form = form_to(pages.sent("ann", path, fields).text, path)
    assert form.value("r.when.all.0.age_years.lower") == "65"
    form = form_to(pages.sent("ann", path, typed(form, "add:when.all")).text, path)
    form = form_to(pages.sent("ann", path, typed(form, "show", **{"r.when.all.1.is": "not"})).text, path)
    form = form_to(pages.sent("ann", path, typed(form, "show", **{"r.when.all.1.not.is": "dialysis"})).text, path)
    fields = typed(form, "save", **{"r.when.all.1.not.dialysis": "true", "reason": WHY})
    assert pages.sent("ann", path, fields).status_code == 303
    assert record_in(pages, draft, *QUINOLONES)["when"] == {
        "all": [{"age_years": {"at_least": "65"}}, {"not": {"dialysis": True}}]
    }
    form = pages.form("ann", path)
    fields = typed(form_to(pages.sent("ann", path, typed(form, "drop:when")).text, path), "save", reason=WHY)
    assert pages.sent("ann", path, fields).status_code == 303
    assert "when" not in record_in(pages, draft, *QUINOLONES)


def test_a_new_record_gets_an_identifier_once(pages: PageClient, draft: str) -> None:
    path = f"/admin/drafts/{draft}/new/substances/form"
    form = pages.form("ann", path)
    assert form.value("r.last_reviewed_on") is not None
    fields = typed(form, "save", r__name="Magnesium Aspartate (hydrate)", reason=WHY, **{"r.routes.+": "oral"})
    response = pages.sent("ann", path, fields)
    made = address(draft, "substances", "magnesium-aspartate-hydrate")
    assert response.headers["location"] == f"{made}?saved=true"
    assert record_in(pages, draft, "substances", "magnesium-aspartate-hydrate")["routes"] == ["oral"]
    # Made once, it is told and cannot be changed: what is sent for it is not looked at.
    form = pages.form("ann", made)
    assert form.value("r.id") == "magnesium-aspartate-hydrate"
    fields = typed(form, "save", r__id="another-one", r__name="Magnesium aspartate", reason=WHY)
    assert pages.sent("ann", made, fields).status_code == 303
    assert record_in(pages, draft, "substances", "magnesium-aspartate-hydrate")["name"] == "Magnesium aspartate"


def test_a_new_record_never_takes_the_place_of_one_that_is_there(pages: PageClient, draft: str) -> None:
    path = f"/admin/drafts/{draft}/new/substances/form"
    fields = typed(
        pages.form("ann", path), "save", r__id="furosemide", r__name="Something", reason=WHY, **{"r.routes.+": "oral"}
    )
    response = pages.sent("ann", path, fields)
    assert response.status_code == 422
    assert said(response.text, "id") == "There is a substance of this identifier already: furosemide."
    assert record_in(pages, draft, "substances", "furosemide")["name"] == "furosemide"


def test_yaml_is_the_same_record_read_by_the_same_rules(pages: PageClient, draft: str) -> None:
    form_path, path = address(draft, *QUINOLONES), address(draft, *QUINOLONES, "yaml")
    text = pages.form("ann", path).value("text") or ""
    assert text.startswith("id: fluoroquinolones-with-oral-magnesium\n")
    # From the form with what was typed there, and back with what was typed as YAML.
    page = pages.sent("ann", form_path, typed(pages.form("ann", form_path), "yaml", r__severity="minor")).text
    form = form_to(page, path)
    assert "\nseverity: minor\n" in (form.value("text") or "")
    fields = typed(form, "form", text=(form.value("text") or "").replace("onset: rapid", "onset: delayed"))
    form = form_to(pages.sent("ann", path, fields).text, form_path)
    assert (form.value("r.severity"), form.value("r.onset")) == ("minor", "delayed")
    # A slip is told with its line, and the text stays.
    slip = text.replace("severity: major", "severty: major")
    response = pages.sent("ann", path, typed(pages.form("ann", path), "save", text=slip, reason=WHY))
    assert response.status_code == 422
    line = slip.splitlines().index("severty: major") + 1
    assert f"Line {line}: " in response.text
    assert form_to(response.text, path).value("text") == slip
    good = text.replace("severity: major", "severity: moderate")
    assert pages.sent("ann", path, typed(pages.form("ann", path), "save", text=good, reason=WHY)).status_code == 303
    assert record_in(pages, draft, *QUINOLONES)["severity"] == "moderate"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "- id: a\n- id: b\n",
        "id: another-one\nname: furosemide\nlast_reviewed_on: 2026-11-01\nroutes: [oral]\n",
        "id: &anchor furosemide\n",
        "id: furosemide\nid: furosemide\n",
        (
            "- id: furosemide\n  name: furosemide\n  last_reviewed_on: 2026-11-01\n  routes: [oral]\n"
            "- id: b\n  name: another\n  last_reviewed_on: 2026-11-01\n  routes: [oral]\n"
        ),
    ],
)
def test_yaml_that_is_not_this_one_record_is_refused(pages: PageClient, draft: str, text: str) -> None:
    path = address(draft, "substances", "furosemide", "yaml")
    before = record_in(pages, draft, "substances", "furosemide")
    response = pages.sent("ann", path, typed(pages.form("ann", path), "save", text=text, reason=WHY))
    assert response.status_code == 422
    assert "to mend in the text" in response.text
    assert record_in(pages, draft, "substances", "furosemide") == before


def test_two_people_at_one_record_do_not_write_over_each_other(pages: PageClient, draft: str) -> None:
    path = address(draft, *QUINOLONES)
    hers, his = pages.form("ann", path), pages.form("bea", path)
    assert pages.sent("ann", path, typed(hers, "save", r__onset="delayed", reason=WHY)).status_code == 303
    response = pages.sent("bea", path, typed(his, "save", r__severity="minor", reason=WHY))
    assert response.status_code == 412
    assert "This very record was changed meanwhile." in response.text
    assert record_in(pages, draft, *QUINOLONES)["onset"] == "delayed"
    again = form_to(response.text, path)
    assert (again.value("r.severity"), again.value("r.onset")) == ("minor", "rapid")
    assert pages.sent("bea", path, typed(again, "save")).status_code == 303  # now knowing it


def test_a_change_elsewhere_in_the_draft_is_told_as_what_it_is(pages: PageClient, draft: str) -> None:
    path, other = address(draft, *QUINOLONES), address(draft, "substances", "furosemide")
    hers, his = pages.form("ann", path), pages.form("bea", other)
    assert pages.sent("ann", path, typed(hers, "save", r__onset="delayed", reason=WHY)).status_code == 303
    response = pages.sent("bea", other, typed(his, "save", r__name="frusemide", reason=WHY))
    assert response.status_code == 412
    assert "Saving again loses nothing of anybody." in response.text
    assert pages.sent("bea", other, typed(form_to(response.text, other), "save")).status_code == 303


@pytest.mark.parametrize("who", ["rex", "eve", "pia", None])
def test_who_may_not_write_sees_no_form(pages: PageClient, draft: str, who: str | None) -> None:
    response = pages.open(who, address(draft, *QUINOLONES))
    assert response.status_code == (303 if who is None else 403)


def test_what_is_not_there_is_not_found(pages: PageClient, draft: str) -> None:
    assert pages.open("ann", address(draft, "substances", "no-such-one")).status_code == 404
    assert pages.open("ann", address(draft, "no_such_kind", "furosemide")).status_code == 404
    assert pages.open("ann", f"/admin/drafts/{draft}/new/no_such_kind/form").status_code == 404
    assert pages.open("ann", "/admin/new/no_such_kind").status_code == 404
    assert pages.open("ann", "/admin/records/substances/no-such-one/change").status_code == 404
    assert pages.open("ann", f"/admin/drafts/{draft}/type-ahead/no_such_kind").status_code == 404


def test_a_draft_that_is_done_with_is_not_written_in(pages: PageClient, draft: str) -> None:
    entry = pages.post(
        f"/v1/drafts/{draft}/discard",
        json={"reason": "for a test"},
        headers={
            "authorization": f"Bearer {pages.tokens['ann']}",
            "idempotency-key": f"discard-{draft}",
            "if-match": '"1"',
        },
    )
    assert entry.status_code == 200, entry.text
    response = pages.open("ann", address(draft, *QUINOLONES))
    assert response.status_code == 409
    assert "cannot be changed" in response.text


def test_type_ahead_offers_by_every_name(pages: PageClient, draft: str) -> None:
    def offered(kind: str, text: str) -> list[str]:
        page = pages.open("ann", f"/admin/drafts/{draft}/type-ahead/{kind}?text={text}").text
        return re.findall(r'data-id="([^"]+)"', page)

    assert offered("substances", "Cipro") == ["ciprofloxacin"]  # its id and its brand
    assert offered("substances", "oxide%20magn") == ["magnesium-oxide"]
    assert offered("classes", "a") != []
    assert offered("substances", "zzz") == []
    path = f"/admin/drafts/{draft}/new/substances/form"
    fields = typed(pages.form("ann", path), "save", r__name="cinoxacin", reason=WHY, **{"r.routes.+": "oral"})
    assert pages.sent("ann", path, fields).status_code == 303
    assert offered("substances", "ci") == ["cinoxacin", "ciprofloxacin"]  # what is new in the draft as well


def test_the_ways_to_a_form(pages: PageClient, draft: str) -> None:
    record = "/admin/records/interactions/fluoroquinolones-with-oral-magnesium"
    assert f'href="{record}/change"' in pages.open("ann", record).text
    assert f'href="{record}/change"' not in pages.open("eve", record).text
    page = pages.open("ann", f"{record}/change").text
    assert f'href="{address(draft, *QUINOLONES)}"' in page
    made = pages.done("ann", f"{record}/change", title="Another draft", reason=WHY)
    assert re.fullmatch(rf"/admin/drafts/[0-9a-f-]{{36}}/records/{'/'.join(QUINOLONES)}/form", made)
    assert pages.open("ann", made).status_code == 200
    assert 'href="/admin/new/cases"' in pages.open("ann", "/admin/new").text
    inside = f"/admin/drafts/{draft}/new"
    assert f'href="{inside}"' in pages.open("ann", f"/admin/drafts/{draft}").text
    assert f'href="{inside}/cases/form"' in pages.open("ann", inside).text
    made = pages.done("ann", "/admin/new/cases", title="A case", reason=WHY)
    assert pages.open("ann", made).status_code == 200
    assert pages.open("ann", made.replace("/form", "/yaml")).status_code == 200


def test_what_no_button_says_changes_nothing(pages: PageClient, draft: str) -> None:
    path = address(draft, *QUINOLONES)
    form = pages.form("ann", path)
    for do in (
        "add:",
        "add:nothing",
        "add:title",
        "remove:factors.7",
        "remove:title.0",
        "up:evidence.citations.0",
        "down:evidence.citations.x",
        "give:title",
        "drop:evidence",
        "give:evidence.citations.0",
        "explode:when",
        "",
    ):
        again = form_to(pages.sent("ann", path, typed(form, do)).text, path)
        own = [pair for pair in form.fields if pair[0].startswith("r.")]
        assert [pair for pair in again.fields if pair[0].startswith("r.")] == own, do


def test_the_document_that_is_saved_is_the_one_of_the_model(pages: PageClient, draft: str) -> None:
    document = record_in(pages, draft, *QUINOLONES)
    assert Interaction.model_validate_json(json.dumps(document)).id == QUINOLONES[1]
