"""`magcheck audit`: does the audit trail still stand as it was written, and what is in it."""

from typing import Annotated

import typer

from service.cli.database import read_settings
from service.cli.exits import Exit, complain

app = typer.Typer(help="Look at the audit trail: verify, show.", no_args_is_help=True)


@app.command()
def verify(
    *,
    anchor: Annotated[
        str | None,
        typer.Option(help="A hash noted earlier, which has to be in the trail still: finds what was cut off its end."),
    ] = None,
) -> None:
    """Follow the chain from the first entry to the last and name the first one that is not as it was written."""
    settings = read_settings()
    from service.application.audit import verify_trail
    from service.storage.session import Store

    with Store.open(settings.database_url.get_secret_value()) as store:
        trail = verify_trail(store, anchor=anchor)
    if trail.bad is not None:
        complain(f"entry {trail.bad} of the audit trail is not as it was written: {trail.why}")
        raise typer.Exit(Exit.WRONG_INPUT)
    if trail.anchored is False:
        complain(f"no entry of the audit trail has the hash {anchor}: entries were cut off, or the hash is another's")
        raise typer.Exit(Exit.WRONG_INPUT)
    typer.echo(f"{trail.entries} entries, each as it was written. Note the last hash elsewhere: {trail.last_hash}")


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
