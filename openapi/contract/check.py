"""Looks after the contract: `python -m openapi.contract.check lint`, `compare [OLD NEW]` or `release`.

`lint` runs spectral and redocly over it. `compare` asks two detectors of breaking changes what has become of the last
released document in `openapi/released/`; openapi/versioning.md says what may change when. `release` makes the contract
as it is the released one of its version. It changes no contract.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

from openapi.contract.reduced import reduced, without_texts
from openapi.tools import CONTRACT, ROOT, CannotRun, contract, node_tools, run, version

HERE: Final = Path(__file__).resolve().parent
RELEASED: Final = ROOT / "openapi" / "released"
_SECONDS: Final = 900


def tools() -> Path:
    """Where the programs are that look at the contract."""
    return node_tools(HERE, "contract")


def lint() -> None:
    """Run both linters with the settings that stand here, and end with an error if one finds anything."""
    programs = tools()
    # The rule set is found from the place of the settings, so they stand beside the tools.
    settings = programs.parents[1]
    for name in ("spectral.yaml", "redocly.yaml"):
        shutil.copy(HERE / name, settings)
    severity = ("--fail-severity", "warn", "--display-only-failures")
    run(programs / "spectral", "lint", "--ruleset", settings / "spectral.yaml", *severity, CONTRACT, cwd=settings)
    run(programs / "redocly", "lint", "--config", settings / "redocly.yaml", CONTRACT, cwd=settings)


def released() -> Path:
    """The document of the last release."""
    return max(RELEASED.glob("*.json"), key=lambda file: _number(file.stem))


def _number(text: str) -> tuple[int, ...]:
    return tuple(map(int, re.findall(r"\d+", text)))


def may_break(old: str, new: str) -> bool:
    """Whether breaking changes are allowed between two versions: a new first number, or second one below 1.0."""
    before, after = _number(old), _number(new)
    size = 1 if before[0] or after[0] else 2
    return after[:size] > before[:size]


def breaking_changes(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """What a client of the old document may stumble over, as lines of the two detectors."""
    programs = tools()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        found = _seen_by_smart_diff(programs, folder, old, new)
        parts = reduced(old, new)
        if parts is not None:
            found += _seen_by_optic(programs, folder, *parts)
    return found


def _seen_by_smart_diff(programs: Path, folder: Path, old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    command = ("node", HERE / "differences.mjs", programs.parents[1])
    files = _written(folder, "all", without_texts(old), without_texts(new))
    done = _asked(folder, *command, *files)
    lines = [line for line in done.stdout.splitlines() if line]
    if done.returncode != bool(lines):
        raise RuntimeError(f"api-smart-diff could not compare: {done.stdout}{done.stderr}")
    return [f"api-smart-diff: {line}" for line in lines]


def _seen_by_optic(programs: Path, folder: Path, old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    done = _asked(folder, programs / "optic", "diff", *_written(folder, "part", old, new), "--check")
    plain = re.sub(r"\x1b\[[0-9;]*m", "", done.stdout + done.stderr)
    lines = [line.strip().removeprefix("x ") for line in plain.splitlines() if re.match(r"\s+x \[", line)]
    if done.returncode != bool(lines):
        raise RuntimeError(f"optic could not compare: {plain}")
    return [f"optic: {line}" for line in lines]


def _written(folder: Path, name: str, old: dict[str, Any], new: dict[str, Any]) -> tuple[Path, Path]:
    files = (folder / f"{name}-old.json", folder / f"{name}-new.json")
    for file, document in zip(files, (old, new), strict=True):
        file.write_text(json.dumps(document))
    return files


def _asked(folder: Path, *command: str | Path) -> subprocess.CompletedProcess[str]:
    words = [str(word) for word in command]
    return subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False, timeout=_SECONDS)


def compare(*files: str) -> None:
    """Compare the contract with the last released one, or two files; end with an error where a promise is broken."""
    old_file, new_file = map(Path, files) if files else (released(), CONTRACT)
    old, new = (json.loads(file.read_bytes()) for file in (old_file, new_file))
    found = breaking_changes(old, new)
    print(f"{len(found)} breaking change(s) from {old_file.name} to {new_file.name}")
    print(*found, sep="\n")
    if found and not may_break(old["info"]["version"], new["info"]["version"]):
        sys.exit("Clients of the released version would break. Add instead of changing, or see openapi/versioning.md.")


def release() -> None:
    """Make the contract as it is the released one of its version."""
    RELEASED.mkdir(exist_ok=True)
    file = RELEASED / f"{version()}.json"
    file.write_text(json.dumps(without_texts(contract()), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    print(f"{file.relative_to(ROOT)} is the contract of {version()}")


def main(task: str = "", *arguments: str) -> None:
    """Do what was asked for; without anything, lint and compare."""
    try:
        if task == "compare":
            compare(*arguments)
        elif task in {"lint", "release"} and not arguments:
            {"lint": lint, "release": release}[task]()
        elif not task:
            lint()
            compare()
        else:
            sys.exit("contract takes nothing, lint, compare [OLD NEW] or release")
    except CannotRun as reason:
        sys.exit(f"Looking after the contract {reason}")


if __name__ == "__main__":
    main(*sys.argv[1:])
