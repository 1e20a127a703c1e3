"""`magcheck audit`: does the audit trail still stand as it was written, what is in it, and how far it goes."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from service.cli.database import read_settings
from service.cli.exits import Exit, complain

if TYPE_CHECKING:
    from service.application.checkpoint import Checkpoint
    from service.settings import Settings

app = typer.Typer(help="Look at the audit trail: verify, show, export, note how far it goes.", no_args_is_help=True)


@app.command()
def verify(
    *,
    anchor: Annotated[
        str | None,
        typer.Option(help="A hash noted earlier, which has to be in the trail still: finds what was cut off its end."),
    ] = None,
    checkpoint: Annotated[
        Path | None,
        typer.Option(
            exists=True, dir_okay=False, help="A checkpoint kept elsewhere, instead of the one in the folder."
        ),
    ] = None,
) -> None:
    """Follow the chain from the first entry to the last and name the first one that is not as it was written.

    The checkpoint that the service keeps in its data folder, or another, shows whether entries were cut off the end.
    """
    settings = read_settings()
    from service.application.checkpoint import compare
    from service.errors import CheckpointRefused
    from service.storage.session import Store

    try:
        noted, remark = _noted(settings, checkpoint)
    except CheckpointRefused as error:
        complain(str(error))
        raise typer.Exit(Exit.WRONG_INPUT) from error
    with Store.open(settings.database_url.get_secret_value()) as store:
        found = compare(store, noted, anchor=anchor)
    trail = found.trail
    if trail.bad is not None:
        complain(f"entry {trail.bad} of the audit trail is not as it was written: {trail.why}")
        raise typer.Exit(Exit.WRONG_INPUT)
    if found.missing is not None:
        complain(f"the audit trail is not as it was noted: {found.missing}")
        raise typer.Exit(Exit.WRONG_INPUT)
    if trail.anchored is False:
        complain(f"no entry of the audit trail has the hash {anchor}: entries were cut off, or the hash is another's")
        raise typer.Exit(Exit.WRONG_INPUT)
    entries = "1 entry," if trail.entries == 1 else f"{trail.entries} entries, each"
    typer.echo(f"{entries} as it was written. Note the last hash elsewhere: {trail.last_hash}")
    typer.echo(remark)


def _noted(settings: "Settings", file: Path | None) -> "tuple[Checkpoint | None, str]":
    """The checkpoint to compare with, and what to tell about it.

    Raises:
        CheckpointRefused: it is none, or not of this installation.
    """
    from service.application.checkpoint import CHECKPOINT_FILE, read_checkpoint, require_own
    from service.application.keyring import keyring_at_hand

    checkpoint = read_checkpoint(file or settings.data_dir / CHECKPOINT_FILE)
    if checkpoint is None:
        return None, "No checkpoint was compared: there is none yet, `magcheck audit checkpoint` makes one."
    keyring = keyring_at_hand(settings)
    remark = f"The checkpoint of {checkpoint.noted_at} is in it (entry {checkpoint.sequence})"
    if keyring is None:
        return checkpoint, f"{remark}; its signature was not verified, because MAGCHECK_SECRET_KEY is not set."
    require_own(checkpoint, keyring)
    return checkpoint, f"{remark}."


@app.command()
def checkpoint(
    *,
    replace: Annotated[
        bool,
        typer.Option("--replace", help="Take the trail as it is now, as after the restoration of a back-up."),
    ] = False,
) -> None:
    """Note in the data folder how far the trail goes, signed, and print it as one line to be kept elsewhere too."""
    settings = read_settings()
    from service.application.active import utc_now
    from service.application.checkpoint import CHECKPOINT_FILE, renew
    from service.application.keyring import keyring_of
    from service.errors import AuditTrailBroken, CheckpointRefused
    from service.storage.session import Store

    file = settings.data_dir / CHECKPOINT_FILE
    with Store.open(settings.database_url.get_secret_value()) as store:
        try:
            noted = renew(store, file, keyring_of(settings), now=utc_now(), replace=replace)
        except (AuditTrailBroken, CheckpointRefused) as error:
            complain(f"the checkpoint was left as it is: {error}")
            raise typer.Exit(Exit.WRONG_INPUT) from error
    typer.echo(noted.line().decode(), nl=False)


@app.command()
def export(
    file: Annotated[Path, typer.Argument(metavar="FILE", dir_okay=False, help="Lines of JSON, one for each entry.")],
    *,
    force: Annotated[bool, typer.Option("--force", help="Replace the file if it is there.")] = False,
) -> None:
    """Write the whole trail into a file that can be verified without this program: `deploy/verify_audit.py FILE`."""
    settings = read_settings()
    from service.application.backup import export_trail
    from service.storage.session import Store

    with Store.open(settings.database_url.get_secret_value(), patient=True) as store:
        entries = export_trail(store, file, replace=force)
    typer.echo(f"{entries} entries are in {file}.")


@app.command()
def show(
    *, most: Annotated[int, typer.Option(min=1, max=1000, help="How many entries, the newest first.")] = 20
) -> None:
    """Show the newest entries: who did what to what, when and why."""
    settings = read_settings()
    from service.storage import audit
    from service.storage.session import Store

    with Store.open(settings.database_url.get_secret_value()) as store, store.reading() as session:
        for row in audit.newest(session, most):
            typer.echo(f"{row.sequence:>6}  {row.at:%Y-%m-%d %H:%M:%S}  {row.person}  {row.action}  {row.subject}")
            typer.echo(f"        {row.reason}")
            typer.echo(f"        before {row.before or '-'}")
            typer.echo(f"        after  {row.after or '-'}")
