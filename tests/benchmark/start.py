"""The start: seconds until a worker is ready with a terminology loaded, beside loading only the libraries it stands on.

Works on a made-up release of the size of the real one; `--release FILE.zip` takes a file of your own.
"""

from __future__ import annotations

import http.client
import os
import secrets
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tests.benchmark.measure import ratio_of
from tests.benchmark.terminology import made_up_rows
from tests.releases import write_zip

if TYPE_CHECKING:
    from collections.abc import Mapping

_PATIENCE_SECONDS: Final = 60.0
_WORKER: Final = ("-m", "service.main")
# Looks first whether the database can be used, in a process without the web, which then becomes the worker.
_COMMAND: Final = ("-m", "service.cli", "serve")
_LIBRARIES: Final = ("-c", "import fastapi, sqlmodel, uvicorn")


def until_ready(count: int, file: Path | None) -> None:
    """Start a worker again and again on one database."""
    with tempfile.TemporaryDirectory() as folder:
        environment = _environment(Path(folder))
        _run(environment, "-m", "service.cli", "db", "upgrade", "--publish-baseline")
        release = file or write_zip(Path(folder), made_up_rows().members())
        _run(environment, "-m", "service.cli", "import-rxnorm", str(release))
        _ready_after(environment, *_WORKER)  # compiles what nothing has loaded before
        results = [
            {
                "libraries": _seconds(environment, *_LIBRARIES),
                "worker": _ready_after(environment, *_WORKER),
                "serve": _ready_after(environment, *_COMMAND),
            }
            for _ in range(count)
        ]
    print(f"start with a terminology of {'a made-up release' if file is None else file.name}, {count} rounds")
    for name in ("libraries", "worker", "serve"):
        seconds = sorted(one[name] for one in results)
        print(f"  {name:9} median {statistics.median(seconds):.2f} s, {seconds[0]:.2f} to {seconds[-1]:.2f}")
    for name in ("worker", "serve"):
        print(f"  {name:9} / libraries {ratio_of([one[name] / one['libraries'] for one in results])}")


def _environment(folder: Path) -> Mapping[str, str]:
    """What a start is told; bytecode may be kept, as it is where the service is installed."""
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        port = server.getsockname()[1]
    ours = {"DATA_DIR": str(folder), "SECRET_KEY": secrets.token_hex(32), "PORT": str(port)}
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("MAGCHECK_", "PYTHONDONTWRITE"))}
    return kept | {f"MAGCHECK_{name}": value for name, value in ours.items()}


def _run(environment: Mapping[str, str], *arguments: str) -> None:
    subprocess.run([sys.executable, *arguments], env=environment, check=True, stdout=subprocess.DEVNULL)


def _seconds(environment: Mapping[str, str], *arguments: str) -> float:
    started = time.perf_counter()
    _run(environment, *arguments)
    return time.perf_counter() - started


def _ready_after(environment: Mapping[str, str], *arguments: str) -> float:
    """Seconds from the start of the process to the first answer that says it is ready.

    Raises:
        RuntimeError: it ended, or was not ready in time.
    """
    started = time.perf_counter()
    command = [sys.executable, *arguments]
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            while time.perf_counter() - started < _PATIENCE_SECONDS and process.poll() is None:
                if _is_ready(int(environment["MAGCHECK_PORT"])):
                    return time.perf_counter() - started
                time.sleep(0.01)
            raise RuntimeError("the worker did not become ready")
        finally:
            process.kill()


def _is_ready(port: int) -> bool:
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=5)) as connection:
        try:
            connection.request("GET", "/health/ready")
            return connection.getresponse().status == http.client.OK
        except OSError:
            return False
