"""The `magcheck` command: check lists, look after the knowledge and the database, start the service.

Commands only read arguments, call and print. What a command needs is imported inside it, so that `magcheck check` waits
for no web framework and `magcheck serve` leaves nothing of the command line behind.
"""

from typing import Annotated

import typer

from service.cli import access, audit, backup, check, database, decisions, knowledge, rule_sets, rxnorm, serve
from service.cli.exits import EXIT_CODES, CommandGroup

app = typer.Typer(
    name="magcheck",
    cls=CommandGroup,
    help="Checks a medication list for what it has to do with magnesium, with cited explanations.\n" + EXIT_CODES,
    no_args_is_help=True,
    add_completion=False,
    # Typer's own tracebacks print local variables, and those may hold what was asked about a patient.
    pretty_exceptions_enable=False,
)


@app.callback()
def options(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=lambda value: _show_version(value=value), is_eager=True)
    ] = False,
) -> None:
    """Options before a command."""


def _show_version(*, value: bool) -> None:
    if value:
        from importlib.metadata import version

        typer.echo(version("magcheck"))
        raise typer.Exit


app.command()(check.check)
app.command()(check.resolve)
app.add_typer(knowledge.app, name="knowledge")
app.command()(serve.serve)
app.command()(serve.openapi)
app.add_typer(database.app, name="db")
app.command()(rxnorm.import_rxnorm)
app.add_typer(rule_sets.app, name="rule-sets")
app.command()(rule_sets.self_test)
app.add_typer(audit.app, name="audit")
app.add_typer(decisions.app, name="decisions")
app.command()(backup.backup)
app.command()(backup.restore)
app.add_typer(access.app, name="access")


def main() -> None:
    """Run the command."""
    app()
