"""Files written anew: nothing moves, nothing is lost, and what need not change does not."""

from __future__ import annotations

import pytest

from rules.canonical import digest
from rules.errors import KnowledgeError
from rules.filing import comment_lines, formatted, laid_out
from rules.load import read_texts
from rules.model import RuleSet
from tests import factories as make

SINGLE = "id: aa\nlast_reviewed_on: '2026-11-22'\nname: aa\nroutes: [ oral ]\n"
FAMILY = """\
- id: zz
  last_reviewed_on: 2026-11-22
  name: zz
  routes: [oral]
- {id: bb, last_reviewed_on: 2026-11-22, name: bb, routes: [oral]}
"""
FILES = {"substances/aa.yaml": SINGLE, "substances/family.yaml": FAMILY}
CANONICAL = {
    "substances/aa.yaml": "id: aa\nlast_reviewed_on: 2026-11-22\nname: aa\nroutes: [oral]\n",
    "substances/family.yaml": """\
- id: zz
  last_reviewed_on: 2026-11-22
  name: zz
  routes: [oral]
- id: bb
  last_reviewed_on: 2026-11-22
  name: bb
  routes: [oral]
""",
}


def of(*records: object) -> RuleSet:
    return RuleSet.model_validate({"substances": sorted(records, key=lambda one: str(getattr(one, "id", "")))})


def substance(record_id: str, **given: object) -> object:
    return make.substance(record_id, **given)


class TestFormatted:
    """The canonical way, file by file."""

    def test_names_order_and_families_stay(self) -> None:
        assert formatted(FILES) == CANONICAL
        assert formatted(CANONICAL) == CANONICAL
        assert digest(read_texts(CANONICAL).rule_set) == digest(read_texts(FILES).rule_set)

    def test_a_family_of_one_stays_a_family(self) -> None:
        text = "- id: aa\n  last_reviewed_on: 2026-11-22\n  name: aa\n  routes: [oral]\n"
        assert formatted({"substances/some.yaml": text}) == {"substances/some.yaml": text}

    def test_every_comment_is_refused_with_its_line(self) -> None:
        files = {"substances/aa.yaml": f"# first\n{SINGLE}", "substances/family.yaml": FAMILY + "# last\n"}
        with pytest.raises(KnowledgeError) as refused:
            formatted(files)
        assert [(one.file, one.line, one.code) for one in refused.value.problems] == [
            ("substances/aa.yaml", 1, "comment"),
            ("substances/family.yaml", 6, "comment"),
        ]
        assert "`note`" in str(refused.value)


class TestComments:
    """A `#` in a text is no comment; one anywhere else is."""

    @pytest.mark.parametrize(
        ("text", "lines"),
        [
            ("a: b", []),
            ("a: b # c", [1]),
            ("# ä\n\n  # b\na: b", [1, 3]),
            ("\ufeff# a\na: b", [1]),
            ("a: b#c\nd: '# e'\nf: \"g # h\"", []),
            ("a: >-\n  text # 1\n\n  # 2\n# 3\nb: c", [5]),
            ("a: >- # head\n  text\nb: |\n  # text\n", [1]),
            ("a: [b, # c\n  d] # e\nf:\n  # g\n  - h\n", [1, 2, 4]),
            ("a: b\n...\n# end\n", [3]),
            ("a: é # é # é\nb: >-  #", [1, 2]),
        ],
    )
    def test_where_they_stand(self, text: str, lines: list[int]) -> None:
        assert list(comment_lines(text)) == lines


class TestLaidOut:
    """A rule set over the files that are there."""

    def test_what_is_the_same_stays_byte_for_byte(self) -> None:
        """Also where it is not canonical, and where it holds comments."""
        files = {**FILES, "substances/aa.yaml": f"# a comment\n{SINGLE}"}
        layout = laid_out(read_texts(files).rule_set, files)
        assert (layout.files, layout.removed) == (files, ())

    def test_over_nothing_every_record_has_a_file_of_its_own(self) -> None:
        layout = laid_out(of(substance("bb"), substance("aa")), {})
        assert list(layout.files) == ["substances/aa.yaml", "substances/bb.yaml"]
        assert layout.files["substances/aa.yaml"] == CANONICAL["substances/aa.yaml"]

    def test_every_kind_goes_to_its_folder_and_comes_back(self) -> None:
        rules = make.rule_set(make.reference_range(), make.intake_limit(), make.medication_class("all", "aa"))
        layout = laid_out(rules, {})
        assert sorted(layout.files) == [
            "citations/source.yaml",
            "classes/all.yaml",
            "intake_limits/upper-level.yaml",
            "reference_ranges/serum-magnesium.yaml",
        ]
        assert digest(read_texts(layout.files).rule_set) == digest(rules)

    def test_a_changed_record_at_its_place_and_a_new_one_in_its_own_file(self) -> None:
        rules = of(substance("aa"), substance("bb"), substance("zz", name="other"), substance("cc"))
        layout = laid_out(rules, FILES)
        assert layout.removed == ()
        assert layout.files["substances/aa.yaml"] == SINGLE
        assert layout.files["substances/family.yaml"] == CANONICAL["substances/family.yaml"].replace(
            "name: zz", "name: other"
        )
        assert list(read_texts({"substances/cc.yaml": layout.files["substances/cc.yaml"]}).places) == [
            ("substances", "cc")
        ]
        assert len(layout.files) == 3

    def test_what_the_rule_set_does_not_have_goes_and_is_named(self) -> None:
        layout = laid_out(of(substance("bb")), FILES)
        family = CANONICAL["substances/family.yaml"]
        assert layout.files == {"substances/family.yaml": family[family.index("- id: bb") :]}
        assert layout.removed == (("substances/aa.yaml", "aa"), ("substances/family.yaml", "zz"))

    def test_a_new_record_joins_the_family_that_has_its_name(self) -> None:
        rules = of(substance("aa"), substance("bb"), substance("zz"), substance("family"))
        layout = laid_out(rules, FILES)
        written = layout.files["substances/family.yaml"]
        assert [line for line in written.splitlines() if "id:" in line] == ["- id: zz", "- id: bb", "- id: family"]
        assert digest(read_texts(layout.files).rule_set) == digest(rules)

    def test_a_comment_is_refused_where_the_file_must_change(self) -> None:
        files = {**FILES, "substances/aa.yaml": f"# a comment\n{SINGLE}"}
        with pytest.raises(KnowledgeError, match="a comment would be lost"):
            laid_out(of(substance("aa", name="other"), substance("bb"), substance("zz")), files)
        assert laid_out(of(substance("bb"), substance("zz")), files).removed == (("substances/aa.yaml", "aa"),)
