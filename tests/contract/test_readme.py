"""What the documentation says is true: its request and answer, its commands, its words, its worked example.

The texts are read as they stand. A failure names what is shown and what is real; which of the two is wrong is for a
person to say.
"""

from __future__ import annotations

import io
import json
import re
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest
import typer
import yaml
from rich.console import Console
from starlette.testclient import TestClient

import dev
from rules import CompiledRuleSet, KnowledgeError, compile_rule_set, terms
from rules.baseline import read_baseline
from rules.canonical import in_canonical_order
from rules.engine import check
from rules.lint import lint, policy, wording
from rules.load import FOLDERS, Knowledge, read_texts
from rules.model import PrescriberNote, RuleSet
from rules.profile import (
    MAXIMUM_CONDITIONS,
    MAXIMUM_MEDICATIONS,
    MAXIMUM_NAME_LENGTH,
    MAXIMUM_OBSERVATIONS,
    MAXIMUM_SYMPTOMS,
)
from rules.verify import verify
from service.api.bodies import MAXIMUM_DEPTH
from service.api.docs import router as docs_router
from service.api.edge import MAXIMUM_BODY
from service.api.examples import CHECK_REQUESTS
from service.api.pagination import MAXIMUM_LIMIT
from service.api.problems import KINDS
from service.application.active import ActiveRuleSet
from service.cli import app as command_line
from service.cli.exits import Exit
from service.cli.profile_file import read_profile
from service.cli.report_text import write_report
from service.main import create_app, openapi_app
from service.settings import PREFIX, Environment, Settings
from tests.baseline import packaged_rules

ROOT: Final = Path(dev.__file__).parent
README: Final = ROOT / "README.md"
GUIDE: Final = ROOT / "rules" / "knowledge" / "README.md"
TEXTS: Final = sorted(
    [
        *ROOT.glob("*.md"),
        *ROOT.glob("docs/*.md"),
        *ROOT.glob("rules/**/*.md"),
        *ROOT.glob("service/adr/*.md"),
        ROOT / "deploy" / "README.md",
    ]
)
LEFT_OUT: Final = "…"


def names(paths: list[Path]) -> list[str]:
    return [path.relative_to(ROOT).as_posix() for path in paths]


@cache
def compiled() -> CompiledRuleSet:
    return packaged_rules(version=1)


def in_one_line(text: str) -> str:
    return " ".join(text.split())


# --- the request and its answer ---------------------------------------------------------------------------------------


def replayed(name: str, kind: str = "json") -> str:
    """The block of the README behind the comment with this name."""
    found = re.findall(
        rf"^<!-- replayed: {name} -->\n```{kind}\n(.*?)^```$", README.read_text(), re.DOTALL | re.MULTILINE
    )
    assert len(found) == 1
    return str(found[0])


def differences(shown: Any, real: Any, pointer: str = "") -> list[str]:  # noqa: ANN401 - any JSON value
    """Where an answer differs from what is shown of it; ``…`` stands for further keys or items."""
    if isinstance(shown, dict) and isinstance(real, dict):
        keys = shown.keys() - {LEFT_OUT}
        found = [f"{pointer}/{key}: not in the answer" for key in sorted(keys - real.keys())]
        if LEFT_OUT not in shown:
            found += [f"{pointer}/{key}: left out without {LEFT_OUT}" for key in sorted(real.keys() - keys)]
        elif not real.keys() - keys:
            found.append(f"{pointer}: {LEFT_OUT} stands for nothing")
        return found + [
            difference
            for key in shown
            if key in keys & real.keys()
            for difference in differences(shown[key], real[key], f"{pointer}/{key}")
        ]
    if isinstance(shown, list) and isinstance(real, list):
        items = [item for item in shown if item != LEFT_OUT]
        if len(real) < len(items) or (len(real) == len(items)) != (LEFT_OUT not in shown):
            return [f"{pointer}: {len(items)} items are shown, the answer has {len(real)}"]
        return [
            difference
            for index, item in enumerate(items)
            for difference in differences(item, real[index], f"{pointer}/{index}")
        ]
    return [] if shown == real and type(shown) is type(real) else [f"{pointer}: shown {shown!r}, real {real!r}"]


def test_the_readme_shows_the_real_answer() -> None:
    shown = json.loads(replayed("answer"))
    app = create_app(
        Settings(environment=Environment.DEVELOPMENT), ActiveRuleSet(compiled()), make_id=lambda: str(shown["check_id"])
    )
    with TestClient(app) as client:
        response = client.post(
            "/v1/checks", content=replayed("request").encode(), headers={"content-type": "application/json"}
        )
    assert response.status_code == 200
    assert differences(shown, response.json()) == []


