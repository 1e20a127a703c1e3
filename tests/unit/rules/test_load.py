"""The strict loader: every fault with file, line and pointer, all of them at once, and no surprise of YAML 1.1."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from textwrap import dedent, indent

import pytest

from rules.errors import KnowledgeError, Problem
from rules.load import FOLDERS, Knowledge, read_folder, read_texts

FILE = "substances/furosemide.yaml"
RECORD = """\
id: furosemide
last_reviewed_on: 2026-11-22
name: furosemide
routes: [oral]
"""


def read(text: str, file: str = FILE) -> Knowledge:
    """Read one file."""
    return read_texts({file: text})


def problems(text: str, file: str = FILE) -> list[Problem]:
    """The faults of one file."""
    with pytest.raises(KnowledgeError) as raised:
        read(text, file)
    return list(raised.value.problems)


def only(text: str, file: str = FILE) -> Problem:
    """The one fault of one file."""
    found = problems(text, file)
    assert len(found) == 1, found
    return found[0]


def family(*records: str) -> str:
    """A family file of records."""
    return "".join("- " + indent(record, "  ")[2:] for record in records)


def test_one_record() -> None:
    knowledge = read(RECORD)
    assert [record.name for record in knowledge.rule_set.substances] == ["furosemide"]
    assert knowledge.places == {("substances", "furosemide"): (FILE, 1)}


def test_no_files_at_all() -> None:
    assert read_texts({}).rule_set.substances == ()


def test_every_folder_has_a_field_of_the_rule_set() -> None:
    assert {field for field, _ in FOLDERS.values()} == set(type(read_texts({}).rule_set).model_fields) - {
        "schema_version"
    }


class TestScalars:
    """Plain text stays text unless it is an integer, true, false or null in every version of YAML."""

    def test_yaml_1_1_surprises_stay_text(self) -> None:
        record = read(RECORD + "synonyms: [no, yes, on, off, 12:30, 010, 0x1F, 1e3, 0o17, 1_000, .inf]\n")
        assert record.rule_set.substances[0].synonyms == (
            "no",
            "yes",
            "on",
            "off",
            "12:30",
            "010",
            "0x1F",
            "1e3",
            "0o17",
            "1_000",
            ".inf",
        )

    def test_norway_keeps_its_name(self) -> None:
        assert read(RECORD.replace("name: furosemide", "name: no")).rule_set.substances[0].name == "no"

    @pytest.mark.parametrize("value", ["4603", "true", "false", "-1"])
    def test_a_number_or_boolean_is_no_text(self, value: str) -> None:
        """A code without quotes loses leading zeros elsewhere, so it is refused here."""
        assert only(RECORD + f"brands: [{value}]\n").code == "string-type"

    @pytest.mark.parametrize("value", ['"4603"', "'4603'", "'true'", '"no"', "'null'"])
    def test_quoted_is_text(self, value: str) -> None:
        assert read(RECORD + f"brands: [{value}]\n").rule_set.substances[0].brands == (value.strip("'\""),)

    def test_block_text_is_text(self) -> None:
        record = read(RECORD + "code_note: |\n  123\n")
        assert record.rule_set.substances[0].code_note == "123"

    @pytest.mark.parametrize("value", ["", " null"])
    def test_nothing_and_null_are_no_value(self, value: str) -> None:
        assert read(RECORD + f"salt_form:{value}\n").rule_set.substances[0].salt_form is None

    def test_decimals_are_exact(self) -> None:
        """0.1 as a binary fraction would be a little more than 0.1."""
        limit = """\
            id: upper
            last_reviewed_on: 2026-11-22
            name: upper
            body: A body
            mg_per_day: 250.1
            age_years: {at_least: 4, below: 18}
            text: A sentence.
            citations: [{citation: source}]
            """
        record = read(dedent(limit), "intake_limits/upper.yaml").rule_set.intake_limits[0]
        assert record.mg_per_day == Decimal("250.1")
        assert record.age_years is not None
        assert record.age_years.at_least == 4

    def test_a_boolean_is_no_number(self) -> None:
        limit = """\
            id: upper
            last_reviewed_on: 2026-11-22
            name: upper
            body: A body
            mg_per_day: true
            text: A sentence.
            citations: [{citation: source}]
            """
        problem = only(dedent(limit), "intake_limits/upper.yaml")
        assert (problem.line, problem.pointer) == (5, "/mg_per_day")

    @pytest.mark.parametrize("value", ["no", "off", "0", "'false'", "False"])
    def test_what_is_not_true_or_false_is_no_flag(self, value: str) -> None:
        text = f"id: rule\nwhen: {{dialysis: {value}}}\n"
        found = {problem.pointer: problem for problem in problems(text, "interactions/rule.yaml")}
        assert (found["/when/dialysis"].line, found["/when/dialysis"].code) == (2, "bool-type")

    @pytest.mark.parametrize("value", ["2", "02", "'2'", "2.0", "true"])
    def test_what_is_no_integer_is_no_count(self, value: str) -> None:
        text = f"id: rule\nwhen: {{risk_count: {{classes: [a], at_least: {value}}}}}\n"
        found = {problem.pointer: problem for problem in problems(text, "interactions/rule.yaml")}
        assert ("/when/risk_count/at_least" in found) is (value != "2")

    def test_byte_order_mark_and_windows_lines(self) -> None:
        assert read("\ufeff" + RECORD.replace("\n", "\r\n")).rule_set.substances[0].routes == ("oral",)


class TestKeys:
    """Keys are known, plain and given once."""

    def test_duplicate_key(self) -> None:
        problem = only(RECORD + "name: frusemide\n")
        assert (problem.line, problem.pointer, problem.code) == (5, "/name", "duplicate-key")
        assert "'name' stands twice" in problem.detail

    def test_duplicate_key_deep_inside(self) -> None:
        problem = only(RECORD + "codes:\n  atc: []\n  atc: []\n")
        assert (problem.line, problem.pointer) == (7, "/codes/atc")

    def test_unknown_key_is_named_with_the_allowed_ones(self) -> None:
        problem = only(RECORD + "colour: white\n")
        assert (problem.line, problem.pointer) == (5, "/colour")
        assert problem.detail == (
            "unknown key 'colour'; allowed: id, status, last_reviewed_on, note, name, synonyms, brands, codes, "
            "routes, atc_routes, salt_form, code_note"
        )

    def test_unknown_key_inside_names_the_keys_allowed_there(self) -> None:
        problem = only(RECORD + "codes:\n  rxnom: ['4603']\n")
        assert (problem.line, problem.pointer) == (6, "/codes/rxnom")
        assert problem.detail == "unknown key 'rxnom'; allowed: rxnorm, atc, unii"

    def test_merge_key_is_an_unknown_key(self) -> None:
        assert only(RECORD + "<<: {status: active}\n").detail.startswith("unknown key '<<'")

    def test_pointer_escapes(self) -> None:
        assert only(RECORD + "a/b~c: 1\n").pointer == "/a~1b~0c"

    def test_key_that_is_no_text(self) -> None:
        problem = only(RECORD + "? [one]\n: two\n")
        assert (problem.line, problem.code) == (5, "key")

    def test_number_as_key_is_read_as_text(self) -> None:
        assert only(RECORD + "1: one\n").pointer == "/1"

    def test_unknown_key_in_an_expression_in_a_list(self) -> None:
        """Lists, optional parts and the alias of `not` are followed to the place."""
        text = """\
            id: rule
            when:
              any:
                - egfr: {below: 30, blow: 4}
                - not: {dialisys: true}
            """
        found = {problem.pointer: problem for problem in problems(dedent(text), "interactions/rule.yaml")}
        bounds = found["/when/any/0/egfr/blow"]
        assert (bounds.line, bounds.detail) == (4, "unknown key 'blow'; allowed: below, at_most, above, at_least")
        expression = found["/when/any/1/not/dialisys"]
        assert expression.line == 5
        assert expression.detail.startswith("unknown key 'dialisys'; allowed: all, any, not, egfr, dialysis,")


class TestYaml:
    """What YAML can do and a knowledge file may not."""

    def test_anchor(self) -> None:
        problem = only(RECORD + "synonyms: &names [frusemide]\n")
        assert (problem.line, problem.code) == (5, "anchor")

    def test_alias(self) -> None:
        assert only(RECORD + "synonyms: *names\n").code == "anchor"

    def test_anchor_of_a_scalar(self) -> None:
        assert only(RECORD.replace("name: furosemide", "name: &n furosemide")).line == 3

    @pytest.mark.parametrize("value", ["!!str 12", "!!python/object/apply:os.system [ls]", "!own x"])
    def test_tag(self, value: str) -> None:
        problem = only(RECORD + f"code_note: {value}\n")
        assert (problem.line, problem.code) == (5, "tag")

    def test_several_documents(self) -> None:
        problem = only(RECORD + "---\n" + RECORD)
        assert (problem.line, problem.code) == (1, "documents")
        assert "this file has 2" in problem.detail

    @pytest.mark.parametrize("text", ["", "# only a comment\n"])
    def test_nothing_in_the_file(self, text: str) -> None:
        assert "this file has 0" in only(text).detail

    @pytest.mark.parametrize("text", ["just text\n", "12\n", "null\n", "[]\n", "{}\n"])
    def test_no_record_in_the_file(self, text: str) -> None:
        problem = only(text)
        assert (problem.line, problem.code) == (1, "record")

    def test_broken_syntax_names_the_line(self) -> None:
        problem = only(RECORD + "synonyms: [frusemide\nbrands: []\n")
        assert (problem.line, problem.code) == (6, "yaml")
        assert problem.detail.startswith("not readable as YAML: ")

    def test_tab_as_indentation(self) -> None:
        assert only(RECORD + "codes:\n\tatc: []\n").code == "yaml"

    def test_character_that_yaml_does_not_allow(self) -> None:
        """The line is right although the letters before it take more than one byte."""
        problem = only("# größer\n" + RECORD + "code_note: a\x07b\n")
        assert (problem.line, problem.code) == (6, "yaml")

    @pytest.mark.parametrize("depth", [41, 3000])
    def test_too_deep(self, depth: int) -> None:
        problem = only(RECORD + f"synonyms: {'[' * depth}{']' * depth}\n")
        assert (problem.line, problem.code) == (5, "too-deep")


class TestRecords:
    """One record with the id of its file, or a small family."""

    def test_id_must_be_the_file_name(self) -> None:
        problem = only(RECORD.replace("id: furosemide", "id: frusemide"))
        assert (problem.line, problem.pointer, problem.code) == (1, "/id", "id")
        assert "'furosemide'" in problem.detail

    def test_folders_inside_a_folder_do_not_matter(self) -> None:
        assert read(RECORD, "substances/diuretics/furosemide.yaml").rule_set.substances

    def test_family_has_any_file_name(self) -> None:
        other = RECORD.replace("furosemide", "bumetanide")
        knowledge = read(family(RECORD, other), "substances/loop.yaml")
        assert [record.id for record in knowledge.rule_set.substances] == ["bumetanide", "furosemide"]
        assert knowledge.places["substances", "furosemide"] == ("substances/loop.yaml", 1)
        assert knowledge.places["substances", "bumetanide"] == ("substances/loop.yaml", 5)

    def test_fault_in_a_family_points_into_its_member(self) -> None:
        other = RECORD.replace("furosemide", "bumetanide").replace("[oral]", "[mouth]")
        problem = only(family(RECORD, other), "substances/loop.yaml")
        assert (problem.line, problem.pointer, problem.code) == (8, "/1/routes/0", "enum")

    def test_id_twice_in_one_family(self) -> None:
        problem = only(family(RECORD, RECORD), "substances/loop.yaml")
        assert (problem.line, problem.code) == (5, "duplicate-id")
        assert "substances/loop.yaml:1" in problem.detail

    def test_id_twice_in_two_files(self) -> None:
        with pytest.raises(KnowledgeError) as raised:
            read_texts({FILE: RECORD, "substances/loop.yaml": family(RECORD)})
        assert [problem.code for problem in raised.value.problems] == ["duplicate-id"]
        assert raised.value.problems[0].file == "substances/loop.yaml"

    def test_same_id_of_another_kind_is_fine(self) -> None:
        condition = """\
            id: furosemide
            last_reviewed_on: 2026-11-22
            name: allergy to furosemide
            magnesium_effect: none
            text: A sentence.
            evidence: {grade: C, citations: [{citation: source}]}
            """
        knowledge = read_texts({FILE: RECORD, "conditions/furosemide.yaml": dedent(condition)})
        assert len(knowledge.places) == 2

    @pytest.mark.parametrize("file", ["things/furosemide.yaml", "furosemide.yaml"])
    def test_unknown_folder_is_named_with_the_allowed_ones(self, file: str) -> None:
        problem = only(RECORD, file)
        assert (problem.file, problem.line, problem.code) == (file, 0, "folder")
        assert problem.detail.endswith(
            "allowed: administrations, assessments, attributions, cases, citations, classes, conditions, forms, "
            "guidance, intake_limits, interactions, monitoring_schedules, products, recommended_intakes, "
            "reference_ranges, substances, supplement_targets, symptoms"
        )

    def test_missing_key_points_to_the_record(self) -> None:
        problem = only("# first\nid: furosemide\nlast_reviewed_on: 2026-11-22\nname: furosemide\n")
        assert (problem.line, problem.pointer, problem.code) == (2, "/routes", "missing")

    def test_wrong_value_points_to_its_line(self) -> None:
        problem = only(RECORD.replace("[oral]", "\n  - oral\n  - mouth"))
        assert (problem.line, problem.pointer) == (6, "/routes/1")
        assert "'oral'" in problem.detail

    def test_wrong_key_of_a_pair_points_to_the_pair(self) -> None:
        problem = only(RECORD + "atc_routes:\n  furosemide: [oral]\n")
        assert (problem.line, problem.pointer) == (6, "/atc_routes/furosemide")

    def test_list_with_wrong_items_is_not_called_too_short(self) -> None:
        """Only the cause is told; a list that really is too short is."""
        assert only(RECORD.replace("[oral]", "[mouth]")).pointer == "/routes/0"
        assert only(RECORD.replace("[oral]", "[]")).code == "too-short"

    def test_own_checks_of_a_record_come_in_their_own_words(self) -> None:
        problem = only(RECORD + "atc_routes: {C03CA01: [oral]}\n")
        assert problem.detail == "atc_routes names C03CA01, which is not among codes.atc"
        assert (problem.line, problem.pointer) == (1, "")

    def test_formula_is_checked_while_reading(self) -> None:
        text = """\
            id: oxide
            last_reviewed_on: 2026-11-22
            name: oxide
            hydrates:
              - {name: oxide, formula: CaO}
            """
        found = {problem.pointer: problem for problem in problems(dedent(text), "forms/oxide.yaml")}
        formula = found["/hydrates/0/formula"]
        assert formula.line == 5
        assert "no atomic mass for the element Ca" in formula.detail


class TestQuestionInACase:
    """A case holds a question exactly as a caller would send it, with the strict types of the API."""

    CASE = """\
        id: one
        last_reviewed_on: 2026-11-22
        kind: whole_list
        title: A title
        rationale: A reason.
        citations: [{citation: source}]
        profile:
          medications:
            - {id: m1, text: furosemide, dose: {value: 40, unit: mg}}
            - {id: m2, txt: furosemide}
          patient: {age_years: 71.5, dialysis: no}
        expect: {states: {m1: recognized}}
        """

    def test_numbers_must_be_text_and_keys_known(self) -> None:
        found = {problem.pointer: problem for problem in problems(dedent(self.CASE), "cases/one.yaml")}
        assert found["/profile/medications/0/dose/value"].line == 9
        assert found["/profile/medications/0/dose/value"].code == "string-type"
        assert found["/profile/medications/1/txt"].detail.startswith("unknown key 'txt'; allowed: id, text, codes,")
        assert found["/profile/patient/age_years"].code == "int-type"
        assert found["/profile/patient/dialysis"].code == "bool-type"
        assert found["/expect/states/m1"].line == 12
        assert "'recognised'" in found["/expect/states/m1"].detail

    def test_dates_are_read(self) -> None:
        text = dedent(self.CASE).replace("value: 40,", "value: '40',").replace("txt:", "text:")
        text = text.replace("patient: {age_years: 71.5, dialysis: no}", "as_of: 2026-11-22").replace("zed", "sed")
        case = read(text, "cases/one.yaml").rule_set.cases[0]
        assert case.profile.as_of is not None
        assert case.profile.as_of.isoformat() == "2026-11-22"


class TestAllAtOnce:
    """An author sees everything that is wrong in one run."""

    def test_faults_of_all_files_sorted_by_place(self) -> None:
        with pytest.raises(KnowledgeError) as raised:
            read_texts(
                {
                    "symptoms/z.yaml": "text",
                    FILE: RECORD + "colour: white\nname: x\n",
                    "substances/bumetanide.yaml": RECORD.replace("[oral]", "[mouth]") + "colour: red\n",
                    "cases/a.yaml": "a: &x 1",
                }
            )
        assert [(problem.file, problem.line, problem.code) for problem in raised.value.problems] == [
            ("cases/a.yaml", 1, "anchor"),
            ("substances/bumetanide.yaml", 4, "enum"),
            ("substances/bumetanide.yaml", 5, "extra-forbidden"),
            ("substances/furosemide.yaml", 6, "duplicate-key"),
            ("symptoms/z.yaml", 1, "record"),
        ]
        assert "substances/furosemide.yaml:6: /name: the key 'name' stands twice [duplicate-key]" in str(raised.value)


class TestReadFolder:
    """Reading from disk."""

    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        (tmp_path / "substances").mkdir()
        (tmp_path / FILE).write_text(RECORD, encoding="utf-8")
        (tmp_path / "README.md").write_text("Other files are left alone.", encoding="utf-8")
        return tmp_path

    def test_yaml_files_below_the_folder(self, folder: Path) -> None:
        assert read_folder(folder).places == {("substances", "furosemide"): (FILE, 1)}

    def test_file_that_is_not_utf_8_comes_with_all_other_faults(self, folder: Path) -> None:
        (folder / "substances" / "latin.yaml").write_bytes(RECORD.encode() + b"code_note: gr\xfc\xdfe\n")
        (folder / "substances" / "other.yaml").write_text(RECORD, encoding="utf-8")
        with pytest.raises(KnowledgeError) as raised:
            read_folder(folder)
        assert [(problem.file, problem.line, problem.code) for problem in raised.value.problems] == [
            ("substances/latin.yaml", 5, "encoding"),
            ("substances/other.yaml", 1, "duplicate-id"),
            ("substances/other.yaml", 1, "id"),
        ]

    def test_utf_16_is_refused(self, folder: Path) -> None:
        (folder / FILE).write_bytes(RECORD.encode("utf-16"))
        with pytest.raises(KnowledgeError, match="not UTF-8: byte 0"):
            read_folder(folder)

    def test_empty_folder_is_an_empty_rule_set(self, tmp_path: Path) -> None:
        assert read_folder(tmp_path).rule_set.interactions == ()
