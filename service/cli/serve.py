"""`magcheck serve` and `magcheck openapi`: start the service, print its contract.

The service runs in a fresh interpreter that replaces this one, so that nothing of the command line or of the
migrations stays in its memory, and signals reach it directly.
"""

import os
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from service.cli.database import read_settings
from service.cli.exits import Exit, complain
from service.settings import PREFIX, Environment, Settings, is_loopback

_EXAMPLE = """{"medications": [
      {"id": "m1", "text": "Cipro 500 mg tablet"},
      {"id": "m2", "text": "Magnesium oxide 400 mg tablet"}]}"""


def serve(
    *,
    dev: Annotated[
        bool,
        typer.Option(
            "--dev",
            help="Development: readable logs, database brought up to date first, only for this machine itself.",
        ),
    ] = False,
    host: Annotated[str | None, typer.Option(help="Address to listen on; else MAGCHECK_HOST or 127.0.0.1.")] = None,
    port: Annotated[
        int | None, typer.Option(min=1, max=65535, help="Port to listen on; else MAGCHECK_PORT or 8000.")
    ] = None,
) -> None:
    """Start the service. The database must be ready: `magcheck db upgrade`."""
    given = {"MAGCHECK_HOST": host, "MAGCHECK_PORT": port, "MAGCHECK_ENVIRONMENT": "development" if dev else None}
    os.environ.update({name: str(value) for name, value in given.items() if value is not None})
    settings = read_settings()
    if dev:
        _only_this_machine(settings)
        _bring_up_to_date()
    settings.require_safe_start()
    _require_rule_set(settings)
    if settings.environment is Environment.DEVELOPMENT:
        _greet(settings)
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, "-m", "service.main"])  # noqa: S606 - ours


def openapi(
    *,
    output: Annotated[Path | None, typer.Option(help="Write to this file instead of standard output.")] = None,
    check: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="Only compare with this file; exit 1 if it differs."),
    ] = None,
) -> None:
    """Print the OpenAPI document of the service."""
    import json

    from service.main import openapi_app

    # The contract is the same everywhere, whatever is set here.
    for name in [name for name in os.environ if name.startswith(PREFIX)]:
        del os.environ[name]
    text = json.dumps(openapi_app().openapi(), indent=2, ensure_ascii=False) + "\n"
    if check is not None:
        if check.read_text(encoding="utf-8") != text:
            complain(f"{check} differs from the code; write it anew with `magcheck openapi --output {check}`")
            raise typer.Exit(Exit.WRONG_INPUT)
    elif output is not None:
        output.write_text(text, encoding="utf-8")
    else:
        typer.echo(text.encode(), nl=False)


def _only_this_machine(settings: Settings) -> None:
    if not is_loopback(settings.host):
        complain(f"--dev listens on this machine only; {settings.host} can be reached from elsewhere")
        raise typer.Exit(Exit.USAGE)


def _bring_up_to_date() -> None:
    # In a child: Alembic and the YAML reader are not needed afterwards.
    command = [sys.executable, "-m", "service.cli", "db", "upgrade", "--publish-baseline"]
    code = subprocess.run(command, check=False).returncode  # noqa: S603 - our own command
    if code:
        raise typer.Exit(code if code > 0 else Exit.SET_UP)


def _require_rule_set(settings: Settings) -> None:
    """Fail here, in words, rather than serve 503 to everybody.

    What was good when the database was last seen is enough: the service starts from it and says so.

    Raises:
        SettingsInvalid: there is no secret.
        ServiceError: the database is away, not migrated, or has no usable rule set, and nothing good is kept on disk.
    """
    from service.application.keyring import keyring_of
    from service.application.last_known_good import FILE, LastKnownGoodFile
    from service.application.rule_sets import answering
    from service.errors import LastKnownGoodRefused, NoRuleSet, ServiceError, StoreUnavailable
    from service.storage.session import Store

    keyring = keyring_of(settings)
    try:
        with Store.open(settings.database_url.get_secret_value()) as store:
            if answering(store, keyring) is None:
                raise NoRuleSet("no rule set is published; run `magcheck db upgrade`")
    except ServiceError as error:
        try:
            kept = LastKnownGoodFile(settings.data_dir, keyring, settings.database_place).read()
        except LastKnownGoodRefused as refused:
            if not (settings.data_dir / FILE).exists() or not isinstance(error, StoreUnavailable):
                raise error from error.__cause__
            complain(f"{error}; {refused}; checks are refused until the database answers")
            return
        typer.secho(
            f"warning: {error}\nwarning: starting from rule set {kept.rule_set.number}, kept on disk and confirmed by "
            f"the database at {kept.confirmed_at:%Y-%m-%d %H:%M} UTC",
            err=True,
            fg="yellow",
        )


def _greet(settings: Settings) -> None:
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    address = f"http://{host}:{settings.port}"
    typer.secho(
        f"\nmagcheck listens on {address} as soon as it says so below. Documentation: {address}/docs", bold=True
    )
    typer.echo(f"Try it:\n  curl -s {address}/v1/checks -H 'content-type: application/json' \\\n    -d '{_EXAMPLE}'\n")