def test_the_command_line_takes_the_same_file() -> None:
    report = check(compiled(), read_profile(replayed("request").encode()))
    shown = json.loads(replayed("answer"))
    assert [one["interaction_id"] for one in report["findings"]] == [one["interaction_id"] for one in shown["findings"]]


def test_the_readme_shows_the_example_of_a_tuesday_and_its_day() -> None:
    assert json.loads(replayed("tuesday")) == CHECK_REQUESTS["tuesday-morning"]["value"]
    profile = read_profile(replayed("tuesday").encode())
    written = io.StringIO()
    write_report(Console(file=written, width=80), "tuesday.json", profile, check(compiled(), profile))
    assert f"\n{replayed('day', 'text')}" in written.getvalue()


@pytest.mark.parametrize(
    ("shown", "real"),
    [
        ({"a": "1"}, {"a": 1}),
        ({"a": 1}, {"a": 1, "b": 2}),
        ({"a": 1, LEFT_OUT: LEFT_OUT}, {"a": 1}),
        ({"a": 1, "b": 2}, {"a": 1}),
        ([1], [1, 2]),
        ([1, LEFT_OUT], [1]),
        ([{"a": [1, LEFT_OUT]}], [{"a": [2, 3]}]),
        (0, False),
    ],
)
def test_a_difference_is_seen(shown: object, real: object) -> None:
    assert differences(shown, real) != []


# --- commands, settings, paths, links ---------------------------------------------------------------------------------


def code_of(text: str) -> list[str]:
    """Lines of shell blocks and everything between back quotes."""
    blocks = re.findall(r"^```sh\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    prose = re.sub(r"^```.*?^```$", "", text, flags=re.DOTALL | re.MULTILINE)
    return [line for block in blocks for line in block.splitlines()] + [
        in_one_line(span) for span in re.findall(r"`([^`]+)`", prose)
    ]


@pytest.mark.parametrize("path", TEXTS, ids=names(TEXTS))
def test_tasks_exist(path: Path) -> None:
    tasks = {task for code in code_of(path.read_text()) for task in re.findall(r"\bdev\.py ([a-z]+)", code)}
    assert tasks <= dev.TASKS.keys()


def test_the_readme_starts_with_the_two_tasks() -> None:
    tasks = [task for code in code_of(README.read_text()) for task in re.findall(r"^python3 dev\.py ([a-z]+)$", code)]
    assert tasks[:2] == ["serve", "test"]


def unknown_words(words: list[str]) -> list[str]:
    """The words of a `magcheck` command line that it would not understand."""
    command: Any = typer.main.get_command(command_line)
    unknown = []
    for word in words:
        if word.startswith("--"):
            known = {option for parameter in command.params for option in parameter.opts} | {"--help"}
            unknown += [] if word in known else [word]
        elif hasattr(command, "commands"):
            if word not in command.commands:
                return [*unknown, word]
            command = command.commands[word]
    return unknown


@pytest.mark.parametrize("path", TEXTS, ids=names(TEXTS))
def test_commands_and_options_exist(path: Path) -> None:
    lines = [
        words.split()
        for code in code_of(path.read_text())
        for words in re.findall(r"(?:^|[\s/])magcheck((?: [^\s\"'<|>&;#]+)*)(?=$|[\s\"'<|>&;#])", code)
    ]
    assert [unknown for line in lines for unknown in unknown_words(line)] == []


def test_unknown_commands_and_options_are_seen() -> None:
    assert unknown_words(["check", "--json", "list.json"]) == []
    assert unknown_words(["db", "upgrade", "--publish"]) == ["--publish"]
    assert unknown_words(["knowledge", "tidy"]) == ["tidy"]


def test_settings_are_those_there_are() -> None:
    settings = {PREFIX + name.upper() for name in Settings.model_fields}
    assert set(re.findall(rf"\b{PREFIX}[A-Z_]+", README.read_text())) == settings
    for path in TEXTS:
        # The compose file reads two variables of its own.
        named = set(re.findall(rf"\b{PREFIX}[A-Z_]+", path.read_text())) - {f"{PREFIX}IMAGE"}
        assert named <= settings, path


def test_the_compose_file_passes_on_every_setting() -> None:
    settings = {PREFIX + name.upper() for name in Settings.model_fields}
    of_the_container = {f"{PREFIX}{name}" for name in ("DATA_DIR", "HOST", "PORT", "ENVIRONMENT")}
    services = yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text())["services"]
    for name in ("migrate", "magcheck"):
        given = services[name]["environment"]
        assert set(given) == settings - of_the_container
        # Without a value the variable of the machine is passed on, and none where there is none.
        assert {key for key, value in given.items() if value is not None} == {
            f"{PREFIX}DATABASE_URL",
            f"{PREFIX}SECRET_KEY",
        }


