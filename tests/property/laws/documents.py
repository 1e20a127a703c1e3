"""Laws about documents: what is accepted can be answered, and what the schema does not allow is refused (I17)."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from rules import KnowledgeError, MedicationProfile, RuleSet, compile_rule_set
from rules.canonical import canonical_json
from rules.load import read_texts
from rules.report import CheckReport
from tests.property.laws import Law, as_bytes, ask, compiled
from tests.strategies import (
    Choices,
    Json,
    Shape,
    World,
    draw_question,
    draw_rule_set,
    typed_lines,
)

_REPORT: TypeAdapter[CheckReport] = TypeAdapter(CheckReport)


# --- what is accepted -------------------------------------------------------------------------------------------------


@st.composite
def _anything_valid(draw: st.DrawFn) -> World:
    choose = Choices(draw)
    body = draw_question(choose)
    return World(
        draw_rule_set(choose, Shape(wild=True)),
        {**body, "medications": [*body["medications"], *draw(typed_lines())]},
    )


def what_is_accepted_is_answered(world: World) -> None:
    """I17: a rule set that compiles answers every valid question, in the shape of the contract and nothing besides."""
    try:
        report = ask(compiled(world.rule_set), world.body, explain=True)
    except Exception as error:
        raise AssertionError("a valid question about a valid rule set has no answer") from error
    sent = json.loads(as_bytes(report))
    assert _REPORT.dump_python(_REPORT.validate_json(as_bytes(report)), mode="json") == sent, "not the contract's shape"


I17 = Law(_anything_valid(), what_is_accepted_is_answered)


# --- what is refused --------------------------------------------------------------------------------------------------

Path = tuple[str | int, ...]
_SAMPLE = Shape(depth=2)
# Keys that refer to other records; see rules.references.
_REFERENCES = frozenset(
    {"classes", "includes", "substance", "substances", "except_substances", "members", "exclusions", "salt_form"}
    | {"conditions", "symptoms", "citation"}
)
_FREE = frozenset({"atc_routes"})  # its keys are codes


def paths(node: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:  # noqa: ANN401 - any JSON value
    """Every place in a document."""
    yield path, node
    if isinstance(node, dict):
        for key, value in node.items():
            yield from paths(value, (*path, key))
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from paths(value, (*path, index))


def put(document: Any, path: Path, value: Any) -> Any:  # noqa: ANN401
    """The document with another value in one place."""
    changed = copy.deepcopy(document)
    node = changed
    for step in path[:-1]:
        node = node[step]
    node[path[-1]] = value
    return changed


def _damages(path: Path, node: Any) -> list[Any]:  # noqa: ANN401
    """Values that the schema never allows in this place."""
    if isinstance(node, dict):
        return [] if path and path[-1] in _FREE else [{**node, "surprise": 1}, [node], "text"]
    if isinstance(node, list):
        return [{"surprise": 1}, "text", 7]
    if isinstance(node, bool):
        return ["yes", "true", 1, 0, {}]
    if isinstance(node, int):
        return [True, str(node), node + 0.5, [node], -1]
    return [True, {"surprise": 1}, [node]]


@dataclass(frozen=True)
class Damaged:
    """A document with one thing wrong, and what that is."""

    document: Json = field(repr=False)
    damage: str


@st.composite
def _damaged_rule_sets(draw: st.DrawFn) -> Damaged:
    choose = Choices(draw)
    document = json.loads(canonical_json(draw_rule_set(choose, _SAMPLE)))
    places = [(path, node) for path, node in paths(document) if path and "schema_version" not in path]
    path, node = places[draw(st.integers(0, len(places) - 1))]
    choose.fresh()
    if isinstance(node, str) and (path[-1] in _REFERENCES or path[-2] in _REFERENCES) and choose.chance(2):
        return Damaged(put(document, path, "no-such-record"), f"a reference to nothing at {path}")
    damages = _damages(path, node)
    if not damages:
        return Damaged(put(document, ("surprise",), 1), "an unknown key")
    damage = choose.one(damages)
    return Damaged(put(document, path, damage), f"{damage!r} at {path}")


def what_the_schema_does_not_allow_is_refused(case: Damaged) -> None:
    """I17: unknown keys, wrong types and references to nothing are refused, never dropped, guessed or coerced."""
    try:
        rule_set = RuleSet.model_validate_json(json.dumps(case.document))
        compile_rule_set(rule_set)
    except (ValidationError, KnowledgeError):
        return
    except Exception as error:
        raise AssertionError(f"not refused but broken: {case.damage}") from error
    raise AssertionError(f"accepted: {case.damage}")


I17_RULES = Law(_damaged_rule_sets(), what_the_schema_does_not_allow_is_refused)


@st.composite
def _damaged_questions(draw: st.DrawFn) -> Damaged:
    choose = Choices(draw)
    body = draw_question(choose)
    places = list(paths(body))
    path, node = places[draw(st.integers(0, len(places) - 1))]
    choose.fresh()
    as_number = [float(node)] if isinstance(node, str) and node.replace(".", "").isdigit() else []
    damage = choose.one([*_damages(path, node), *as_number])
    if not path:
        return Damaged({**body, "surprise": 1}, "an unknown key")
    return Damaged(put(body, path, damage), f"{damage!r} at {path}")


def a_question_outside_the_schema_is_refused(case: Damaged) -> None:
    """I17: a slip of a client is an error and never a wrong answer: numbers are numbers, text is text."""
    try:
        MedicationProfile.model_validate_json(json.dumps(case.document))
    except ValidationError:
        return
    raise AssertionError(f"accepted: {case.damage} in {case.document}")


I17_QUESTIONS = Law(_damaged_questions(), a_question_outside_the_schema_is_refused)


# --- the loader -------------------------------------------------------------------------------------------------------

_PIECES = st.sampled_from(
    (
        "id: alvorin\n",
        "id: other\n",
        "last_reviewed_on: 2026-11-22\n",
        "name: alvorin\n",
        "name: no\n",
        "name: 12:30\n",
        "routes: [oral]\n",
        "routes: oral\n",
        "routes: [oral, sideways]\n",
        "synonyms: [one, two]\n",
        "codes: {rxnorm: ['1']}\n",
        "codes: {rxnorm: [1]}\n",
        "surprise: 1\n",
        "- id: alvorin\n",
        "  name: alvorin\n",
        "? [a]\n: b\n",
        "&anchor a: *anchor\n",
        "!!python/object:os.system {}\n",
        "---\n",
        "\t- x\n",
        "{[\n",
        "'\n",
        "# a comment\n",
        "\x00",
        "\u2028",
        "[" * 60 + "\n",
    )
)
_RECORD = "id: alvorin\nlast_reviewed_on: 2026-11-22\nname: alvorin\nroutes: [oral]\n"
_TEXTS = st.one_of(
    st.text(max_size=60),
    st.lists(_PIECES, max_size=8).map("".join),
    st.lists(_PIECES, max_size=2).map(lambda pieces: _RECORD + "".join(pieces)),
)


def _read(text: str) -> RuleSet | KnowledgeError:
    try:
        return read_texts({"substances/alvorin.yaml": text}).rule_set
    except KnowledgeError as error:
        return error


def a_file_is_read_or_refused_with_its_place(text: str) -> None:
    """I17: whatever a file holds, reading it gives records or faults that name the file, and nothing else happens."""
    read = _read(text)
    if isinstance(read, KnowledgeError):
        assert read.problems
        assert all(problem.file == "substances/alvorin.yaml" for problem in read.problems)
        assert all(problem.detail and problem.code for problem in read.problems)
        return
    compile_rule_set(read)
    for record in read.substances:
        # Every word of the file that was taken in is in the record: no key was dropped on the way.
        written = {line.split(":")[0].strip("- ") for line in text.splitlines() if ":" in line and "#" not in line}
        assert written <= set(type(record).model_fields) | {""}, f"{written} became {record}"


I17_FILES = Law(_TEXTS, a_file_is_read_or_refused_with_its_place)
