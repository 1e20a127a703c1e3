"""What the tools around the contract share: running a command, and installing tools from their lock, apart from all.

Tools of Node.js stand in `dist/tools/NAME`, each set with the lock file of its own; `python -m openapi.tools` installs
all of them at once, for whoever wants them later.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parents[1]
CONTRACT: Final = ROOT / "openapi" / "openapi.json"
DIST: Final = ROOT / "dist"
_STAMP: Final = "magcheck-tools"
_NODE: Final = (20, 0)


class CannotRun(Exception):
    """Tools cannot be used on this machine."""


def run(*command: str | Path, cwd: Path = ROOT, quiet: bool = False, path: Path | None = None) -> None:
    """Run one command, with ``path`` searched first for programs, and end with its exit code when it fails."""
    words = [str(word) for word in command]
    print("+", " ".join(words).replace(f"{ROOT}/", "")[:200], flush=True)
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    if path is not None:
        environment["PATH"] = f"{path}{os.pathsep}{environment['PATH']}"
    done = subprocess.run(words, cwd=cwd, env=environment, check=False, capture_output=quiet, text=True)
    if done.returncode:
        if quiet:
            print(done.stdout, done.stderr, sep="\n")
        sys.exit(done.returncode if done.returncode > 0 else 128 - done.returncode)


def contract() -> dict[str, Any]:
    """The contract as it is committed."""
    found: dict[str, Any] = json.loads(CONTRACT.read_bytes())
    return found


def version() -> str:
    """The version of the contract, which is that of the clients."""
    return str(contract()["info"]["version"])


def is_made_from(folder: Path, *sources: Path) -> bool:
    """Whether the folder holds the tools of these files; otherwise it is empty now, and to be filled."""
    stamp = folder / _STAMP
    if stamp.exists() and stamp.read_text() == _stamp_of(*sources):
        return True
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return False


def note_made_from(folder: Path, *sources: Path) -> None:
    """Note that the folder holds the tools of these files."""
    (folder / _STAMP).write_text(_stamp_of(*sources))


def _stamp_of(*sources: Path) -> str:
    parts = [source.read_bytes() for source in sources]
    return hashlib.sha256(b"\0".join([*parts, sys.version.encode(), str(ROOT).encode()])).hexdigest()


def node_tools(sources: Path, name: str) -> Path:
    """Where the programs are that the lock file in ``sources`` names; installed if need be.

    Raises:
        CannotRun: this machine has no Node.js, or an old one.
    """
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        raise CannotRun("needs node and npm (Debian: apt-get install nodejs npm)")
    found = subprocess.run([node, "--version"], check=True, capture_output=True, text=True).stdout
    if tuple(map(int, found.removeprefix("v").split(".")[:2])) < _NODE:
        raise CannotRun(f"needs Node.js {_NODE[0]} or newer, this is {found.strip()}")
    folder = DIST / "tools" / name
    files = (sources / "package.json", sources / "package-lock.json")
    if not is_made_from(folder, *files):
        for file in files:
            shutil.copy(file, folder)
        run(npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", cwd=folder)
        note_made_from(folder, *files)
    return folder / "node_modules" / ".bin"


def main() -> None:
    """Install every set of tools of Node.js; without Node.js, whoever wants them will say so."""
    try:
        node_tools(ROOT / "openapi" / "contract", "contract")
        node_tools(ROOT / "openapi" / "sdk", "typescript")
    except CannotRun as reason:
        print(f"Installing the tools around the contract {reason}")


if __name__ == "__main__":
    main()