def test_paths_are_those_there_are() -> None:
    text = README.read_text()
    operations = {path for path in openapi_app().openapi()["paths"] if "{" not in path}
    unlisted = {str(getattr(route, "path", "")) for route in docs_router.routes}
    unlisted -= {"/docs/"}  # leads to the page without the slash
    named = set(re.findall(r"(?<![\w.])/(?:v1|health)/[a-z/.-]*[a-z](?=`|\b)|(?<=`)/(?:metrics|docs)(?=`)", text))
    named |= set(re.findall(r"GET (/[a-z.-]+)`", text))
    named |= set(re.findall(r"(?<=`)(?:GET |POST )?(/fhir/[A-Za-z/$-]*)(?=`)", text))
    named |= set(re.findall(r"(?<=`)(?:POST )?(/cds-services[a-z/-]*)(?=`)", text))
    named |= set(re.findall(r"(?<=`)(?:GET )?(/REST/[a-z/.]*)(?=`)", text))
    example = "/v1/interactions/fluoroquinolones-with-oral-magnesium"
    assert named - {example} == operations | unlisted
    with TestClient(create_app(Settings(environment=Environment.DEVELOPMENT), ActiveRuleSet(compiled()))) as client:
        assert client.get(example).status_code == 200


def anchors(path: Path) -> set[str]:
    titles = re.findall(r"^#+ (.+)$", path.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("path", TEXTS, ids=names(TEXTS))
def test_links_lead_somewhere(path: Path) -> None:
    for link in re.findall(r"\]\(([^)\s]+)\)", path.read_text()):
        if "://" in link:
            continue
        target, _, anchor = link.partition("#")
        to = (path.parent / target).resolve() if target else path
        assert to.exists(), link
        assert not anchor or anchor in anchors(to), link


def test_exit_codes_are_those_there_are() -> None:
    codes = re.findall(r"^\| (\d) \| ", README.read_text(), re.MULTILINE)
    assert [int(code) for code in codes] == sorted(Exit)


def test_problems_are_those_there_are() -> None:
    rows = re.findall(r"^\| (\d{3}(?:, \d{3})*) \| (.+) \|$", README.read_text(), re.MULTILINE)
    shown = {code: statuses.split(", ") for statuses, codes in rows for code in re.findall(r"`([^`]+)`", codes)}
    assert shown.keys() == set(KINDS)
    assert all(str(KINDS[code].status) in shown[code] for code in KINDS)


def test_limits_are_those_there_are() -> None:
    text = in_one_line(README.read_text())
    assert (
        f"A body has at most {MAXIMUM_BODY // 1024} KB, {MAXIMUM_MEDICATIONS} medications, "
        f"{MAXIMUM_CONDITIONS} conditions, {MAXIMUM_OBSERVATIONS} observations and {MAXIMUM_SYMPTOMS} symptoms, "
        f"a text {MAXIMUM_NAME_LENGTH} characters, nesting {MAXIMUM_DEPTH} levels; "
        f"a page has at most {MAXIMUM_LIMIT} records"
    ) in text


def test_the_glossary_has_every_word_of_the_vocabularies() -> None:
    words = set(re.findall(r"`([^`\n]+)`", (ROOT / "GLOSSARY.md").read_text()))
    missing = {
        f"{name}.{member}"
        for name, vocabulary in vars(terms).items()
        if isinstance(vocabulary, type) and issubclass(vocabulary, StrEnum)
        for member in vocabulary
        if member.value not in words
    }
    assert missing == set()


# --- the policy on severities -----------------------------------------------------------------------------------------


def table_of_policy(*heads: str) -> dict[str, tuple[str, ...]]:
    """A table of the policy: first column -> words of the last."""
    text = (GUIDE.parent / "POLICY.md").read_text()
    head = re.escape(f"| {' | '.join(heads)} |")
    found = re.findall(rf"^{head}\n\|[ |-]+\|\n((?:\|.*\|\n)+)", text, re.MULTILINE)
    assert len(found) == 1, heads
    rows = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in found[0].splitlines()]
    return {row[0].strip("`"): tuple(word.strip("` ") for word in row[-1].split(", ")) for row in rows}


def test_the_policy_shows_the_tables_that_lint_reads() -> None:
    assert table_of_policy("severity", "operational class") == policy.CLASSES_OF
    assert table_of_policy("operational class", "action") == policy.ACTIONS_OF


