"""What the user guide shows is done: every command of its pages is run, every answer compared with the real one."""

from __future__ import annotations

import os
import re
import secrets
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import pytest

from tests.e2e.guide import PAGES, Block, blocks, disagreement, server
from tests.e2e.test_cli_serve import free_port

START_SECONDS = 120.0
SHELL_SECONDS = 240
SHOWN_ADDRESS = "http://127.0.0.1:8000"
MARK = "=== end of block"


@dataclass(frozen=True)
class Place:
    """A folder to run commands in, the environment they get, and the address that answers."""

    folder: Path
    environment: dict[str, str]
    address: str


def own_environment(folder: Path, *, development: bool) -> dict[str, str]:
    """The environment of the shell: no settings but those of the installation, and `magcheck` of this tree."""
    programs = folder / "bin"
    programs.mkdir()
    program = programs / "magcheck"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m service.cli "$@"\n')
    program.chmod(0o755)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MAGCHECK_")}
    root = str(Path(__file__).parents[2])
    kept |= {"PATH": f"{programs}:{Path(sys.executable).parent}:{kept['PATH']}", "PYTHONPATH": root, "COLUMNS": "80"}
    kept["MAGCHECK_DATA_DIR"] = str(folder / "data")
    if not development:
        kept["MAGCHECK_SECRET_KEY"] = secrets.token_hex(32)
    return kept


@contextmanager
def serving(folder: Path, mode: str | None) -> Iterator[Place]:
    """A service in this mode, over the packaged knowledge; nothing but a folder where the pages need none."""
    environment = own_environment(folder, development=mode != "production")
    if mode is None:
        yield Place(folder, environment, SHOWN_ADDRESS)
        return
    port = free_port()
    magcheck = [sys.executable, "-m", "service.cli"]
    if mode == "production":
        subprocess.run([*magcheck, "db", "upgrade"], env=environment, check=True, capture_output=True)
    options = ["--dev"] if mode == "development" else []
    log = folder / "log"
    with log.open("w") as output:
        process = subprocess.Popen(
            [*magcheck, "serve", *options, "--port", str(port)], env=environment, stdout=output, stderr=output
        )
        try:
            end = time.monotonic() + START_SECONDS
            address = f"http://127.0.0.1:{port}"
            while not _answers(f"{address}/health/ready"):
                assert process.poll() is None, log.read_text()
                assert time.monotonic() < end, log.read_text()
                time.sleep(0.2)
            yield Place(folder, environment, address)
        finally:
            process.terminate()
            process.wait(30)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5):  # noqa: S310 - our own server
            return True
    except OSError:
        return False


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str | None], Place]]:
    """One service for each mode, started when the first page asks for it."""
    with ExitStack() as running:
        started: dict[str | None, Place] = {}

        def place(mode: str | None) -> Place:
            if mode not in started:
                started[mode] = running.enter_context(serving(tmp_path_factory.mktemp(mode or "without"), mode))
            return started[mode]

        yield place


def run(page_blocks: list[Block], place: Place) -> list[tuple[Block, str]]:
    """Run all shell blocks of a page in one shell; each with what it wrote to standard output."""
    for block in page_blocks:
        if block.kind == "file":
            (place.folder / block.argument).write_text(block.text)
    to_run = [block for block in page_blocks if block.kind == "run"]
    script = "".join(f"{block.text}echo '{MARK}'\n" for block in to_run).replace(SHOWN_ADDRESS, place.address)
    done = subprocess.run(
        ["/bin/bash", "-eu", "-c", script],
        cwd=place.folder,
        env=place.environment,
        capture_output=True,
        text=True,
        timeout=SHELL_SECONDS,
        check=False,
    )
    outputs = done.stdout.split(f"{MARK}\n")
    assert len(outputs) == len(to_run) + 1, (
        f"block {len(outputs)} stopped: {done.stdout[-1500:]}\n{done.stderr[-3000:]}"
    )
    assert done.returncode == 0
    return list(zip(to_run, outputs, strict=False))


@pytest.mark.parametrize("page", PAGES, ids=[page.stem for page in PAGES])
def test_every_block_says_what_it_is(page: Path) -> None:
    unmarked = [block.text for block in blocks(page) if block.kind == "unmarked"]
    assert unmarked == []
    shells = [block for block in blocks(page) if block.language == "sh"]
    assert {block.kind for block in shells} <= {"run", "not run"}
    assert all(block.argument for block in blocks(page) if block.kind in {"file", "not run", "shown"})
    assert page.read_text().count("```") == 2 * len(blocks(page))


@pytest.mark.parametrize(
    "page",
    [page for page in PAGES if any(block.kind == "run" for block in blocks(page))],
    ids=lambda page: str(page.stem),
)
def test_the_page_shows_what_happens(page: Path, tmp_path: Path, places: Callable[[str | None], Place]) -> None:
    page_blocks = blocks(page)
    place = places(server(page))
    outputs = {id(block): output for block, output in run(page_blocks, replace(place, folder=tmp_path))}
    wrong = []
    for before, block in pairwise(page_blocks):
        if block.kind == "answer":
            assert before.kind == "run", block.text
            wrong += disagreement(block, outputs[id(before)].replace(place.address, SHOWN_ADDRESS))
    assert wrong == []


@pytest.mark.parametrize(
    ("language", "shown", "real"),
    [
        ("json", '{"a": "1"}', '{"a": 1}'),
        ("json", '{"a": 1}', '{"a": 1, "b": 2}'),
        ("json", '{"a": 1, "…": "…"}', '{"b": 1}'),
        ("json", '[1, "…"]', "[1]"),
        ("json", '[1, "…", 3]', "[1, 2, 4]"),
        ("json", "[1]", "[1, 2]"),
        ("text", "one", "one\ntwo"),
        ("text", "one … three", "one two"),
    ],
)
def test_a_difference_is_seen(language: str, shown: str, real: str) -> None:
    assert disagreement(Block("answer", "", language, shown), real) != []


def test_what_is_left_out_is_no_difference() -> None:
    assert disagreement(Block("answer", "", "json", '{"a": "…", "…": "…"}'), '{"a": {"x": 1}, "b": 2}') == []
    assert disagreement(Block("answer", "", "text", "one … three\n"), "one two\nand three") == []


def test_pages_are_found_and_run() -> None:
    """Otherwise a changed form of the pages would leave the tests above with nothing to do."""
    run_blocks = [block for page in PAGES for block in blocks(page) if block.kind == "run"]
    answers = [block for page in PAGES for block in blocks(page) if block.kind == "answer"]
    marks = sum(len(re.findall(r"^<!-- run -->$", page.read_text(), re.MULTILINE)) for page in PAGES)
    assert marks == len(run_blocks) > 5
    assert len(answers) > 5
