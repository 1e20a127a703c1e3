"""`magcheck access`: the first administrator, keys and people, for whoever runs the service, without the service.

Passwords come from the keyboard or standard input, never from an argument, which every process of the machine can see.
"""

import re
import sys
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from service.cli.database import read_settings
from service.cli.exits import Exit, complain
from service.cli.texts import LONGEST_NAME, one_line, reason_line

if TYPE_CHECKING:
    from service.application.drafts import Act
    from service.settings import Settings
    from service.storage.session import Store, Transaction

app = typer.Typer(help="People and keys: who may use the service.", no_args_is_help=True)
keys = typer.Typer(help="API keys: create, list, revoke.", no_args_is_help=True)
people = typer.Typer(help="People: list, disable, set a password.", no_args_is_help=True)
app.add_typer(keys, name="keys")
app.add_typer(people, name="people")

Reason = Annotated[str, typer.Option(help="Why; goes into the audit trail.")]
Login = Annotated[str, typer.Argument(help="The name somebody signs in with: letters, digits and . _ @ + -")]
FromInput = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password from standard input, one line, instead of asking.")
]


@app.command()
def create_administrator(
    login: Login,
    *,
    name: Annotated[str | None, typer.Option(help="The person's name; else the login.")] = None,
    reason: Reason = "first administrator",
    password_stdin: FromInput = False,
    force: Annotated[
        bool, typer.Option("--force", help="Although there is an administrator; wants a --reason of your own.")
    ] = False,
) -> None:
    """Make the first administrator, who lets everybody else in."""
    settings = read_settings()
    from service.application.access.people import administrators, create_person
    from service.application.principals import Role

    login = _login(login)
    name = login if name is None else one_line("--name", name, LONGEST_NAME)
    with _store(settings) as store:
        with store.reading() as session:
            known = administrators(session)
        if known and not force:
            complain("there is an administrator already, who can let others in; --force makes another one")
            raise typer.Exit(Exit.WRONG_INPUT)
        if known and reason == "first administrator":
            complain("--force wants a --reason: it goes into the audit trail")
            raise typer.Exit(Exit.USAGE)
        hashed = _hashed(password_stdin=password_stdin)
        with store.writing() as session:
            row = create_person(
                session,
                _act(reason),
                login=login,
                name=name,
                roles=[Role.ADMINISTRATOR],
                password_hash=hashed,
            )
    typer.echo(f"{row.login} administers ({row.id}).")


@keys.command("create")
def create_key(
    name: Annotated[str, typer.Argument(help="What the key is for, such as the system that gets it.")],
    *,
    role: Annotated[list[str] | None, typer.Option(help="A role of the key; may stand more than once.")] = None,
    days: Annotated[int | None, typer.Option(min=1, max=3660, help="Days until it expires.")] = 365,
    requests_per_minute: Annotated[int | None, typer.Option(min=1, help="Requests a minute it may send.")] = None,
    reason: Reason,
) -> None:
    """Make an API key. It is printed once, on standard output, and nobody can read it again."""
    settings = read_settings()
    from service.application.access.keys import WantedKey
    from service.application.access.keys import create_key as create
    from service.application.keyring import keyring_of
    from service.application.principals import PEOPLE_ONLY, Role

    name = one_line("the name of the key", name, LONGEST_NAME)
    allowed = [one.value for one in Role if one not in PEOPLE_ONLY]
    roles = role or [Role.CLIENT.value]
    if not set(roles) <= set(allowed):
        complain(f"a key can have the roles {', '.join(allowed)}")
        raise typer.Exit(Exit.USAGE)
    act = _act(reason)
    wanted = WantedKey(
        name=name,
        roles=[Role(one) for one in roles],
        requests_per_minute=requests_per_minute or settings.requests_per_minute,
        expires_at=None if days is None else act.now + timedelta(days=days),
    )
    keyring = keyring_of(settings)
    with _store(settings) as store, store.writing() as session:
        row, token = create(session, keyring, wanted, act)
    typer.secho(f"Key {row.id}, for {', '.join(row.roles)}; shown this once:", err=True)
    typer.echo(token)