def test_the_policy_shows_the_lengths_that_lint_and_model_allow() -> None:
    fields = PrescriberNote.model_json_schema()["properties"]
    allowed = {place[1:].replace("/", "."): limit for place, limit in wording.LONGEST.items()}
    allowed |= {f"management.prescriber.{name}": field["maxLength"] for name, field in fields.items()}
    shown = {name: int(limit) for name, (limit,) in table_of_policy("text", "reader", "at most").items()}
    assert shown == allowed
    text = in_one_line((GUIDE.parent / "POLICY.md").read_text())
    assert f"at most {wording.MOST_SENTENCES} sentences of at most {wording.LONGEST_SENTENCE} words" in text


def test_the_guide_lists_every_code_of_lint() -> None:
    source = "".join(path.read_text() for path in (ROOT / "rules" / "lint").glob("*.py"))
    codes = set(re.findall(r'"([a-z]+(?:-[a-z]+)*)", (?:f"|detail)', source))
    table = GUIDE.read_text().partition("## What lint looks for")[2].partition("\n\n| ")[2].partition("\n\n")[0]
    listed = {code for code in re.findall(r"`([a-z-]+)`", table) if f'"{code}"' in source}
    assert len(codes) > 20
    assert codes <= listed
    assert set(re.findall(r"`([a-z]+-[a-z-]+)`", table)) <= listed


# --- the authoring guide ----------------------------------------------------------------------------------------------


def example_files() -> dict[str, str]:
    """The files of the worked example, each behind a line with its name."""
    found = re.findall(
        r"^`([a-z_]+/[a-z0-9-]+\.yaml)`\n\n```yaml\n(.*?)^```$", GUIDE.read_text(), re.DOTALL | re.MULTILINE
    )
    return {str(name): str(text) for name, text in found}


def mistakes() -> list[tuple[str, str, str, list[str]]]:
    """The mistakes the guide makes: file, line as it was and as it is then, and the messages."""
    found = re.findall(
        r"`([a-z_]+/[a-z0-9-]+\.yaml)`[^`]*\n\n```diff\n-(.*?)\n\+(.*?)\n```\n\n```text\n(.*?)```",
        GUIDE.read_text(),
        re.DOTALL,
    )
    return [
        (file, before, after, [in_one_line(message) for message in re.split(r"\n(?! )", messages.strip())])
        for file, before, after, messages in found
    ]


@cache
def baseline() -> Knowledge:
    return read_baseline()


def with_baseline(files: dict[str, str]) -> Knowledge:
    """The packaged knowledge with some more files, without reading all the others again."""
    added = read_texts(files)
    content: dict[str, Any] = {
        name: (*getattr(baseline().rule_set, name), *getattr(added.rule_set, name))
        for name in RuleSet.model_fields
        if isinstance(getattr(added.rule_set, name), tuple)
    }
    rule_set = in_canonical_order(RuleSet.model_construct(schema_version=1, **content))
    return Knowledge(rule_set, {**baseline().places, **added.places})


def messages_of(files: dict[str, str]) -> list[str]:
    """What lint says of the files beside the packaged knowledge, and where that is silent, what verify says."""
    try:
        knowledge = with_baseline(files)
    except KnowledgeError as error:
        return [str(problem) for problem in error.problems]
    problems = [str(problem) for problem in lint(knowledge)]
    if problems:
        return problems
    result = verify(compile_rule_set(knowledge.rule_set, places=knowledge.places))
    return [
        f"{file}:{line}: {failure.case_id}: {detail}"
        for failure in result.failures
        for file, line in [knowledge.places["cases", failure.case_id]]
        for detail in failure.details
    ]


def test_the_worked_example_is_complete_and_without_fault() -> None:
    files = example_files()
    assert [name.partition("/")[0] for name in files] == [
        "citations",
        "substances",
        "classes",
        "interactions",
        "cases",
        "assessments",
    ]
    assert messages_of(files) == []


def test_the_guide_makes_every_mistake_it_promises() -> None:
    """Otherwise a changed form of the text would leave the next test with nothing to look at."""
    assert len(mistakes()) == GUIDE.read_text().count("```diff") == 5


@pytest.mark.parametrize(("file", "before", "after", "messages"), mistakes())
def test_mistakes_give_the_messages_shown(file: str, before: str, after: str, messages: list[str]) -> None:
    files = example_files()
    changed = files[file].replace(f"\n{before}\n", f"\n{after}\n", 1)
    assert changed != files[file]
    assert sorted(messages_of({**files, file: changed})) == sorted(messages)


def test_the_guide_names_every_folder() -> None:
    assert {f"`{folder}/`" for folder in FOLDERS} <= set(re.findall(r"`[a-z_]+/`", GUIDE.read_text()))
