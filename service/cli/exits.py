"""Exit codes of the command, and how errors that nobody caught become one of them.

Scripts rely on these numbers: they are documented in `magcheck --help` and never change their meaning.
"""

from enum import IntEnum
from typing import Any

import typer
from typer.core import TyperGroup

from rules.errors import KnowledgeError
from service.errors import ServiceError, SettingsInvalid


class Exit(IntEnum):
    """What an exit code says. 2 is the command line's own: a wrong option or argument."""

    OK = 0
    WRONG_INPUT = 1
    USAGE = 2
    SET_UP = 3
    SEVERITY_REACHED = 5
    INCOMPLETE = 6


# \b keeps the line breaks of a paragraph in the help.
EXIT_CODES = """
\b
Exit codes:
  0  done; for `check`: all lists were checked
  1  the input is wrong, or lint or verify found something
  2  wrong option or argument
  3  the settings or the database are not ready
  5  `check --fail-on`: a finding is, or could be, that severe
  6  `check --fail-on-incomplete`: something was not recognised
"""


class CommandGroup(TyperGroup):
    """Turns our own errors into a text on standard error and an exit code; all others are bugs and show as such."""

    def invoke(self, ctx: Any) -> Any:  # noqa: ANN401 - Typer's own context type is private
        """Run the command."""
        try:
            return super().invoke(ctx)
        except KnowledgeError as error:
            complain(str(error))
            raise typer.Exit(Exit.WRONG_INPUT) from error
        except SettingsInvalid as error:
            complain(f"The settings cannot be used.\n{error}")
            raise typer.Exit(Exit.SET_UP) from error
        except ServiceError as error:
            complain(_with_cause(error))
            raise typer.Exit(Exit.SET_UP) from error


def complain(text: str) -> None:
    """Write a message to standard error, the first line marked as an error."""
    typer.secho("error: ", nl=False, err=True, fg="red", bold=True)
    typer.echo(text, err=True)


def _with_cause(error: ServiceError) -> str:
    """The error and, in the words of the driver or the system, why: the person here runs the database."""
    if error.__cause__ is None:
        return str(error)
    reason, _, _ = str(error.__cause__).strip().partition("\n")
    return f"{error}\n({reason})"
