"""Records written as YAML: the one way there is, and nothing lost on the way back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import yaml

from rules.canonical import digest
from rules.dump import WIDTH, family_text, record_text
from rules.load import FOLDERS, read_texts
from tests import factories as make

if TYPE_CHECKING:
    from rules.documents import Record

FOLDER_OF = {kind: folder for folder, (_, kind) in FOLDERS.items()}


def back(record: Record) -> Record:
    """The record, written and read again."""
    folder = FOLDER_OF[type(record)]
    found = read_texts({f"{folder}/{record.id}.yaml": record_text(record)}).rule_set
    (read,) = getattr(found, FOLDERS[folder][0])
    assert isinstance(read, type(record))
    return read


def page(text: str) -> str:
    """The lines that follow `text:` in a short page with this text."""
    written = record_text(make.guidance("page", text=text))
    return written.partition("\ntext: ")[2].partition("\ncitations:")[0]


class TestRecord:
    """Which keys are written, and where."""

    def test_a_whole_interaction(self) -> None:
        record = make.interaction(
            "rule",
            title="Drug: with a colon",
            direction="magnesium_alters_drug",
            affected={"classes": ["drugs"], "routes": ["oral"]},
            precipitant={"classes": [make.MAGNESIUM]},
            when={"all": [{"not": {"egfr": {"below": "30.0"}}}, {"risk_count": {"classes": ["a"], "at_least": 2}}]},
            mechanism="It binds the drug in the gut, and what is bound is hardly taken up, as a study in twelve people"
            " of both sexes has shown.",
            effect="Less drug.",
            management={
                "action": "separate_doses",
                "text": "Consider two hours.",
                "patient_text": "Ask your pharmacist.",
                "separation": {"drug_first_hours": "2.50"},
                "monitoring": [],
            },
            evidence={"grade": "B", "citations": [{"citation": "source", "supports": "two hours, of both"}]},
        )
        assert (
            record_text(record)
            == """\
id: rule
last_reviewed_on: 2026-11-22
released_on: 2026-11-22
title: "Drug: with a colon"
direction: magnesium_alters_drug
severity: moderate
seriousness: non_serious
operational_class: monitor
onset: delayed
affected:
  classes: [drugs]
  routes: [oral]
precipitant:
  classes: [magnesium-salts]
when:
  all:
    - not: {egfr: {below: 30}}
    - risk_count:
        classes: [a]
        at_least: 2
mechanism: >-
  It binds the drug in the gut, and what is bound is hardly taken up, as a study in twelve people of both sexes has
  shown.
effect: Less drug.
management:
  action: separate_doses
  text: Consider two hours.
  patient_text: Ask your pharmacist.
  separation: {drug_first_hours: 2.5}
evidence:
  grade: B
  citations:
    - {citation: source, supports: "two hours, of both"}