@keys.command("list")
def list_keys() -> None:
    """List all keys; the keys themselves are not kept anywhere."""
    settings = read_settings()
    from service.application.active import utc_now
    from service.storage import access

    now = utc_now()
    with _store(settings) as store, store.reading() as session:
        for row in access.keys(session):
            until = "never expires" if row.expires_at is None else f"until {row.expires_at:%Y-%m-%d}"
            expired = row.expires_at is not None and row.expires_at <= now
            state = "revoked" if row.revoked_at is not None else "expired" if expired else until
            typer.echo(f"{row.id}  {row.name}  {' '.join(row.roles)}  {state}")


@keys.command("revoke")
def revoke_key(key_id: Annotated[str, typer.Argument(metavar="ID")], *, reason: Reason) -> None:
    """Take a key out of use, everywhere within five seconds."""
    settings = read_settings()
    from service.application.access.keys import revoke_key as revoke

    with _store(settings) as store, store.writing() as session:
        revoke(session, key_id, _act(reason))
    typer.echo(f"Key {key_id} is revoked.")


@people.command("list")
def list_people() -> None:
    """List everybody who is or was let in."""
    settings = read_settings()
    from service.storage import access

    with _store(settings) as store, store.reading() as session:
        for row in access.people(session):
            state = "disabled" if row.disabled_at is not None else " ".join(row.roles) or "no roles"
            way = "password" if row.issuer is None else "identity provider"
            typer.echo(f"{row.id}  {row.login}  {row.name}  {way}  {state}")


@people.command()
def disable(login: Login, *, reason: Reason) -> None:
    """Let somebody in no more; what they have open ends within five seconds."""
    settings = read_settings()
    from service.application.access.people import change_person

    with _store(settings) as store, store.writing() as session:
        change_person(session, _person_id(session, login), _act(reason), version=None, disabled=True)
    typer.echo(f"{login} is disabled.")


@people.command()
def set_password(login: Login, *, reason: Reason, password_stdin: FromInput = False) -> None:
    """Give somebody a new password; all their sign-ins end."""
    settings = read_settings()
    from service.application.access.people import set_password as change

    with _store(settings) as store:
        with store.reading() as session:
            person_id = _person_id(session, login)
        hashed = _hashed(password_stdin=password_stdin)
        with store.writing() as session:
            change(session, person_id, hashed, _act(reason))
    typer.echo(f"{login} has a new password.")


def _store(settings: "Settings") -> "Store":
    from service.storage.session import Store

    return Store.open(settings.database_url.get_secret_value())


def _act(reason: str) -> "Act":
    """Who acts is whoever has the command line of this machine, by the name they have here."""
    import getpass

    from service.application.active import utc_now
    from service.application.drafts import Act
    from service.application.principals import Principal, PrincipalKind

    reason = reason_line(reason)
    try:
        user = re.sub(r"[^A-Za-z0-9._-]", "_", getpass.getuser())[:60]
    except (OSError, KeyError):  # a container may run under a number without a name
        user = "unnamed"
    return Act(Principal(f"operator/{user}", user, PrincipalKind.OPERATOR, frozenset()), reason, utc_now())


def _login(text: str) -> str:
    from service.application.access.people import LOGIN_PATTERN

    login = text.casefold()
    if not re.fullmatch(LOGIN_PATTERN, login) or len(login) > 120:  # noqa: PLR2004 - as the table has it
        complain("a login has 1 to 120 letters (a to z), digits and . _ @ + -, and begins with a letter or a digit")
        raise typer.Exit(Exit.USAGE)
    return login


def _person_id(session: "Transaction", login: str) -> str:
    from service.errors import NotThere
    from service.storage import access

    row = access.person_of_login(session, login.casefold())
    if row is None:
        raise NotThere(f"nobody signs in as {login}")
    return row.id


def _hashed(*, password_stdin: bool) -> str:
    """The hash of a password that was asked for twice, or read from standard input."""
    import getpass

    from service.application.access.passwords import Passwords
    from service.errors import PasswordRefused

    if password_stdin:
        password = sys.stdin.readline().rstrip("\r\n")
    else:
        password = getpass.getpass("New password: ")
        if getpass.getpass("Once more: ") != password:
            complain("the two are not the same")
            raise typer.Exit(Exit.WRONG_INPUT)
    try:
        return Passwords().hashed(password)
    except PasswordRefused as error:
        complain(f"the password {error}")
        raise typer.Exit(Exit.WRONG_INPUT) from None
