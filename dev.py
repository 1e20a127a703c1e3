#!/usr/bin/env python3
"""Development tasks of magcheck: `python3 dev.py TASK [ARGUMENTS]`.

Needs Python 3.11 and nothing else: it builds `.venv` from the hashed lock file and runs the tools in there.
It holds no logic of the product; whatever a user could want is a `magcheck` command.
"""

import hashlib
import importlib.util
import json
import os
import platform
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
BIN = VENV / "bin"
PYTHON = BIN / "python"
# The tests that have to reach every branch of rules/ by themselves.
RULES = "tests/unit/rules"
# Tests with promises in seconds: they get the machine to themselves. Those of the first wait most of the time, so that
# one on each processor is alone enough; those of the second load all processors themselves.
WAITING = "tests/faults/test_store_faults.py"
LOADING = "tests/faults/test_propagation.py"
# Memory as a file system, and what has to be free there: the databases and folders of a whole run are a quarter of it.
MEMORY = Path("/dev/shm")  # noqa: S108 - folders below it have names that nobody can guess
ROOM = 8 * 2**30
OPENAPI = ROOT / "openapi" / "openapi.json"
DEV_LOCK = ROOT / "requirements-dev.lock"
GUIDE = ROOT / "service" / "api" / "guide_pages"
SBOM = ROOT / "sbom.json"
IMAGE = "localhost/magcheck:dev"
VALIDATE_SBOM = """import sys
from pathlib import Path
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
sys.exit(JsonStrictValidator(SchemaVersion.V1_6).validate_str(Path(sys.argv[1]).read_text()))
"""
# Run inside the image: the worked cases, then a start from nothing until the service calls itself ready.
TRY_IMAGE = """set -e
magcheck knowledge verify
export MAGCHECK_SECRET_KEY=$(python3 -c "import secrets; print(secrets.token_hex(32))")
magcheck db upgrade
magcheck serve --port 8099 & server=$!
trap 'kill $server; wait $server || :' EXIT
tries=0
until python3 -c "import urllib.request as r; r.urlopen('http://127.0.0.1:8099/health/ready', timeout=4)" 2>/dev/null
do
    tries=$((tries + 1))
    test $tries -lt 40
    kill -0 $server
    sleep 0.5
done
echo "the image starts and is ready"
"""


def succeeds(*command: str | Path) -> bool:
    """Run one command from the project folder; for callers who go on when it fails."""
    return returncode(command) == 0


def run(*command: str | Path) -> None:
    """Run one command from the project folder and stop with its exit code when it fails."""
    if code := returncode(command):
        sys.exit(code if code > 0 else 128 - code)


def returncode(command: tuple[str | Path, ...]) -> int:
    """Show a command, run it and tell how it ended."""
    words = [str(word) for word in command]
    print("+", " ".join(words).replace(f"{ROOT}/", "").partition("\n")[0], flush=True)
    return subprocess.run(words, cwd=ROOT, check=False).returncode


@contextmanager
def in_memory() -> Iterator[None]:
    """Have temporary files in memory where there is room: they need not survive, and databases write a lot of them."""
    try:
        told = os.statvfs(MEMORY)
        fits = told.f_bavail * told.f_frsize >= ROOM and not told.f_flag & os.ST_NOEXEC and os.access(MEMORY, os.W_OK)
    except OSError:
        fits = False
    if not fits:
        yield
        return
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # nothing else would give the memory back
    with tempfile.TemporaryDirectory(prefix="magcheck-tests-", dir=MEMORY, ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o711)  # a server that does not run as root, as PostgreSQL's, has to come through
        before = os.environ.get("TMPDIR")
        os.environ["TMPDIR"] = folder
        try:
            yield
        finally:
            if before is None:
                del os.environ["TMPDIR"]
            else:
                os.environ["TMPDIR"] = before


# --- set-up -----------------------------------------------------------------------------------------------------------


