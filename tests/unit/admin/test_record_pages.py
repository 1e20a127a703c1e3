"""Record pages: every kind in words, hostile texts shown as they are, windows, cases, and where a record is used."""

from __future__ import annotations

import re

import pytest
from starlette.testclient import TestClient

from rules.canonical import records_of
from rules.compiled import compile_rule_set
from service.admin.reading import Reader
from service.application.record_search import Library
from tests import factories as make
from tests.baseline import packaged_rules
from tests.unit.admin.conftest import HOSTILE, rule_set

QUINOLONES = "/admin/records/interactions/fluoroquinolones-with-magnesium"


def test_an_interaction_reads_in_clinical_words(client: TestClient) -> None:
    page = client.get(QUINOLONES).text
    words = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))
    for said in (
        "Magnesium alters the drug",
        "eGFR below 30 mL/min/1.73 m²",
        "does not have kidney-disease",
        "Separate doses",
        "the drug at least 6 h after magnesium; magnesium at least 2 h after the drug",
        "the drug at least 8 h after magnesium; magnesium at least 4 h after the drug",
        "Route: oral",
    ):
        assert said in words, said
    assert "magnesium_first_hours" not in page
    assert page.count("<svg") >= 1


def test_cases_are_run_and_told_with_what_fails(client: TestClient) -> None:
    page = client.get(QUINOLONES).text
    assert "1 of 2 do not hold" in page
    assert "fluoroquinolones-with-magnesium was found and should be absent" in page


def test_a_class_is_used_where_an_interaction_names_it(client: TestClient) -> None:
    page = client.get("/admin/records/classes/fluoroquinolones").text
    assert f'href="{QUINOLONES}"' in page
    assert "No other record names it." in client.get("/admin/records/cases/quinolone-fires").text


@pytest.mark.parametrize("path", ["interactions/loop-diuretics-deplete-magnesium", "conditions/kidney-disease"])
def test_what_stands_in_a_record_is_text_and_nothing_else(client: TestClient, path: str) -> None:
    page = client.get(f"/admin/records/{path}").text
    assert "<script>marker" not in page
    assert "<img src=x" not in page
    assert "<b>deplete" not in page
    assert "{{ 7*7 }}" in page.replace("&#x27;", "'")
    assert "49" not in re.sub(r"<(head|svg)[\s\S]*?</\1>", "", page)
    assert HOSTILE.count("<") > 0


@pytest.mark.parametrize("path", ["interactions/nobody", "nothing/ciprofloxacin", "interactions/NOT-AN-ID"])
def test_what_is_not_there_is_told_as_a_page(client: TestClient, path: str) -> None:
    response = client.get(f"/admin/records/{path}")
    assert response.status_code in {404, 422}
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert response.headers["cache-control"] == "no-store"


def test_every_record_of_the_baseline_can_be_read() -> None:
    library = Library(packaged_rules())
    reader = Reader(library)
    for (kind, record_id), record in records_of(library.compiled.rule_set).items():
        written = "".join(value for _, value in reader.fields(record))
        assert written, (kind, record_id)
        # Nothing of how Python or pydantic shows its objects may reach a reader.
        assert not re.search(r"Decimal\(|datetime\.|<Severity|=None|Slug|frozenset", written), (kind, record_id)


def test_every_reference_of_a_record_leads_to_the_record_that_it_names() -> None:
    library = Library(compile_rule_set(rule_set()))
    page = dict(Reader(library).fields(library.get(("cases", "quinolone-fires")).record))  # type: ignore[union-attr]
    assert 'href="/admin/records/interactions/fluoroquinolones-with-magnesium"' in page["Interaction"]
    assert "eGFR" in page["Profile"]
    assert "None" in page["Profile"]  # the conditions: known, and none


@pytest.mark.parametrize(
    ("of", "words"),
    [
        ({}, "400 mg<"),
        ({"of": "salt"}, "400 mg (the whole salt)"),
        ({"of": "elemental"}, "400 mg (elemental magnesium)"),
    ],
)
def test_a_dose_says_what_it_counts(of: dict[str, str], words: str) -> None:
    """Of 400 mg of the oxide 241 mg are magnesium: a reviewer has to see which is meant."""
    line = make.medication("m1", "magnesium oxide", dose={"value": "400", "unit": "mg", **of})
    assert words in Reader(Library(compile_rule_set(rule_set()))).profile(make.profile(line))
