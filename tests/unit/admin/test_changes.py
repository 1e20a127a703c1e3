"""How a difference is told: each kind of field, in the words a pharmacist would use."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from rules.model import RECORD_TYPES, RuleSet
from service.admin.changes import Comparison, headline, reworded
from service.admin.draft_pages import Titles
from service.admin.reading import Reader
from service.admin.text_difference import lines_of
from tests import factories as make

RECORDS = make.rule_set(
    make.substance("ciprofloxacin"),
    make.substance("moxifloxacin"),
    make.substance("magnesium-oxide"),
    make.medication_class("fluoroquinolones", "ciprofloxacin", "moxifloxacin"),
    make.medication_class(make.MAGNESIUM, "magnesium-oxide"),
    make.citation("another-label"),
    make.interaction(
        "quinolones",
        severity="moderate",
        direction="magnesium_alters_drug",
        affected=make.party("fluoroquinolones", routes=["oral"]),
        precipitant=make.party(make.MAGNESIUM),
        effect="Less of the antibiotic reaches the blood, so the infection may be treated too weakly.",
        when={"egfr": {"below": "30"}},
        management={
            "action": "separate_doses",
            "text": "Consider separating the doses.",
            "patient_text": "Please ask when to take each.",
            "separation": {"magnesium_first_hours": 6, "drug_first_hours": 2},
        },
        variants=[
            {"substances": ["moxifloxacin"], "severity": "major", "evidence": make.evidence()},
        ],
    ),
)


def told(records: RuleSet, kind: str, record_id: str, **changed: Any) -> tuple[str, dict[str, tuple[str, str]]]:  # noqa: ANN401
    """The line about a record of which some fields were changed, and both sides of each row in plain words."""
    before = next(one for one in getattr(records, kind) if one.id == record_id)
    document = json.loads(before.model_dump_json(exclude_none=True, by_alias=True))
    for path, value in changed.items():
        *way, last = path.split("__")
        part = document
        for step in way:
            part = part[int(step)] if step.isdigit() else part[step]
        if value is None:
            del part[last]
        else:
            part[last] = value
    after = RECORD_TYPES[kind].model_validate_json(json.dumps(document))
    rows = Comparison(Reader(Titles(records))).rows(before, after)
    cells = {row.label: (_plain(row.text or row.before or ""), _plain(row.text or row.after or "")) for row in rows}
    return headline(rows), cells


def _plain(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def test_alike_records_differ_in_nothing() -> None:
    assert told(RECORDS, "interactions", "quinolones") == ("", {})


@pytest.mark.parametrize(
    ("changed", "line", "row"),
    [
        ({"severity": "major"}, "Severity moderate → major", ("Severity", "Moderate", "Major")),
        (
            {"management__separation__drug_first_hours": "4"},
            "Window 2 h/6 h → 4 h/6 h",
            (
                "Window",
                "Take the drug at least 6 h after magnesium; magnesium at least 2 h after the drug.",
                "Take the drug at least 6 h after magnesium; magnesium at least 4 h after the drug.",
            ),
        ),
        (
            {"management__separation__drug_first_hours": None},
            "Window 2 h/6 h → ?/6 h",
            (
                "Window",
                "Take the drug at least 6 h after magnesium; magnesium at least 2 h after the drug.",
                "Take the drug at least 6 h after magnesium.",
            ),
        ),
        (
            {"management__separation": {"spacing_helps": False}},
            "Window 2 h/6 h → none is enough",
            (
                "Window",
                "Take the drug at least 6 h after magnesium; magnesium at least 2 h after the drug.",
                "No interval is known to be enough: spacing the doses does not help.",
            ),
        ),
        ({"when": None}, "Applies when removed", ("Applies when", "eGFR below 30 mL/min/1.73 m²", "")),
        (
            {"when__egfr__below": "45"},
            "Applies when changed",
            ("Applies when", "eGFR below 30 mL/min/1.73 m²", "eGFR below 45 mL/min/1.73 m²"),
        ),
        ({"status": "withdrawn"}, "Status active → withdrawn", ("Status", "Active", "Withdrawn")),
        (
            {"last_reviewed_on": "2026-11-20"},
            "Reviewed on 22 November 2026 → 20 November 2026",
            ("Reviewed on", "22 November 2026", "20 November 2026"),
        ),
        (
            {"variants__0__severity": "minor"},
            "Variants: moxifloxacin: severity major → minor",
            ("Variants: moxifloxacin: severity", "Major", "Minor"),
        ),
        ({"variants": []}, "Variants removed", None),
    ],
)
def test_a_difference_is_told_in_a_line_and_side_by_side(
    changed: dict[str, Any], line: str, row: tuple[str, str, str] | None
) -> None:
    found, cells = told(RECORDS, "interactions", "quinolones", **changed)
    assert found == line
    if row is not None:
        assert cells[row[0]] == row[1:]


def test_sources_come_and_go_by_their_titles() -> None:
    citations = [{"citation": "another-label", "supports": "The interval."}]
    found, cells = told(RECORDS, "interactions", "quinolones", evidence__citations=citations)
    assert found == "Source removed; source added"
    assert "The interval." in cells["Sources: added"][1]
    supports = make.references()
    supports[0]["supports"] = "Something else."
    line, _ = told(RECORDS, "interactions", "quinolones", evidence__citations=supports)
    assert "supports" in line


def test_a_long_text_shows_its_words_that_went_and_came() -> None:
    effect = "Less of this antibiotic reaches the blood, so the infection may be treated too weakly."
    line, cells = told(RECORDS, "interactions", "quinolones", effect=effect)
    assert line == "Effect reworded"
    assert cells["Effect"][0].startswith("Less of the this antibiotic")
    assert reworded("one two three", "one 2 three <b>") == (
        '<span class="reworded">one <del>two</del><ins>2</ins> three<ins> &lt;b&gt;</ins></span>'
    )


def test_members_of_a_list_are_named_one_by_one() -> None:
    line, cells = told(RECORDS, "substances", "ciprofloxacin", brands=["Ciproxin"])
    assert line == "Brands added"
    assert cells["Brands"] == ("", "Ciproxin")
    line, cells = told(RECORDS, "classes", "fluoroquinolones", members=["ciprofloxacin"])
    assert line == "Members: removed moxifloxacin"
    assert cells["Members: removed"] == ("moxifloxacin", "")
    line, _ = told(RECORDS, "classes", "fluoroquinolones", members=["moxifloxacin", "ciprofloxacin"])
    assert line == "Order of members changed"


def test_what_matters_first_stands_first_and_a_long_line_is_cut() -> None:
    line, _ = told(
        RECORDS,
        "interactions",
        "quinolones",
        title="Another title",
        mechanism="Another mechanism",
        effect="Another effect",
        onset="rapid",
        severity="major",
        management__text="Consider other words for it.",
    )
    assert line.startswith("Severity moderate → major; onset ")
    assert "management: text reworded" in line
    assert line.endswith("; 2 more")


def test_lines_of_a_text_have_their_numbers_and_a_few_around_them() -> None:
    before = "\n".join(str(number) for number in range(1, 21))
    lines = lines_of(before, before.replace("\n10\n", "\nten\n"))
    assert [(line.sign, line.text, line.before, line.after) for line in lines] == [
        ("…", "", None, None),
        (" ", "7", 7, 7),
        (" ", "8", 8, 8),
        (" ", "9", 9, 9),
        ("-", "10", 10, None),
        ("+", "ten", None, 10),
        (" ", "11", 11, 11),
        (" ", "12", 12, 12),
        (" ", "13", 13, 13),
    ]
    assert lines_of(before, before) == []
    assert [line.sign for line in lines_of("", "a\nb")] == ["+", "+"]