def setup() -> None:
    """Build or refresh .venv from requirements-dev.lock."""
    inputs = [DEV_LOCK.read_bytes(), (ROOT / "pyproject.toml").read_bytes(), sys.version.encode(), str(ROOT).encode()]
    stamp = hashlib.sha256(b"\0".join(inputs)).hexdigest()
    stamp_file = VENV / "magcheck-setup"
    if PYTHON.exists() and stamp_file.exists() and stamp_file.read_text() == stamp:
        return
    print(f"Setting up {VENV} (about half a minute, once) ...", flush=True)
    stamp_file.unlink(missing_ok=True)
    has_pip = create_venv()
    if not install_with_uv(has_pip=has_pip):
        if not has_pip:
            sys.exit("uv failed (see above) and this Python has no ensurepip to fall back on: install python3-venv")
        print("uv is not usable here; installing with pip, which takes longer.", flush=True)
        run(PYTHON, "-m", "pip", "install", "--quiet", "--require-hashes", "-r", DEV_LOCK)
        run(PYTHON, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "-e", ".")
    stamp_file.write_text(stamp)


def create_venv() -> bool:
    """Make .venv with this Python, unless it is there; the answer is whether it has its own pip."""
    configuration = VENV / "pyvenv.cfg"
    made_by = configuration.read_text() if configuration.exists() else ""
    # Its scripts hold the path they were made for, so a moved folder needs a new one as much as another Python does.
    if not (PYTHON.exists() and f"version = {platform.python_version()}\n" in made_by and f"{VENV}\n" in made_by):
        shutil.rmtree(VENV, ignore_errors=True)
        # Debian ships Python without ensurepip unless python3-venv is installed.
        options = [] if importlib.util.find_spec("ensurepip") else ["--without-pip"]
        run(sys.executable, "-m", "venv", *options, VENV)
    return any(VENV.glob("lib/python*/site-packages/pip"))


def install_with_uv(*, has_pip: bool) -> bool:
    """Install the lock with uv, itself installed from the lock; false when that is not possible here."""
    pinned = re.search(r"^uv==.*?(?=^\S|\Z)", DEV_LOCK.read_text(), re.MULTILINE | re.DOTALL)
    if pinned is None:
        return False
    pip = (PYTHON, "-m", "pip") if has_pip else (sys.executable, "-m", "pip", "--python", PYTHON)
    with tempfile.TemporaryDirectory() as folder:
        requirement = Path(folder) / "uv.txt"
        requirement.write_text(pinned.group())
        if not succeeds(*pip, "install", "--quiet", "--require-hashes", "-r", requirement):
            return False
    uv = (PYTHON, "-m", "uv", "pip")
    # Bytecode at once, as pip makes it: else every start compiles anew wherever PYTHONDONTWRITEBYTECODE is set.
    return succeeds(
        *uv, "sync", "--quiet", "--compile-bytecode", "--python", PYTHON, "--require-hashes", DEV_LOCK
    ) and succeeds(*uv, "install", "--quiet", "--python", PYTHON, "--no-deps", "--no-build-isolation", "-e", ".")


# --- tasks ------------------------------------------------------------------------------------------------------------


def task_setup(*_: str) -> None:
    """Build or refresh .venv from the hashed lock."""
    setup()
    print(f"Ready: {BIN.relative_to(ROOT)}/magcheck --help")


def task_serve(*args: str) -> None:
    """Start the service on 127.0.0.1:8000, its database brought up to date (arguments go to `magcheck serve`)."""
    setup()
    if not GUIDE.exists():
        task_guide()
    os.environ.setdefault("MAGCHECK_DATA_DIR", str(ROOT / "var"))
    os.chdir(ROOT)
    # Replaces this process, so that Ctrl-C and signals reach the server itself.
    os.execv(BIN / "magcheck", ["magcheck", "serve", "--dev", *args])


def task_test(*args: str) -> None:
    """Run the tests; without arguments all of them, with the coverage gate on rules/ (arguments go to pytest)."""
    setup()
    if args:
        run(PYTHON, "-m", "pytest", *args)
        return
    # Measuring makes Python take twice as long, wherever it is: only those tests are measured that have to cover.
    coverage = ("--cov", "--cov-report=term-missing:skip-covered")
    # Whoever has nothing left to do takes over half of what the other still has.
    shared = ("-n", "auto", "--dist", "worksteal")
    with in_memory():
        run(PYTHON, "-m", "pytest", *shared, RULES, *coverage)
        run(PYTHON, "-m", "pytest", *shared, *(f"--ignore={path}" for path in (RULES, WAITING, LOADING)))
        run(PYTHON, "-m", "pytest", *shared, WAITING)
        run(PYTHON, "-m", "pytest", LOADING)
        task_browser()


