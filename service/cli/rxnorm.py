"""`magcheck import-rxnorm`: put a release of RxNorm into the database, so that codes of products are recognised."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from service.cli.database import read_settings
from service.cli.exits import Exit, complain

if TYPE_CHECKING:
    from service.application.rxnorm import Progress

_LONGEST_VERSION = 100


def import_rxnorm(
    file: Annotated[Path, typer.Argument(metavar="FILE.zip", help="A release of RxNorm as published (RRF in a zip).")],
    *,
    release: Annotated[
        str | None,
        typer.Option(help="Name of the release, where the name of the file holds no date such as 10062025."),
    ] = None,
) -> None:
    """Import a release of RxNorm; running services use it within seconds.

    The "Current Prescribable Content" is free and needs no licence. All or nothing: an import that fails or is killed
    leaves the terminology that is in use. Importing the same content again changes nothing.
    """
    from rules.errors import ReleaseInvalid
    from service.application.active import utc_now
    from service.application.rxnorm import read_release
    from service.application.terminologies import keep_terminology
    from service.storage.session import Store

    settings = read_settings()
    version = _version(file, release)
    with Store.open(settings.database_url.get_secret_value()) as store:
        store.ping()  # before the work of reading
        try:
            with _progress() as progress:
                read = read_release(file, progress)
        except ReleaseInvalid as error:
            complain(f"{file.name} was not imported, and nothing has changed.\n{error}")
            raise typer.Exit(Exit.WRONG_INPUT) from None
        kept = keep_terminology(store, read.block, version=version, note=f"Read from {file.name}"[:2000], now=utc_now())
    if read.skipped_ndc:
        typer.secho(f"warning: {read.skipped_ndc} package codes were left out: they are no NDC", err=True, fg="yellow")
    if kept.created:
        typer.echo(f"{kept.version} was imported as terminology {kept.number} and is in use (digest {kept.digest}).")
    elif kept.activated:
        typer.echo(
            f"This content was imported before, as terminology {kept.number} ({kept.version}); it is in use again."
        )
    else:
        typer.echo(f"Nothing has changed: this content is in use as terminology {kept.number} ({kept.version}).")


def _version(file: Path, release: str | None) -> str:
    from service.application.rxnorm import release_date

    if release is not None:
        if not release.strip() or len(release) > _LONGEST_VERSION or not release.isprintable():
            complain(f"--release has 1 to {_LONGEST_VERSION} printable characters")
            raise typer.Exit(Exit.USAGE)
        return release.strip()
    day = release_date(file.name)
    if day is None:
        complain(f"the name {file.name} holds no date of a release; name it with --release, for example 2025-10-06")
        raise typer.Exit(Exit.USAGE)
    return f"RxNorm prescribable {day}" if "prescribe" in file.name.lower() else f"RxNorm {day}"


@contextmanager
def _progress() -> "Iterator[Progress]":
    """A bar on standard error, where that is a terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    columns = (TextColumn("Reading"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"), TimeElapsedColumn())
    with Progress(*columns, console=console, disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task("", total=None)
        yield lambda done, whole: bar.update(task, completed=done, total=whole)
