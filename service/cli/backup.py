"""`magcheck backup` and `magcheck restore`: everything that is stored, as one file, for operators."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from service.cli.database import read_settings
from service.cli.exits import Exit, complain

if TYPE_CHECKING:
    from service.application.backup import Manifest

File = Annotated[Path, typer.Argument(metavar="FILE", dir_okay=False, help="The back-up, a zip archive.")]


def backup(
    file: File, *, force: Annotated[bool, typer.Option("--force", help="Replace the file if it is there.")] = False
) -> None:
    """Write all that is stored into one file, as it is at one moment; the service may go on meanwhile.

    The same file serves SQLite and PostgreSQL. It holds what the database holds, password hashes among it, and is
    readable by its owner only: keep it as you keep the database.
    """
    settings = read_settings()
    from service.application.active import utc_now
    from service.application.backup import back_up
    from service.application.keyring import keyring_at_hand
    from service.storage.session import Store

    with Store.open(settings.database_url.get_secret_value(), patient=True) as store:
        manifest = back_up(store, file, keyring=keyring_at_hand(settings), now=utc_now(), replace=force)
    typer.echo(f"{_said(manifest)} are in {file} ({file.stat().st_size:,} bytes).")


def restore(
    file: File,
    *,
    unsigned: Annotated[
        bool,
        typer.Option("--unsigned", help="Also take a back-up without a signature of the secret key that is set here."),
    ] = False,
) -> None:
    """Restore a back-up into an empty database, of whichever kind; makes the tables first.

    Every digest is compared before anything is written. All of it is restored, or nothing.
    """
    settings = read_settings()
    url = settings.database_url.get_secret_value()
    from service.application.backup import opened, restore_archive
    from service.application.keyring import keyring_at_hand
    from service.errors import BackupRefused, FileRefused, RuleSetDamaged
    from service.storage import migration
    from service.storage.session import Store

    try:
        with opened(file, keyring=keyring_at_hand(settings), unsigned=unsigned) as archive:
            migration.upgrade(url)
            with Store.open(url, patient=True) as store:
                restore_archive(store, archive)
    except (BackupRefused, FileRefused, RuleSetDamaged) as error:
        complain(f"{file} was not restored: {error}")
        raise typer.Exit(Exit.WRONG_INPUT) from error
    unknown = "" if archive.signed else " Nothing shows who wrote it: it bore no signature of the secret key set here."
    typer.echo(f"{_said(archive.manifest)} were restored, as backed up at {archive.manifest.made_at}.{unknown}")
    typer.echo("See whether all is well with `magcheck db check` and `magcheck self-test`.")


def _said(manifest: "Manifest") -> str:
    entries = f"entries of the audit trail: {manifest.audit_entries:,}"
    return f"{manifest.rows:,} rows of {len(manifest.parts)} tables ({entries})"