"""
        )

    def test_a_family_stands_in_the_order_given(self) -> None:
        texts = family_text([make.substance("bb", routes=["oral"]), make.substance("aa", routes=["oral"])])
        assert [line for line in texts.splitlines() if "id:" in line] == ["- id: bb", "- id: aa"]
        assert texts.count("\n  last_reviewed_on: 2026-11-22\n") == 2

    def test_what_is_the_default_is_left_out_and_what_is_not_stays(self) -> None:
        """An empty list that means "none" is no default where the default is "not known"."""
        profile = {"medications": [{"id": "a", "text": "drug"}], "conditions": [], "timetable": False}
        record = make.case("case", profile=profile, expect={"no_other_findings": True, "settled": []})
        written = record_text(record)
        assert "conditions: []" in written
        assert "settled: []" in written
        assert "timetable" not in written
        assert "status" not in written

    def test_a_withdrawn_record_says_so_after_its_id(self) -> None:
        assert record_text(make.symptom("cramps", status="withdrawn")).startswith("id: cramps\nstatus: withdrawn\n")

    def test_keys_without_an_order_of_their_own_are_sorted(self) -> None:
        """A published rule set does not know in which order a file had them."""
        codes = {"atc": ["S01AA01", "A01AA01"]}
        given = {"S01AA01": ["oral"], "A01AA01": ["oral"]}
        one = make.substance("aa", routes=["oral"], codes=codes, atc_routes=given)
        other = make.substance("aa", routes=["oral"], codes=codes, atc_routes=dict(reversed(given.items())))
        assert record_text(one) == record_text(other)
        assert "atc_routes:\n  A01AA01: [oral]\n  S01AA01: [oral]\n" in record_text(one)
        assert "atc: [S01AA01, A01AA01]" in record_text(one)


class TestStyle:
    """Braces and brackets for what is small and fits, lines of their own for the rest."""

    @pytest.mark.parametrize(("letters", "lines"), [(104, 1), (105, 3)])
    def test_brackets_end_at_the_margin(self, letters: int, lines: int) -> None:
        """`synonyms: [` and `, bb]` take 16 of the 120 columns."""
        written = record_text(make.substance("aa", routes=["oral"], synonyms=["a" * letters, "bb"]))
        found = written.partition("\nsynonyms:")[2].partition("\nroutes")[0]
        assert found.count("\n") + 1 == lines
        assert max(map(len, written.splitlines())) <= WIDTH

    def test_a_longer_text_stands_on_a_line_of_its_own(self) -> None:
        words, more = ("x " * 30).strip(), "x " * 30 + "xx"
        record = make.interaction("rule", conditions=["a"], management=make.management(monitoring=[words]))
        assert f"monitoring: [{words}]" in record_text(record)
        record = make.interaction("rule", conditions=["a"], management=make.management(monitoring=[more]))
        assert f"monitoring:\n    - {more}\n" in record_text(record)
        citations = [{"citation": "source", "supports": more}]
        assert f"\n  - citation: source\n    supports: {more}\n" in record_text(make.symptom("aa", citations=citations))

    def test_a_list_in_braces_only_as_an_item(self) -> None:
        written = record_text(make.substance("aa", routes=["oral"], codes={"rxnorm": ["1"]}))
        assert 'codes:\n  rxnorm: ["1"]\n' in written
        findings = [
            {"interaction": "rule", "medications": ["a", "b"]},
            {"interaction": "r" * 80, "medications": ["a" * 30]},
        ]
        profile = {"medications": [{"id": "a", "text": "drug"}]}
        written = record_text(make.case("case", profile=profile, expect={"findings": findings}))
        assert "    - {interaction: rule, medications: [a, b]}\n" in written
        assert f"    - interaction: {'r' * 80}\n      medications: [{'a' * 30}]\n" in written


class TestText:
    """Quotation marks, folding and escapes."""

    @pytest.mark.parametrize(
        ("text", "written"),
        [
            ("a plain text", "a plain text"),
            ("(in parentheses)", "(in parentheses)"),
            ("Ärzte, 43 % of them; 2 a day?", "Ärzte, 43 % of them; 2 a day?"),
            ("10:30 or so, https://example.org", "10:30 or so, https://example.org"),
            ("key: value", '"key: value"'),
            ("ends with:", '"ends with:"'),
            ("a #comment", '"a #comment"'),
            ("- no list", '"- no list"'),
            ("*no alias", '"*no alias"'),
            ("'quoted'", "\"'quoted'\""),
            ('"quoted"', "'\"quoted\"'"),
            ("\\ and it's", "'\\ and it''s'"),
            ("12:30", '"12:30"'),
            ("010", '"010"'),
            ("1e5", '"1e5"'),
            ("0x1F", '"0x1F"'),
            ("2026-11-22", '"2026-11-22"'),
            ("2026-11-22 10:00:00", '"2026-11-22 10:00:00"'),
            ("Yes", '"Yes"'),
            ("null", '"null"'),
            ("a\u00a0b", '"a\\u00a0b"'),
            ("a\u202eb\tc", '"a\\u202eb\\tc"'),
            ('a\x85"\\', '"a\\u0085\\"\\\\"'),
            ("a\U000e0001b", '"a\\U000e0001b"'),
        ],
    )
    def test_as_it_is_or_quoted(self, text: str, written: str) -> None:
        assert page(text) == written
        assert back(make.guidance("page", text=text)) == make.guidance("page", text=text)

    def test_as_part_of_a_list_more_is_quoted(self) -> None:
        names = ["a, b", "a: b", "a [b]", "mL/min", "a:b"]
        record = make.substance("aa", routes=["oral"], synonyms=names)
        assert 'synonyms: ["a, b", "a: b", "a [b]", mL/min, "a:b"]' in record_text(record)
        assert back(record) == record

    def test_a_long_text_is_folded_before_the_margin(self) -> None:
        text = "word " * 22 + 'worded #1: "quoted"'
        assert page(text) == f'>-\n  {"word " * 22}worded\n  #1: "quoted"'
        text = "word " * 23 + "wor: word"
        assert page(text) == f">-\n  {'word ' * 23}\n  wor: word".replace(" \n", "\n")

    def test_a_text_that_cannot_be_folded_stays_on_its_line(self) -> None:
        address = "https://example.org/" + "a" * 200
        assert f"\nurl: {address}\n" in record_text(make.citation("page", url=address))
        spaces = "wide  " * 40 + "wide"
        assert page(spaces) == spaces

    def test_two_spaces_are_no_place_to_break(self) -> None:
        text = "a " * 57 + "b  c d"
        assert page(text) == f">-\n  {'a ' * 57}b  c\n  d"
        assert back(make.guidance("page", text=text)) == make.guidance("page", text=text)

    def test_paragraphs(self) -> None:
        assert page("one line\nnext line\n\nparagraph") == ">-\n  one line\n\n  next line\n\n\n  paragraph"
        assert page("one line\n next") == '"one line\\n next"'
        assert page("one line \nnext") == '"one line \\nnext"'
        assert page("one line\n\n\nnext") == '"one line\\n\\n\\nnext"'
        assert page("one\nnext") == '"one\\nnext"'

    @pytest.mark.parametrize("key", ["1", "true", "a b: c", "", "{", "x\ny"])
    def test_a_key_is_text_whatever_it_looks_like(self, key: str) -> None:
        profile = {"medications": [{"id": "a", "text": "drug"}]}
        record = make.case("case", profile=profile, expect={"states": {key: "unrecognised"}})
        assert back(record) == record


class TestNumbers:
    """What is a number for the model is written as one; text that looks like a number is quoted."""

    def test_limits_have_one_spelling(self) -> None:
        for spelling, written in (("1E+2", "100"), ("0.50", "0.5"), ("250", "250")):
            assert f"mg_per_day: {written}\n" in record_text(make.intake_limit(mg_per_day=spelling))

    def test_a_negative_zero_is_not_lost(self) -> None:
        record = make.intake_limit(age_years={"at_least": "-0"})
        assert digest(back(record)) == digest(record)

    def test_values_of_a_profile_stay_text(self) -> None:
        patient: dict[str, Any] = {"age_years": 60, "egfr": {"value": "38", "unit": "mL/min"}, "dialysis": False}
        record = make.case("case", profile={"medications": [{"id": "1", "text": "400"}], "patient": patient})
        written = record_text(record)
        assert 'patient: {age_years: 60, egfr: {value: "38", unit: mL/min}, dialysis: false}' in written
        assert '- {id: "1", text: "400"}' in written
        assert back(record) == record

    def test_a_value_that_is_not_the_default_is_written_even_when_it_is_none(self) -> None:
        """No record holds one today; one that did would otherwise come back as the default."""
        record = make.product("pair", "aa").model_copy(update={"routes": None})
        assert yaml.safe_load(record_text(record))["routes"] is None
