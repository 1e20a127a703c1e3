"""Makes the clients from the contract, in `dist/`: `python -m openapi.sdk.make [python] [typescript] [java]`.

Each is generated from `openapi/openapi.json`, type-checked strictly and packed: a wheel, an npm tarball, a jar. The
generators are what the lock files here say, in folders of their own below `dist/tools`; nothing of the service's
environment is touched. It publishes nothing.
"""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from openapi.tools import CONTRACT, DIST, ROOT, CannotRun, is_made_from, node_tools, note_made_from, run, version

HERE: Final = Path(__file__).resolve().parent
PYTHON_TOOLS: Final = DIST / "tools" / "python"
NODE_TOOLS: Final = DIST / "tools" / "typescript"
_SCRIPTS: Final = PYTHON_TOOLS / "bin"


def python_tools() -> None:
    """Build the environment of the Python tools from its lock, each package checked by its hash."""
    lock = HERE / "requirements.lock"
    if is_made_from(PYTHON_TOOLS, lock):
        return
    uv = (sys.executable, "-m", "uv")
    run(*uv, "venv", "--quiet", "--allow-existing", "--python", sys.executable, PYTHON_TOOLS)
    run(*uv, "pip", "install", "--quiet", "--python", _SCRIPTS / "python", "--require-hashes", "-r", lock)
    note_made_from(PYTHON_TOOLS, lock)


def _fresh(language: str) -> Path:
    """The folder of one client, empty but for what is written by hand, with the version filled in."""
    folder = DIST / "sdk" / language
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(HERE / language, folder)
    for file in folder.glob("*"):
        if file.is_file():
            file.write_text(file.read_text(encoding="utf-8").replace("{version}", version()), encoding="utf-8")
    (folder / "README.md").write_text(_readme(language), encoding="utf-8")
    return folder


def _readme(language: str) -> str:
    """What the package shows about itself: the example of the project's README."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    _, _, behind = text.partition(f"<!-- replayed: client-{language} -->\n")
    example, fence, _ = behind.partition("\n```\n")
    if not fence:
        sys.exit(f"README.md has no example of the {language} client")
    return f"# magcheck-client {version()}\n\nA client of magcheck, made from its contract.\n\n{example}{fence}"


def make_python() -> Path:
    """The Python client as a wheel, clean under mypy --strict."""
    python_tools()
    folder = _fresh("python")
    package = folder / "magcheck_client"
    asked = ("--meta", "none", "--fail-on-warning", "--config", "generator.yaml", "--output-path", package)
    # It calls ruff, which stands beside it.
    run("openapi-python-client", "generate", "--path", CONTRACT, *asked, cwd=folder, quiet=True, path=_SCRIPTS)
    (package / "py.typed").touch()  # left out where the generator makes no project around the package
    run(
        "mypy",
        "--strict",
        "--config-file",
        "pyproject.toml",
        "--no-error-summary",
        "magcheck_client",
        cwd=folder,
        path=_SCRIPTS,
    )
    run("hatchling", "build", "--target", "wheel", "--directory", DIST, cwd=folder, quiet=True, path=_SCRIPTS)
    return DIST / f"magcheck_client-{version()}-py3-none-any.whl"


def make_typescript() -> Path:
    """The TypeScript client as an npm tarball, clean under tsc with strict."""
    bin_ = node_tools(HERE, "typescript")
    folder = _fresh("typescript")
    shutil.copy(CONTRACT, folder)
    (folder / "node_modules").symlink_to(NODE_TOOLS / "node_modules")
    run(bin_ / "openapi-ts", "--file", "generator.mjs", "--no-log-file", cwd=folder, quiet=True)
    run(bin_ / "tsc", "--project", ".", cwd=folder)
    run("npm", "pack", "--silent", "--pack-destination", DIST, cwd=folder, quiet=True)
    return DIST / f"magcheck-client-{version()}.tgz"


def make_java() -> Path:
    """The Java client as a jar, compiled without a warning that is not about deprecation."""
    java, javac, jar = (shutil.which(name) for name in ("java", "javac", "jar"))
    if java is None or javac is None or jar is None:
        raise CannotRun("needs a JDK (Debian: apt-get install openjdk-17-jdk-headless)")
    python_tools()
    folder = _fresh("java")
    options = ("--input-spec", CONTRACT, "--config", "generator.yaml", "--output", folder)
    # Its validation takes a link whose requestBody is an object, which OpenAPI allows, for a mistake.
    more = ("--skip-validate-spec", f"--additional-properties=artifactVersion={version()}")
    run(java, "-jar", java_libraries(), "generate", *options, *more, cwd=folder, quiet=True)
    classes = folder / "classes"
    sources = sorted((folder / "src" / "main" / "java").rglob("*.java"))
    listed = folder / "sources.txt"
    listed.write_text("\n".join(f'"{source}"' for source in sources), encoding="utf-8")
    checks = ("--release", "11", "-Xlint:all,-deprecation,-serial", "-Werror", "-proc:none")
    run(javac, *checks, "-cp", java_libraries(), "-d", classes, f"@{listed}", cwd=folder)
    made = DIST / f"magcheck-client-{version()}.jar"
    run(jar, "--create", "--file", made, "-C", classes, ".")
    return made


def java_libraries() -> Path:
    """The jar of the generator, which holds Jackson and the annotations that its clients need."""
    [found] = PYTHON_TOOLS.glob("lib/python*/site-packages/openapi_generator_cli/openapi-generator.jar")
    return found


MAKERS: Final[dict[str, Callable[[], Path]]] = {
    "python": make_python,
    "typescript": make_typescript,
    "java": make_java,
}


def main(*languages: str) -> None:
    """Make the clients that were asked for, or all that can be made here."""
    if unknown := set(languages) - MAKERS.keys():
        sys.exit(f"no such client: {', '.join(sorted(unknown))}; there are {', '.join(MAKERS)}")
    for language in languages or MAKERS:
        started = time.monotonic()
        try:
            made = MAKERS[language]()
        except CannotRun as reason:
            if languages:
                sys.exit(f"The {language} client {reason}")
            print(f"The {language} client is left out: it {reason}", flush=True)
        else:
            print(f"{made.relative_to(ROOT)} ({time.monotonic() - started:.0f} s)", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
