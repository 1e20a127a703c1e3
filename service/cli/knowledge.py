"""`magcheck knowledge`: is the knowledge well-formed, do its worked cases hold, what is in it, what may a file hold."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from service.cli.exits import Exit, complain

if TYPE_CHECKING:
    from rules.load import Knowledge

app = typer.Typer(help="Look after the knowledge: format, lint, verify, report, schema.", no_args_is_help=True)

KnowledgePath = Annotated[
    Path | None,
    typer.Option(
        "--path",
        metavar="FOLDER",
        exists=True,
        file_okay=False,
        help="Folder of knowledge files; without it the packaged knowledge.",
    ),
]


def read_knowledge(path: Path | None) -> "Knowledge":
    """Read the knowledge of a folder, or the packaged one.

    Raises:
        KnowledgeError: a file cannot be used; every fault of every file is named.
    """
    if path is None:
        from rules.baseline import read_baseline

        return read_baseline()
    from rules.load import read_folder

    return read_folder(path)


@app.command()
def lint(
    *,
    path: KnowledgePath = None,
    as_of: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="The day on which reviews are due; without it today."),
    ] = None,
) -> None:
    """Look for faults: broken references, missing cases, unverified claims, contradictions, wording."""
    from rules.lint import lint as lint_knowledge

    knowledge = read_knowledge(path)
    problems = lint_knowledge(knowledge, today=(as_of or datetime.now(UTC)).date())
    for problem in problems:
        typer.echo(str(problem))
    if problems:
        complain(f"{len(problems)} problem(s) in the knowledge")
        raise typer.Exit(Exit.WRONG_INPUT)
    typer.echo(f"{len(knowledge.places)} records, no problems.")


@app.command(name="format")
def format_files(
    folder: Annotated[
        Path | None,
        typer.Argument(
            metavar="FOLDER",
            exists=True,
            file_okay=False,
            help="Folder of knowledge files; without it the packaged knowledge.",
        ),
    ] = None,
    *,
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; name the files that are not as they would be written.")
    ] = False,
) -> None:
    """Write every file in the one way there is: order of keys, quotation marks, line ends. No content changes.

    Comments would be lost and are refused: what they say belongs into the `note` of a record.
    """
    from rules.baseline import FOLDER
    from rules.filing import formatted
    from service.application.knowledge_folder import FolderUnusable, read_files, replace_files

    place = folder or FOLDER
    try:
        files = read_files(place)
        texts = formatted(files)
        changed = sorted(name for name, text in texts.items() if files[name] != text)
        for name in changed:
            typer.echo(name)
        if check and changed:
            complain(f"{len(changed)} of {len(files)} files are not in the canonical form: magcheck knowledge format")
            raise typer.Exit(Exit.WRONG_INPUT)
        if not check:
            replace_files(place, files, texts)
    except FolderUnusable as error:
        complain(str(error))
        raise typer.Exit(Exit.WRONG_INPUT) from error
    written = f", {len(changed)} of them written anew" if changed else ""
    typer.echo(f"{len(files)} files in the canonical form{written}.")


@app.command()
def verify(*, path: KnowledgePath = None) -> None:
    """Run the worked cases: what the literature says should happen must happen."""
    from rules.compiled import compile_rule_set
    from rules.verify import verify as verify_cases

    knowledge = read_knowledge(path)
    result = verify_cases(compile_rule_set(knowledge.rule_set, places=knowledge.places))
    for failure in result.failures:
        file, line = knowledge.places[("cases", failure.case_id)]
        for detail in failure.details:
            typer.echo(f"{file}:{line}: {failure.case_id}: {detail}")
    if result.failures:
        complain(f"{len(result.failures)} of {result.cases} cases do not hold")
        raise typer.Exit(Exit.WRONG_INPUT)
    noise = f"{result.quiet_findings} findings on {result.quiet_cases} lists that should be quiet"
    typer.echo(f"{result.cases} cases hold; {noise}.")


@app.command()
def report(
    *,
    path: KnowledgePath = None,
    html: Annotated[
        Path | None,
        typer.Option("--html", metavar="FILE", dir_okay=False, help="Write it as one page for a browser or printer."),
    ] = None,
) -> None:
    """Count what is in the knowledge, how quiet it is, where sources disagree, and name what nothing uses."""
    from rules.compiled import compile_rule_set

    knowledge = read_knowledge(path)
    compiled = compile_rule_set(knowledge.rule_set, places=knowledge.places)
    today = datetime.now(UTC).date()
    if html is not None:
        from service.cli.knowledge_report.page import page

        try:
            html.write_text(page(compiled, today), encoding="utf-8")
        except OSError as error:
            complain(f"{html} cannot be written: {error.strerror}")
            raise typer.Exit(Exit.WRONG_INPUT) from None
        typer.echo(f"Written to {html}.")
        return
    from service.cli.knowledge_report import report_sections

    for title, lines in report_sections(compiled, today):
        typer.secho(title, bold=True)
        for line in lines:
            typer.echo(f"  {line}")


@app.command()
def schema(
    folder: Annotated[str | None, typer.Argument(help="Only the schema of this folder's files.")] = None,
) -> None:
    """Print the JSON Schemas of the knowledge files, for editors that complete and check."""
    import json

    from rules.schema import json_schemas

    schemas = json_schemas()
    if folder is not None and folder not in schemas:
        complain(f"there is no folder {folder!r}; allowed: {', '.join(schemas)}")
        raise typer.Exit(Exit.WRONG_INPUT)
    typer.echo(json.dumps(schemas if folder is None else schemas[folder], indent=2, ensure_ascii=False))
