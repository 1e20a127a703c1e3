"""`magcheck check` and `magcheck resolve`: answers from the packaged knowledge, without a database or a network."""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rules.terms import CheckStatus, Severity
from service.cli.exits import Exit, complain
from service.cli.knowledge import KnowledgePath, read_knowledge

if TYPE_CHECKING:
    from rich.console import Console

    from rules.compiled import CompiledRuleSet
    from rules.report import CheckReport
    from service.cli.profile_file import ProfileInvalid

STANDARD_INPUT = "-"
AsJson = Annotated[
    bool, typer.Option("--json", help="One line of JSON for each answer, in the order of the arguments.")
]


def check(  # noqa: PLR0913 - each option is a parameter
    files: Annotated[
        list[str], typer.Argument(metavar="FILE...", help="Medication profiles as JSON; - is standard input.")
    ],
    *,
    as_json: AsJson = False,
    explain: Annotated[
        bool, typer.Option("--explain", help="Also show rules that touched a medication and did not apply.")
    ] = False,
    timetable: Annotated[
        bool, typer.Option("--timetable", help="Also plan the times of the day, as if the file asked for it.")
    ] = False,
    plan: Annotated[
        bool, typer.Option("--plan", help="Also say what may be done about magnesium, as if the file asked for it.")
    ] = False,
    fail_on: Annotated[
        Severity | None,
        typer.Option(help="Exit with 5 when a finding is, or depending on missing facts could be, that severe."),
    ] = None,
    fail_on_incomplete: Annotated[
        bool, typer.Option("--fail-on-incomplete", help="Exit with 6 when something was not recognised.")
    ] = False,
    path: KnowledgePath = None,
) -> None:
    """Check medication lists and report what was found, why, and what may be done.

    Nothing found does not mean that nothing can happen: the report says what was looked at.
    """
    from rules.engine import check as check_profile
    from service.cli.profile_file import ProfileInvalid, read_profile
    from service.cli.report_text import write_report

    compiled = compiled_knowledge(path)
    exits: set[Exit] = set()
    for name in files:
        try:
            profile = read_profile(_read(name))
        except ProfileInvalid as error:
            exits.add(Exit.WRONG_INPUT)
            _complain_about(name, error, as_json=as_json)
            continue
        profile = profile.model_copy(
            update={
                "as_of": profile.as_of or datetime.now(UTC).date(),  # as the service does: the question is about today
                "timetable": profile.timetable or timetable,
                "plan": profile.plan or plan,
            }
        )
        report = check_profile(compiled, profile, explain=explain)
        exits |= _reached(report, fail_on, fail_on_incomplete=fail_on_incomplete)
        if as_json:
            print_json(report)
        else:
            write_report(console(), _title(name), profile, report)
    for code in (Exit.WRONG_INPUT, Exit.SEVERITY_REACHED, Exit.INCOMPLETE):
        if code in exits:
            raise typer.Exit(code)


def resolve(
    texts: Annotated[list[str], typer.Argument(metavar="TEXT...", help="Medications as typed; quote each.")],
    *,
    as_json: AsJson = False,
    path: KnowledgePath = None,
) -> None:
    """Show what medications as typed are taken for, with candidates for what is not recognised."""
    from pydantic import ValidationError

    from rules.explanation import explained
    from rules.profile import MedicationItem
    from service.api.faults import body_faults
    from service.cli.report_text import write_resolution

    compiled = compiled_knowledge(path)
    for number, text in enumerate(texts, 1):
        try:
            item = MedicationItem(id=str(number), text=text)
        except ValidationError as error:
            [fault, *_] = body_faults(error.errors(include_input=False), MedicationItem)
            complain(f"text {number}: {fault.detail}")
            raise typer.Exit(Exit.WRONG_INPUT) from None
        medication = explained(compiled, item)
        if as_json:
            print_json(medication)
        else:
            write_resolution(console(), text, medication)


def compiled_knowledge(path: Path | None) -> "CompiledRuleSet":
    """The knowledge of a folder, or the packaged one, ready to answer.

    Raises:
        KnowledgeError: it cannot be used.
    """
    from rules.compiled import compile_rule_set

    knowledge = read_knowledge(path)
    return compile_rule_set(knowledge.rule_set, places=knowledge.places)


def console() -> "Console":
    """Standard output: in colour on a terminal, unless NO_COLOR is set."""
    from rich.console import Console

    # A terminal that cannot show a character gets its number, not a broken report.
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="backslashreplace")
    return Console(file=sys.stdout)


def print_json(document: object) -> None:
    """Write one line of JSON as UTF-8, whatever the locale: the same bytes everywhere."""
    import orjson

    typer.echo(orjson.dumps(document))


def _read(name: str) -> bytes:
    from service.cli.profile_file import InputProblem, ProfileInvalid

    if name == STANDARD_INPUT:
        return sys.stdin.buffer.read()
    try:
        return Path(name).read_bytes()
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise ProfileInvalid([InputProblem(0, 0, "", f"cannot be read: {reason}")]) from None


def _title(name: str) -> str:
    return "standard input" if name == STANDARD_INPUT else name


def _complain_about(name: str, error: "ProfileInvalid", *, as_json: bool) -> None:
    if as_json:
        problems = [
            {"line": one.line, "column": one.column, "pointer": one.pointer, "detail": one.detail}
            for one in error.problems
        ]
        print_json({"error": {"file": _title(name), "problems": problems}})
    lines = [f"{_title(name)} was not checked: {len(error.problems)} problem(s)"]
    for one in error.problems:
        place = f"{_title(name)}:{one.line}:{one.column}" if one.line else _title(name)
        lines.append(f"{place}: {one.pointer or '/'}: {one.detail}")
    complain("\n".join(lines))


def _reached(report: "CheckReport", fail_on: Severity | None, *, fail_on_incomplete: bool) -> set[Exit]:
    exits: set[Exit] = set()
    if fail_on is not None and any(
        Severity(finding["severity_ceiling"]).rank >= fail_on.rank for finding in report["findings"]
    ):
        exits.add(Exit.SEVERITY_REACHED)
    if fail_on_incomplete and report["status"] == CheckStatus.INCOMPLETE:
        exits.add(Exit.INCOMPLETE)
    return exits
