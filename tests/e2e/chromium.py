"""A real Chromium and a service of its own: what every test of the editor's pages in a browser stands on.

A page that is `watched` remembers each error in the console, each breach of the content security policy and each
request to anywhere else; a test fails on them in the end.
"""

from __future__ import annotations

import atexit
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Request

from tests.e2e.test_cli_serve import free_port

AXE: Final = (Path(__file__).parent / "vendor" / "axe-core" / "axe.min.js").read_text()
START_SECONDS: Final = 120.0
SETTLE_SECONDS: Final = 60.0
QUIET_LOOKS: Final = 2  # one may come between an answer and what it brings about
# Without them Chromium asks its maker for updates of itself, which is not what is tested here.
ARGUMENTS: Final = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PASSWORD: Final = "three herons at the weir"


def chromium() -> str:
    """Where the browser is; without one, the test is skipped, or fails where there must be one."""
    found = next(
        (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
    )
    if found is None:
        if os.environ.get("MAGCHECK_TEST_BROWSER") == "required":
            pytest.fail("there is no Chromium, and the environment says that there must be one")
        pytest.skip("there is no Chromium on this machine")
    return found


@contextmanager
def served(folder: Path, *, port: int | None = None, **environment: str) -> Iterator[str]:
    """The address of a service of its own in the development mode, over the packaged knowledge.

    It is what `magcheck serve --dev` starts in the end, with a copy of what that makes before: making it takes longer
    than starting. `test_cli_serve.py` has the command itself.
    """
    chromium()
    port = port or free_port()
    log = folder / "log"
    shutil.copytree(_prepared(), folder / "data")
    with log.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "service.main"],
            env={
                **_developing(folder / "data"),
                "MAGCHECK_HOST": "127.0.0.1",
                "MAGCHECK_PORT": str(port),
                **environment,
            },
            stdout=output,
            stderr=output,
        )
        try:
            _wait(f"http://127.0.0.1:{port}/health/ready", process, log)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(30)


@cache
def _prepared() -> Path:
    """The folder of a development service in which the packaged knowledge answers; made once in each process."""
    folder = Path(tempfile.mkdtemp(prefix="magcheck-prepared-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    command = [sys.executable, "-m", "service.cli", "db", "upgrade", "--publish-baseline"]
    subprocess.run(command, env=_developing(folder), check=True, stdout=subprocess.DEVNULL)
    return folder


def _developing(folder: Path) -> dict[str, str]:
    """The environment, with nothing in it that says otherwise than the development mode in this folder."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MAGCHECK_")}
    return {**kept, "MAGCHECK_DATA_DIR": str(folder), "MAGCHECK_ENVIRONMENT": "development"}


def _wait(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=5):  # noqa: S310 - our own server
                return
        except OSError:
            time.sleep(0.2)
    pytest.fail(f"the service did not start: {log.read_text()[-2000:]}")


def asked(address: str, method: str, path: str, body: dict[str, Any] | None = None, *, tag: str | None = None) -> Any:  # noqa: ANN401 - any JSON
    """Ask the API as the development mode lets everybody ask, with a new key for what changes something."""
    headers = {"Content-Type": "application/json", "Idempotency-Key": str(uuid.uuid4())}
    if tag is not None:
        headers["If-Match"] = tag
    content = None if body is None else json.dumps(body).encode()
    sent = urllib.request.Request(f"{address}{path}", content, headers, method=method)  # noqa: S310 - our own server
    with urllib.request.urlopen(sent, timeout=60) as answer:  # noqa: S310
        return json.load(answer)


def make_person(address: str, login: str, name: str, *roles: str) -> str:
    """A new person, whose password is `PASSWORD`."""
    said = {"login": login, "name": name, "roles": list(roles), "new_password": PASSWORD, "reason": "for a test"}
    made: str = asked(address, "POST", "/v1/people", said)["id"]
    return made


@dataclass
class Watched:
    """A page, with everything that went wrong on it."""

    page: Page
    address: str
    faults: list[str] = field(default_factory=list)
    under_way: set[Request] = field(default_factory=set)

    def open(self, path: str) -> Page:
        """Go there and wait until nothing is on its way any more."""
        self.page.goto(f"{self.address}{path}")
        self.settle()
        return self.page

    def sent(self, request: Request) -> None:
        """Something is on its way: to the service, or it is a fault."""
        self.under_way.add(request)
        if not request.url.startswith((self.address, "data:")):
            self.faults.append(request.url)

    def came_back(self, request: Request) -> None:
        """It is over, well or not."""
        self.under_way.discard(request)

    def settle(self) -> None:
        """Wait until nothing is on its way any more, and what came stands on the page.

        Asked of the requests themselves: what Playwright calls an idle network is half a second of waiting each time.
        """
        end, quiet = time.monotonic() + SETTLE_SECONDS, 0
        while time.monotonic() < end:
            self.page.wait_for_load_state()
            # What was begun is sent, and what has come is put in its place.
            self.page.evaluate("new Promise(done => setTimeout(done, 20))")
            quiet = 0 if self.under_way else quiet + 1
            if quiet == QUIET_LOOKS:
                return
        pytest.fail(f"still on their way: {[sent.url for sent in self.under_way]}")

    def sign_in(self, login: str, password: str = PASSWORD) -> None:
        """Sign in on the page for it."""
        page = self.open("/admin/sign-in")
        page.get_by_label("Name").fill(login)
        page.get_by_label("Password").fill(password)
        page.keyboard.press("Enter")
        page.wait_for_url(f"{self.address}/admin")

    def axe(self) -> list[str]:
        """Whatever keeps somebody out."""
        if not self.page.evaluate("typeof window.axe === 'object'"):
            self.page.evaluate(AXE)
        # Every rule is run; only what was found comes back, not the thousands of places where nothing is wrong.
        found: list[str] = self.page.evaluate(
            "axe.run({ resultTypes: ['violations'] }).then(told =>"
            " told.violations.map(one => `${one.id}: ${one.nodes[0].html.slice(0, 200)}`))"
        )
        return found

    def fits(self) -> bool:
        """Whether nothing stands out of the window sideways."""
        return bool(self.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))

    def answered(self, status: int) -> None:
        """Take note of one answer that is not good: the console tells of every one."""
        told = [fault for fault in self.faults if f"status of {status}" in fault]
        assert told, self.faults
        self.faults.remove(told[0])


def watched(
    browser: Browser, address: str, *, dark: bool = False, width: int = 1280, context: BrowserContext | None = None
) -> Watched:
    """A new page, of a new context unless one is given: two pages of one context are signed in together."""
    context = context or browser.new_context(
        viewport={"width": width, "height": 900},
        color_scheme="dark" if dark else "light",
        reduced_motion="reduce",  # a colour on its way to another one is no fault
    )
    page = context.new_page()
    watch = Watched(page, address)
    page.on("console", lambda said: watch.faults.append(said.text) if said.type in {"error", "warning"} else None)
    page.on("pageerror", lambda error: watch.faults.append(str(error)))
    page.on("request", watch.sent)
    page.on("requestfinished", watch.came_back)
    page.on("requestfailed", watch.came_back)
    # Set before anything of the page runs; the console tells of a breach too, but not in every version.
    page.add_init_script(
        "document.addEventListener('securitypolicyviolation', e => console.error('CSP ' + e.violatedDirective))"
    )
    return watch
