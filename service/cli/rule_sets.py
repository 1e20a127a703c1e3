"""`magcheck rule-sets`: publish from files through the gate, look at an impact, roll back, export; for operators."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from service.cli.database import read_settings, say_signed
from service.cli.exits import Exit, complain
from service.cli.texts import LONGEST_NAME, one_line, reason_line
from service.settings import Settings

if TYPE_CHECKING:
    from rules.compiled import CompiledRuleSet
    from rules.impact import Impact
    from rules.load import Knowledge
    from service.application.gate_report import GateReport
    from service.storage.session import Store

app = typer.Typer(
    help="Publish rule sets from files, look at impact, roll back, export as files.", no_args_is_help=True
)

_EXAMPLES = 5

Folder = Annotated[
    Path, typer.Argument(metavar="FOLDER", exists=True, file_okay=False, help="Folder of knowledge files.")
]
Author = Annotated[str, typer.Option(help="Who wants it; goes into the audit trail.")]
Reason = Annotated[str, typer.Option(help="Why; goes into the audit trail.")]
Limit = Annotated[
    int,
    typer.Option(
        "--impact-limit", min=0, max=100, help="Per cent of the lists that may be answered otherwise unasked."
    ),
]


@app.command()
def impact(folder: Folder) -> None:
    """Show what the files would answer differently from the rule set that answers now; nothing is written."""
    settings = read_settings()
    from rules.load import read_folder
    from service.storage.session import Store

    with Store.open(settings.database_url.get_secret_value()) as store:
        _show(_gate(read_folder(folder), _active(settings, store)))


@app.command()
def publish(
    folder: Folder,
    *,
    author: Author,
    reason: Reason,
    impact_limit: Limit = 5,
    accept_impact: Annotated[
        bool, typer.Option("--accept-impact", help="Publish although the impact is above the limit.")
    ] = False,
) -> None:
    """Publish the files as the next rule set, once they have passed the gate, and let it answer.

    The gate: they compile, lint finds nothing, all worked cases hold, and the impact is below the limit or accepted.
    """
    settings = read_settings()
    from rules.load import read_folder
    from service.application import rule_sets as verbs
    from service.application.active import utc_now
    from service.application.keyring import keyring_of
    from service.storage.session import Store

    author = one_line("--author", author, LONGEST_NAME)
    reason = reason_line(reason)
    keyring = keyring_of(settings)
    with Store.open(settings.database_url.get_secret_value()) as store:
        active = _active(settings, store)
        # Read once: what is published is what passed the gate, whatever happens to the files meanwhile.
        knowledge = read_folder(folder)
        report = _gate(knowledge, active)
        _show(report)
        refusals = report.refusals(limit=impact_limit / 100, accepted=accept_impact)
        if refusals:
            complain("nothing was published: " + "; ".join(refusals))
            raise typer.Exit(Exit.WRONG_INPUT)
        done = verbs.publish(
            store,
            knowledge.rule_set,
            based_on=None if active is None else active.version,
            author=author,
            note=reason,
            now=utc_now(),
            keyring=keyring,
        )
    _say(done.number, done.digest, created=done.created)


@app.command(name="roll-back")
def roll_back(
    number: Annotated[int, typer.Argument(min=1, help="The former rule set whose content is to answer again.")],
    *,
    author: Author,
    reason: Reason,
) -> None:
    """Publish the content of a former rule set under the next number, and let it answer."""
    settings = read_settings()
    from service.application import rule_sets as verbs
    from service.application.active import utc_now
    from service.application.keyring import keyring_of
    from service.storage.session import Store

    author = one_line("--author", author, LONGEST_NAME)
    reason = reason_line(reason)
    keyring = keyring_of(settings)
    with Store.open(settings.database_url.get_secret_value()) as store:
        done = verbs.roll_back(store, number, author=author, note=reason, now=utc_now(), keyring=keyring)
    _say(done.number, done.digest, created=done.created)


@app.command()
def export(
    number: Annotated[int, typer.Argument(min=1, help="The published rule set to write.")],
    folder: Annotated[
        Path,
        typer.Argument(metavar="FOLDER", file_okay=False, help="New or empty, or a folder of knowledge files."),
    ],
) -> None:
    """Write a published rule set as knowledge files; `publish FOLDER` is the way back.

    Into a new folder: a file for each record. Over knowledge files: what is the same stays byte for byte, changed
    records are written at their place, and those that the rule set does not have are removed and named.
    """
    settings = read_settings()
    from service.application.export import export as export_rule_set
    from service.application.knowledge_folder import FolderUnusable
    from service.storage.session import Store

    with Store.open(settings.database_url.get_secret_value()) as store:
        try:
            done = export_rule_set(store, number, folder)
        except FolderUnusable as error:
            complain(str(error))
            raise typer.Exit(Exit.WRONG_INPUT) from error
    for file, record_id in done.removed:
        typer.echo(f"removed {record_id} from {file}")
    for file in done.deleted:
        typer.echo(f"deleted {file}")
    typer.echo(
        f"Rule set {number} stands in {done.files} files, {len(done.written)} of them written now "
        f"(digest {done.digest})."
    )


@app.command()
def sign(*, author: Author, reason: Reason) -> None:
    """Sign all rule sets that the current key has not signed; each is looked at first, none is changed.

    For a database from before there were signatures, and after a change of MAGCHECK_SECRET_KEY: once everything is
    signed with the new key, MAGCHECK_FORMER_SECRET_KEY is not needed for rule sets any more.
    """
    settings = read_settings()
    from service.application import rule_sets as verbs
    from service.application.active import utc_now
    from service.application.keyring import keyring_of
    from service.storage.session import Store

    author = one_line("--author", author, LONGEST_NAME)
    reason = reason_line(reason)
    keyring = keyring_of(settings)
    with Store.open(settings.database_url.get_secret_value()) as store:
        signed, refused = verbs.sign_unsigned(store, keyring=keyring, author=author, note=reason, now=utc_now())
    say_signed(signed, refused)
    if refused:
        raise typer.Exit(Exit.WRONG_INPUT)
    if not signed:
        typer.echo("Every rule set is signed with the current key already.")


def self_test() -> None:
    """Does this installation still answer its golden cases? Runs every worked case of the rule set that answers."""
    settings = read_settings()
    from rules.verify import verify
    from service.errors import NoRuleSet
    from service.storage.session import Store

    with Store.open(settings.database_url.get_secret_value()) as store:
        active = _active(settings, store)
    if active is None:
        raise NoRuleSet("no rule set is published; run `magcheck db upgrade`")
    result = verify(active)
    for failure in result.failures:
        typer.echo(f"{failure.case_id}: {'; '.join(failure.details)}")
    if result.failures:
        complain(f"{len(result.failures)} of {result.cases} worked cases of rule set {active.version} do not hold")
        raise typer.Exit(Exit.WRONG_INPUT)
    typer.echo(f"All {result.cases} worked cases of rule set {active.version} hold (digest {active.digest}).")


def _active(settings: Settings, store: "Store") -> "CompiledRuleSet | None":
    """The rule set that answers, ready to be asked; None: none is published.

    Raises:
        RuleSetDamaged: it is not what was published.
    """
    from service.application.keyring import keyring_at_hand
    from service.application.rule_sets import answering

    return answering(store, keyring_at_hand(settings))


def _gate(knowledge: "Knowledge", active: "CompiledRuleSet | None") -> "GateReport":
    from service.application.active import utc_now
    from service.application.gate import pass_gate

    return pass_gate(knowledge, active, today=utc_now().date())


def _show(report: "GateReport") -> None:
    for problem in report.problems:
        typer.echo(str(problem))
    for failure in report.failures:
        typer.echo(f"{failure.case_id}: {'; '.join(failure.details)}")
    if report.impact is not None:
        _show_impact(report.impact)


def _show_impact(impact: "Impact") -> None:
    typer.echo(f"{len(impact.changed)} of {impact.questions} lists are answered otherwise.")
    for name, change in impact.interactions.items():
        parts = [("appears", change.appears), ("disappears", change.disappears), *sorted(change.severity.items())]
        for words, questions in parts:
            if questions:
                more = ", ..." if len(questions) > _EXAMPLES else ""
                typer.echo(f"  {name}: {words} in {len(questions)} ({', '.join(questions[:_EXAMPLES])}{more})")


def _say(number: int, digest: str, *, created: bool) -> None:
    if created:
        typer.echo(f"Rule set {number} is published and answers (digest {digest}).")
    else:
        typer.echo(f"Rule set {number} answers already with this content (digest {digest}); nothing was written.")
