"""A server of its own on a throw-away database, and the clients that `python3 dev.py sdk` has made."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from socket import create_server
from typing import Final

import pytest

from tests.keys import SECRET_KEY

ROOT: Final = Path(__file__).parents[2]
_START_SECONDS: Final = 120.0  # a few seconds, unless the machine does much else


@pytest.fixture(scope="session")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What the service is started with."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MAGCHECK_")}
    folder = tmp_path_factory.mktemp("service")
    return {**kept, "MAGCHECK_DATA_DIR": str(folder), "MAGCHECK_SECRET_KEY": SECRET_KEY}


@pytest.fixture(scope="session")
def address(environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where a server in the development mode answers."""
    with closing(create_server(("127.0.0.1", 0))) as free:
        port: int = free.getsockname()[1]
    log = tmp_path_factory.mktemp("log") / "server.log"
    with log.open("wb") as written:
        process = subprocess.Popen(
            [sys.executable, "-m", "service.cli", "serve", "--dev", "--port", str(port)],
            env=environment,
            cwd=ROOT,
            stdout=written,
            stderr=written,
        )
    found = f"http://127.0.0.1:{port}"
    try:
        _wait_until_ready(found, process, log)
        yield found
    finally:
        process.terminate()
        process.wait(timeout=30)


def _wait_until_ready(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + _START_SECONDS
    while time.monotonic() < end:
        if process.poll() is not None:
            break
        try:
            urllib.request.urlopen(f"{address}/health/ready", timeout=5).close()  # noqa: S310 - our own server
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.1)
        else:
            return
    pytest.fail(f"the server did not become ready: {log.read_text()}")


@pytest.fixture(scope="session")
def api_key(address: str, environment: dict[str, str]) -> str:
    """A key that may check lists and write drafts."""
    assert address  # its start made the database
    roles = ("--role", "client", "--role", "author", "--role", "viewer")
    command = ("access", "keys", "create", "clients", *roles, "--reason", "tests of clients")
    made = subprocess.run(
        [sys.executable, "-m", "service.cli", *command],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.returncode == 0, made.stderr
    return made.stdout.strip()
