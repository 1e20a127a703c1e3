"""`magcheck db`: bring the database to the newest schema, publish the baseline, look whether all is well."""

from typing import TYPE_CHECKING, Annotated

import typer

from service.cli.exits import Exit, complain
from service.settings import Settings, unknown_variables

if TYPE_CHECKING:
    from service.application.keyring import Keyring
    from service.errors import RuleSetDamaged
    from service.storage.session import Store

# The migration that brought signatures: what an older schema holds is signed when it is brought up to date.
_SIGNED_SINCE = "0004"

app = typer.Typer(help="Look after the database: upgrade, check.", no_args_is_help=True)


@app.command()
def upgrade(
    *,
    publish_baseline: Annotated[
        bool,
        typer.Option(
            "--publish-baseline",
            help="Also let the packaged knowledge answer, published as the next rule set where it is new.",
        ),
    ] = False,
) -> None:
    """Bring the database to the newest schema; a database without rule sets gets the packaged knowledge as rule set 1.

    Safe to run at every start and by several processes at once.
    """
    settings = read_settings()
    url = settings.database_url.get_secret_value()
    from service.application.keyring import keyring_of
    from service.storage import migration, rule_sets
    from service.storage.session import Store

    before = migration.revision(url)
    if before is None or before < _SIGNED_SINCE:
        keyring_of(settings)  # asked for before anything is changed
    migration.upgrade(url)
    typer.echo(f"The schema is at {migration.head_revision()}.")
    with Store.open(url) as store:
        if before is not None and before < _SIGNED_SINCE:
            _sign_older(store, keyring_of(settings))
        _publish(store, settings, every_new=publish_baseline)
        with store.reading() as session:
            active = rule_sets.active_reference(session)
    if active is not None:
        typer.echo(f"Rule set {active[0]} answers (digest {active[1]}).")


@app.command()
def check() -> None:
    """Look whether the schema is the newest, all that is stored is what was published, and a rule set can answer.

    Signatures are looked at where there is a secret to do it with.
    """
    settings = read_settings()
    from service.application.keyring import keyring_at_hand
    from service.application.rule_sets import answering, verify_stored
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
        keyring = keyring_at_hand(settings)
        active = answering(store, keyring)
    if active is None:
        raise NoRuleSet("no rule set is published; run `magcheck db upgrade`")
    for summary in summaries:
        mark = "*" if summary.number == active.version else " "
        typer.echo(f"{mark} {summary.number:>4}  {summary.digest}  {summary.created_at:%Y-%m-%d %H:%M}  {summary.note}")
    typer.echo(f"{len(summaries)} rule set(s), all as published; {active.version} answers.")
    if keyring is None:
        typer.echo("Whether it is signed was not looked at: that needs MAGCHECK_SECRET_KEY.")
    typer.echo(_terminologies(settings.database_url.get_secret_value()))


def _terminologies(url: str) -> str:
    """What there is of imported terminologies.

    Raises:
        TerminologyRefused: one is not what was imported.
    """
    from service.application.terminologies import restore_terminology
    from service.storage import terminologies
    from service.storage.session import Store

    with Store.open(url) as store, store.reading() as session:
        used = terminologies.active_number(session)
        version = ""
        last = terminologies.last_number(session)
        for number in range(1, last + 1):
            row = terminologies.by_number(session, number)
            if row is not None:
                restore_terminology(row)
                session.expunge(row)
                version = row.version if number == used else version
    return f"{last} terminologies, all as imported; {version} is in use." if last else "No terminology is imported."


def read_settings() -> Settings:
    """Read the settings, and warn of variables that look like settings and are none."""
    settings = Settings.from_environment()
    for name in unknown_variables():
        typer.secho(f"warning: {name} is no setting of magcheck and is ignored", err=True, fg="yellow")
    return settings


def _sign_older(store: "Store", keyring: "Keyring") -> None:
    """Sign what was published before there were signatures."""
    from importlib.metadata import version

    from service.application.active import utc_now
    from service.application.rule_sets import BASELINE_AUTHOR, sign_unsigned

    note = f"Published before there were signatures; signed by the upgrade to magcheck {version('magcheck')}"
    signed, refused = sign_unsigned(store, keyring=keyring, author=BASELINE_AUTHOR, note=note, now=utc_now())
    say_signed(signed, refused)


def say_signed(signed: "list[int]", refused: "list[RuleSetDamaged]") -> None:
    """Tell what was signed, and complain of what was not."""
    if signed:
        typer.echo(f"Signed rule set(s) {', '.join(str(number) for number in signed)}.")
    for error in refused:
        complain(f"not signed: {error}")


def _publish(store: "Store", settings: Settings, *, every_new: bool) -> None:
    from importlib.metadata import version

    from rules.baseline import read_baseline
    from rules.canonical import digest
    from rules.compiled import compile_rule_set
    from rules.verify import verify
    from service.application.active import utc_now
    from service.application.keyring import keyring_of
    from service.application.rule_sets import publish_baseline, seed_baseline
    from service.storage import rule_sets

    baseline = read_baseline()
    with store.reading() as session:
        known = rule_sets.number_of_digest(session, digest(baseline.rule_set)) is not None
        empty = rule_sets.last_number(session) == 0
    if not (empty or every_new):
        if not known:
            typer.echo(
                "The packaged knowledge is not among the rule sets published here and does not answer; "
                "`magcheck db upgrade --publish-baseline` publishes it."
            )
        return
    if not known:
        failures = verify(compile_rule_set(baseline.rule_set, places=baseline.places)).failures
        if failures:
            complain(
                f"{len(failures)} worked cases do not hold, so nothing is published; see `magcheck knowledge verify`"
            )
            raise typer.Exit(Exit.SET_UP)
    publish = publish_baseline if every_new else seed_baseline
    note = f"Knowledge packaged with magcheck {version('magcheck')}"
    if publish(store, baseline.rule_set, keyring=keyring_of(settings), now=utc_now(), note=note).created:
        typer.echo("The packaged knowledge was published.")
