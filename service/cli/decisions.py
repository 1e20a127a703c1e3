"""`magcheck decisions`: replay past answers and look whether they still come out the same; let go of old ones."""

from datetime import datetime
from typing import Annotated

import typer

from service.cli.database import read_settings
from service.cli.exits import Exit, complain

app = typer.Typer(help="Decisions that were logged: replay, purge.", no_args_is_help=True)

_SHOWN = 20


@app.command()
def replay(
    *,
    since: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"], help="Only from then on (UTC).")
    ] = None,
    sample: Annotated[
        int | None, typer.Option(min=1, max=1_000_000, help="Only so many, spread over all; the same each time.")
    ] = None,
) -> None:
    """Answer questions that were kept once more and compare the bytes; those of questions not kept are left out.

    Each is answered from the rule set and terminology of its time. Differences are listed, and the exit code is 1.
    """
    settings = read_settings()
    from datetime import UTC

    from service.api.rendering import Renderer
    from service.application.decisions import ENGINE_VERSION
    from service.application.replays import Replay, replay_all
    from service.storage.session import Store

    moment = None if since is None else since.replace(tzinfo=UTC)
    replayed = different = 0
    others: dict[str, int] = {}
    with Store.open(settings.database_url.get_secret_value()) as store:
        # The renderer keeps pieces of the rule sets it has seen; there are only a few of these.
        for one in replay_all(store, Renderer().render, since=moment, sample=sample):
            replayed += 1
            decision, fault = (one.decision, None) if isinstance(one, Replay) else one
            if decision.engine_version != ENGINE_VERSION:
                others[decision.engine_version] = others.get(decision.engine_version, 0) + 1
            if isinstance(one, Replay) and one.identical:
                continue
            different += 1
            if different <= _SHOWN:
                why = "the bytes differ" if fault is None else str(fault)
                typer.echo(f"{decision.id}  rule set {decision.rule_set_number}  {decision.engine_version}  {why}")
    for version, number in sorted(others.items()):
        typer.echo(f"{number} of them were answered by version {version}; this is {ENGINE_VERSION}.")
    if different:
        complain(f"{different} of {replayed} answers come out differently")
        raise typer.Exit(Exit.WRONG_INPUT)
    typer.echo(f"{replayed} answers replayed, each byte for byte as it was.")


@app.command()
def purge(
    *,
    days: Annotated[
        int | None,
        typer.Option(min=1, max=36500, help="Keep so many days; else MAGCHECK_DECISION_DAYS, six years."),
    ] = None,
) -> None:
    """Delete decisions and feedback whose time is over. The service does it by itself once a day."""
    settings = read_settings()
    from datetime import timedelta

    from service.application.decisions import utc_now
    from service.application.retention import purge
    from service.storage.session import Store

    now = utc_now()
    before = now - timedelta(days=days or settings.decision_days)
    with Store.open(settings.database_url.get_secret_value()) as store:
        gone = purge(store, before, now=now, author="magcheck decisions purge")
    typer.echo(
        f"Gone: {gone.decisions} decisions and {gone.feedback} entries of feedback, from before {before:%Y-%m-%d}."
    )