def task_browser(*args: str) -> None:
    """Run the tests that drive a real browser, in processes of their own (arguments go to pytest)."""
    setup()
    # Each file has a service and a browser of its own, and starts them once; the longest come first (its conftest).
    files = ("-n", "auto", "--dist", "loadfile", "--no-loadscope-reorder", "tests/e2e")
    run(PYTHON, "-m", "pytest", "-m", "browser", *(args or files))


def task_lint(*_: str) -> None:
    """Check style, types, import contracts, dependencies, Dockerfile and knowledge; all of them, then tell."""
    setup()
    checks = (
        ("mypy",),  # takes as long as all others, which have the other processor meanwhile
        ("ruff", "check", "."),
        ("ruff", "format", "--check", "."),
        ("lint-imports",),
        ("deptry", "."),
        ("hadolint", "Dockerfile"),
        ("yamllint", "--strict", "."),
        ("magcheck", "knowledge", "format", "--check"),
        ("magcheck", "knowledge", "lint"),
    )
    with ThreadPoolExecutor(max_workers=2) as pool:
        outcomes = pool.map(checked, checks)
        failed = [" ".join(check) for check, passed in zip(checks, outcomes, strict=True) if not passed]
    if failed:
        sys.exit(f"lint: {len(failed)} of {len(checks)} checks failed: {'; '.join(failed)}")
    print(f"lint: all {len(checks)} checks passed")


