"""The packed clients, installed as users do, against a running server: the README's examples, and what is refused."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from openapi.sdk import make
from openapi.tools import DIST, version
from tests.sdk.conftest import ROOT

CLIENTS: Final = Path(__file__).parent / "clients"
# Which interactions the two medicines of the examples have: the label of Cipro names the first.
FOUND: Final = "major: Oral quinolone antibiotic with an oral magnesium product"
# A stranger's key, no such record, a line that says nothing, a draft seen as it never was, one that is gone.
REFUSED: Final = [
    "401 not-authenticated",
    "404 not-found",
    "422 invalid-request /medications/0",
    "412 precondition-failed",
    "409 illegal-step",
]

pytestmark = pytest.mark.sdk


def made(pattern: str) -> Path:
    """What `dev.py sdk` has packed for this version of the contract."""
    path = DIST / pattern.format(version())
    if not path.exists():
        pytest.skip(f"{path.name} was not made on this machine; python3 dev.py sdk says why")
    return path


def example(language: str, address: str, key: str) -> str:
    """The example in the README, with the address and the key of this test."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    [block] = re.findall(
        rf"^<!-- replayed: client-{language} -->\n```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL
    )
    assert block.count("http://127.0.0.1:8000") == 1
    assert block.count("mck_…") == 1
    return str(block.replace("http://127.0.0.1:8000", address).replace("mck_…", key))


def run(*command: str | Path, cwd: Path) -> str:
    done = subprocess.run([str(word) for word in command], cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


# --- Python -----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python that has the wheel, and of the tools' environment what the wheel needs."""
    wheel = made("magcheck_client-{}-py3-none-any.whl")
    folder = tmp_path_factory.mktemp("python")
    uv = (sys.executable, "-m", "uv")
    run(*uv, "venv", "--quiet", "--python", sys.executable, folder / "venv", cwd=folder)
    # The versions of the lock, so that nothing new is fetched.
    lock = ROOT / "openapi" / "sdk" / "requirements.lock"
    install = ("pip", "install", "--quiet", "--python", folder / "venv" / "bin" / "python", "--constraint", lock)
    run(*uv, *install, "--no-verify-hashes", wheel, cwd=folder)
    return folder


def test_the_python_example_of_the_readme_runs(python: Path, address: str, api_key: str) -> None:
    (python / "example.py").write_text(example("python", address, api_key))
    assert FOUND in run(python / "venv" / "bin" / "python", "example.py", cwd=python).splitlines()


def test_the_python_client_types_what_is_refused(python: Path, address: str, api_key: str) -> None:
    shown = run(python / "venv" / "bin" / "python", CLIENTS / "faults.py", address, api_key, cwd=python)
    assert shown.splitlines() == REFUSED


def test_the_python_programs_are_clean_under_mypy_strict(python: Path) -> None:
    (python / "example.py").write_text(example("python", "http://127.0.0.1:1", "none"))
    options = ("--strict", "--config-file=", "--python-executable", python / "venv" / "bin" / "python")
    mypy = make.PYTHON_TOOLS / "bin" / "mypy"
    run(mypy, *options, "example.py", CLIENTS / "faults.py", cwd=python)
    # The types are there, and say something: the same program with a field that there is not is refused.
    wrong = (CLIENTS / "faults.py").read_text().replace("answer.status is", "answer.standing is")
    (python / "wrong.py").write_text(wrong)
    with pytest.raises(AssertionError, match=r'"CheckAnswer" has no attribute "standing"'):
        run(mypy, *options, "wrong.py", cwd=python)


# --- TypeScript -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project that has the tarball installed."""
    tarball = made("magcheck-client-{}.tgz")
    folder = tmp_path_factory.mktemp("node")
    (folder / "package.json").write_text('{"name": "pharmacy", "private": true, "type": "module"}')
    options = ("--offline", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
    run("npm", "install", *options, tarball, cwd=folder)
    return folder


def compiled(node: Path, name: str, source: str) -> None:
    (node / f"{name}.ts").write_text(source)
    options = ("--strict", "--noUncheckedIndexedAccess", "--target", "ES2022", "--module", "NodeNext")
    libraries = ("--lib", "ES2022,DOM,DOM.Iterable")
    run(make.NODE_TOOLS / "node_modules" / ".bin" / "tsc", *options, *libraries, f"{name}.ts", cwd=node)


def test_the_typescript_example_of_the_readme_compiles_and_runs(node: Path, address: str, api_key: str) -> None:
    compiled(node, "example", example("typescript", address, api_key))
    assert FOUND in run("node", "example.js", cwd=node).splitlines()


def test_the_typescript_client_types_what_is_refused(node: Path, address: str, api_key: str) -> None:
    compiled(node, "faults", (CLIENTS / "faults.ts").read_text())
    assert run("node", "faults.js", address, api_key, cwd=node).splitlines() == REFUSED


def test_the_typescript_types_refuse_a_word_that_there_is_not(node: Path) -> None:
    wrong = (CLIENTS / "faults.ts").read_text().replace('CheckStatus = "complete"', 'CheckStatus = "safe"')
    with pytest.raises(AssertionError, match=r"\"safe\"' is not assignable to type 'CheckStatus'"):
        compiled(node, "wrong", wrong)


# --- Java -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def java(tmp_path: Path) -> tuple[Path, str]:
    """A folder, and a class path with the jar and the libraries it needs."""
    jar = made("magcheck-client-{}.jar")
    assert shutil.which("javac")
    return tmp_path, f"{jar}:{make.java_libraries()}:{tmp_path}"


def test_the_java_example_of_the_readme_runs(java: tuple[Path, str], address: str, api_key: str) -> None:
    folder, class_path = java
    packages = ("", ".api", ".model")
    imports = "\n".join(f"import org.magcheck.client{package}.*;" for package in packages)
    body = example("java", address, api_key)
    source = f"{imports}\nclass Example {{ public static void main(String[] a) throws ApiException {{\n{body}}} }}\n"
    (folder / "Example.java").write_text(source)
    run("javac", "-proc:none", "-cp", class_path, "Example.java", cwd=folder)
    assert FOUND in run("java", "-cp", class_path, "Example", cwd=folder).splitlines()


def test_the_java_client_types_what_is_refused(java: tuple[Path, str], address: str, api_key: str) -> None:
    folder, class_path = java
    run("javac", "-proc:none", "-Xlint:all", "-cp", class_path, "-d", folder, CLIENTS / "Faults.java", cwd=folder)
    assert run("java", "-cp", class_path, "Faults", address, api_key, cwd=folder).splitlines() == REFUSED
