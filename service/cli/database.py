"""`magcheck db`: bring the database to the newest schema, publish the baseline, look whether all is well."""

from typing import TYPE_CHECKING, Annotated

import typer

from service.cli.exits import Exit, complain
from service.settings import Settings, unknown_variables

if TYPE_CHECKING:
    from service.application.rule_sets import Publication
    from service.storage.session import Store

app = typer.Typer(help="Look after the database: upgrade, check.", no_args_is_help=True)


@app.command()
def upgrade(
    *,
    publish_baseline: Annotated[
        bool,
        typer.Option(
            "--publish-baseline",
            help="Also publish the packaged knowledge as the next rule set if it differs from all published ones.",
        ),
    ] = False,
) -> None:
    """Bring the database to the newest schema; a database without rule sets gets the packaged knowledge as rule set 1.

    Safe to run at every start and by several processes at once.
    """
    settings = read_settings()
    url = settings.database_url.get_secret_value()
    from service.storage import migration
    from service.storage.session import Store

    migration.upgrade(url)
    typer.echo(f"The schema is at {migration.head_revision()}.")
    with Store.open(url) as store:
        publication = _publish(store, every_new=publish_baseline)
        what = "was published and answers now" if publication.created else "is published"
        typer.echo(f"Rule set {publication.number} {what} (digest {publication.digest}).")


@app.command()
def check() -> None:
    """Look whether the schema is the newest, every stored rule set is what was published, and one can answer."""
    settings = read_settings()
    from service.application.rule_sets import restore, verify_stored
    from service.errors import NoRuleSet
    from service.storage import rule_sets
    from service.storage.session import Store

    with Store.open(settings.database_url.get_secret_value()) as store:
        store.ping()
        with store.reading() as session:
            summaries = rule_sets.summaries(session)
            for summary in summaries:
                row = rule_sets.by_number(session, summary.number)
                if row is not None:
                    verify_stored(row)
            active = rule_sets.active(session)
    if active is None:
        raise NoRuleSet("no rule set is published; run `magcheck db upgrade`")
    restore(active)
    for summary in summaries:
        mark = "*" if summary.number == active.number else " "
        typer.echo(f"{mark} {summary.number:>4}  {summary.digest}  {summary.created_at:%Y-%m-%d %H:%M}  {summary.note}")
    typer.echo(f"{len(summaries)} rule set(s), all as published; {active.number} answers.")


def read_settings() -> Settings:
    """Read the settings, and warn of variables that look like settings and are none."""
    settings = Settings.from_environment()
    for name in unknown_variables():
        typer.secho(f"warning: {name} is no setting of magcheck and is ignored", err=True, fg="yellow")
    return settings


def _publish(store: "Store", *, every_new: bool) -> "Publication":
    from importlib.metadata import version

    from service.application.active import utc_now
    from service.application.rule_sets import publish_baseline as publish_next
    from service.application.rule_sets import published_already, seed_baseline

    if not every_new and (found := published_already(store)) is not None:
        return found  # the usual start: nothing to read, nothing to compile
    from rules.baseline import read_baseline

    baseline = read_baseline()
    if (found := published_already(store, baseline.rule_set)) is not None:
        return found
    from rules.compiled import compile_rule_set
    from rules.verify import verify

    failures = verify(compile_rule_set(baseline.rule_set, places=baseline.places)).failures
    if failures:
        complain(f"{len(failures)} worked cases do not hold, so nothing is published; see `magcheck knowledge verify`")
        raise typer.Exit(Exit.SET_UP)
    publish = publish_next if every_new else seed_baseline
    return publish(
        store, baseline.rule_set, now=utc_now(), note=f"Knowledge packaged with magcheck {version('magcheck')}"
    )