def checked(check: tuple[str, ...]) -> bool:
    """Run one check and print what it said in one piece, as several run at once; whether it passed."""
    done = subprocess.run(
        [BIN / check[0], *check[1:]], cwd=ROOT, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    print(f"+ {BIN.relative_to(ROOT)}/{' '.join(check)}\n{done.stdout}", end="", flush=True)
    return done.returncode == 0


def task_bench(*args: str) -> None:
    """Run the benchmarks (arguments go to `python -m tests.benchmark`)."""
    setup()
    run(PYTHON, "-m", "tests.benchmark", *args)


def task_screenshots(*args: str) -> None:
    """Make the pictures of the editor that README and guide show, in docs/screenshots or another folder."""
    setup()
    run(PYTHON, "-m", "tests.e2e.screenshots", *args)


def task_openapi(*args: str) -> None:
    """Write openapi/openapi.json from the code; with --check only compare."""
    setup()
    if args not in {(), ("--check",)}:
        sys.exit("openapi takes --check or nothing")
    OPENAPI.parent.mkdir(exist_ok=True)
    run(BIN / "magcheck", "openapi", "--check" if args else "--output", OPENAPI)


def task_sdk(*args: str) -> None:
    """Make the clients from openapi.json in dist/ and try them (arguments: python, typescript, java; else all)."""
    setup()
    run(PYTHON, "-m", "openapi.sdk.make", *args)
    run(PYTHON, "-m", "pytest", "-m", "sdk", "tests/sdk", *(("-k", " or ".join(args)) if args else ()))


def task_tools(*_: str) -> None:
    """Install the tools of Node.js that contract and sdk use, before somebody waits for them."""
    setup()
    run(PYTHON, "-m", "openapi.tools")


def task_guide(*_: str) -> None:
    """Build the user guide out of docs/, for `/docs/guide/` of the service; a link that leads nowhere stops it."""
    setup()
    run(PYTHON, ROOT / "docs" / "build.py", GUIDE)


def task_contract(*args: str) -> None:
    """Lint openapi.json and compare it with the released one (arguments: lint, compare OLD NEW, release)."""
    setup()
    run(PYTHON, "-m", "openapi.contract.check", *args)
    if not args:
        run(PYTHON, "-m", "pytest", "-n", "auto", "-m", "contract", "tests/contract/test_breaking_changes.py")


def task_knowledge(*_: str) -> None:
    """Check the form of the knowledge, lint it, run its worked cases and print its report."""
    setup()
    for command in (("format", "--check"), ("lint",), ("verify",), ("report",)):
        run(BIN / "magcheck", "knowledge", *command)


def task_lock(*args: str) -> None:
    """Resolve the lock files anew from pyproject.toml (arguments go to uv, such as --upgrade)."""
    setup()
    options = ("--universal", "--python-version=3.11", "--generate-hashes", "--no-header", "--no-annotate", "--quiet")
    sources = {
        "requirements.lock": ("pyproject.toml",),
        "requirements-dev.lock": ("pyproject.toml", "--group=dev"),
        "requirements-build.lock": ("--group=build",),
        "openapi/sdk/requirements.lock": ("openapi/sdk/requirements.in",),
    }
    for name, source in sources.items():
        run(PYTHON, "-m", "uv", "pip", "compile", *source, *options, *args, "-o", name)
        if "://" in (ROOT / name).read_text():
            sys.exit(f"{name} names a host; it must hold names, versions and hashes only")


def task_image(*args: str) -> None:
    """Build the container image with buildah and try it (arguments go to `buildah build`)."""
    buildah = shutil.which("buildah")
    if buildah is None or shutil.which("crun") is None:
        sys.exit("needs buildah and crun (Debian: apt-get install buildah crun); nothing else here needs the image")
    # The docker format, because the other one has no place for a health check.
    run(buildah, "build", "--format", "docker", *args, "--tag", IMAGE, ".")
    command = (buildah, "from", IMAGE)
    container = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
    try:
        run(buildah, "run", container, "--", "sh", "-c", TRY_IMAGE)
    finally:
        succeeds(buildah, "rm", container)


def task_sbom(*_: str) -> None:
    """Write the bill of materials of what is shipped, sbom.json (CycloneDX): the locked packages and vendored files."""
    setup()
    options = ("--pyproject", "pyproject.toml", "--mc-type", "application", "--output-reproducible", "--output-file")
    run(BIN / "cyclonedx-py", "requirements", "requirements.lock", *options, SBOM)
    bill = json.loads(SBOM.read_text())
    for component in bill["components"]:
        # Where a package was fetched from is no property of it; what it must hash to is.
        component.pop("description", None)
        fetched = component.pop("externalReferences", [])
        component["hashes"] = [one for reference in fetched for one in reference["hashes"]]
    bill["components"] += map(vendored, sorted(ROOT.glob("service/*/static/vendor/*")))
    SBOM.write_text(json.dumps(bill, indent=2) + "\n")
    run(PYTHON, "-c", VALIDATE_SBOM, SBOM)
    locked = set(re.findall(r"^([A-Za-z0-9._-]+)==", (ROOT / "requirements.lock").read_text(), re.MULTILINE))
    if missing := locked - {component["name"] for component in bill["components"]}:
        sys.exit(f"{SBOM.name} lacks {', '.join(sorted(missing))}")
    print(f"{len(bill['components'])} components in {SBOM.name}")


def vendored(folder: Path) -> dict[str, object]:
    """One folder of vendored files as a component; its VERSION begins with name and version."""
    name, version = (folder / "VERSION").read_text().split()[:2]
    lines = (folder / "SHA256SUMS").read_text().splitlines()
    files = [
        {"type": "file", "name": file, "hashes": [{"alg": "SHA-256", "content": digest}]}
        for digest, file in (line.split(maxsplit=1) for line in lines)
    ]
    purl = f"pkg:npm/{name.replace('@', '%40')}@{version}"
    return {"type": "library", "name": name, "version": version, "purl": purl, "bom-ref": purl, "components": files}


def task_clean(*_: str) -> None:
    """Remove .venv, caches and build results; var/ with its database stays."""
    for name in (".venv", ".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis", ".import_linter_cache", "dist"):
        shutil.rmtree(ROOT / name, ignore_errors=True)
    shutil.rmtree(GUIDE, ignore_errors=True)
    for folder in [*ROOT.glob("*/**/__pycache__"), ROOT / "__pycache__"]:
        shutil.rmtree(folder, ignore_errors=True)
    for file in ROOT.glob(".coverage*"):
        file.unlink()


TASKS: dict[str, Callable[..., None]] = {
    name.removeprefix("task_"): task for name, task in list(globals().items()) if name.startswith("task_")
}


def main() -> None:
    """Run the task named on the command line."""
    if sys.version_info < (3, 11):  # noqa: UP036 - this file is what an older Python is most likely to be given
        sys.exit(f"magcheck needs Python 3.11 or newer, this is {sys.version.split()[0]}")
    # Else each of the many starts of the command, and each worker of the tests, compiles all of it anew.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    name, *args = sys.argv[1:] or ["help"]
    if name in TASKS:
        TASKS[name](*args)
        return
    print(f"{__doc__}\nTasks:")
    for task_name, task in TASKS.items():
        print(f"  {task_name:<12} {task.__doc__}")
    if name not in {"help", "-h", "--help"}:
        sys.exit(f"\nunknown task {name!r}")


if __name__ == "__main__":
    main()
