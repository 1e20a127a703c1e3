"""Builds the user guide out of the pages in this folder: `python docs/build.py FOLDER`, with zensical installed.

The result is a folder of plain files that ask for nothing outside. A page that is missing, a link that leads nowhere or
a file from elsewhere stops the build; nothing is put into FOLDER then, and what was there stays.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urlsplit

DOCS = Path(__file__).resolve().parent
ROOT = DOCS.parent
# Documents of the project that are pages as they stand: one text, in the repository and here.
DOCUMENTS = {
    "glossary.md": "GLOSSARY.md",
    "problems.md": "openapi/problems.md",
    "contract-versions.md": "openapi/versioning.md",
    "authoring.md": "rules/knowledge/README.md",
    "severity-policy.md": "rules/knowledge/POLICY.md",
    "changes.md": "CHANGELOG.md",
    "security.md": "SECURITY.md",
}
LEFT_OUT = ("404.html", "sitemap.xml")


class GuideError(Exception):
    """The guide cannot be built; each line says what is wrong and where."""


def pages() -> dict[str, str]:
    """Every page by its name: those in this folder and the documents of the project.

    Raises:
        GuideError: a name is there twice, or a page links to a file that is not there.
    """
    sources = {path.name: path for path in sorted(DOCS.glob("*.md"))}
    if both := sources.keys() & DOCUMENTS.keys():
        raise GuideError(f"pages and documents of the same name: {', '.join(sorted(both))}")
    sources |= {name: ROOT / path for name, path in DOCUMENTS.items()}
    names = {path: name for name, path in sources.items()}
    return {name: _as_page(path, names) for name, path in sources.items()}


def _as_page(source: Path, names: dict[Path, str]) -> str:
    """A text with its links turned to the pages; where a link leads to a file that is none, its words alone.

    Comments go: they tell the tests what to do with a block.
    """

    def turned(found: re.Match[str]) -> str:
        mark, words, target = found.groups()
        file, hash_mark, anchor = target.partition("#")
        if "://" in target or not file:
            return found.group()
        place = Path(os.path.normpath(source.parent / file))
        # Other files of the repository may be absent where an image is built; the tests look after those links.
        if place.is_relative_to(DOCS) and not place.exists():
            raise GuideError(f"{source.relative_to(ROOT)}: {target} leads nowhere")
        if mark:  # an image; they are all in docs/screenshots
            return found.group()
        return f"[{words}]({names[place]}{hash_mark}{anchor})" if place in names else words

    text = re.sub(r"(!?)\[([^\]]+)\]\(([^)\s]+)\)", turned, source.read_text(encoding="utf-8"))
    return re.sub(r"^<!-- .*? -->\n", "", text, flags=re.MULTILINE | re.DOTALL)


def build(folder: Path) -> None:
    """Build the guide and put it in place of ``folder``.

    Raises:
        GuideError: something is missing or wrong.
    """
    texts = pages()
    _check_contents(texts)
    with tempfile.TemporaryDirectory() as temporary:
        stage = Path(temporary)
        (stage / "pages").mkdir()
        for name, text in texts.items():
            (stage / "pages" / name).write_text(text, encoding="utf-8")
        shutil.copytree(DOCS / "screenshots", stage / "pages" / "screenshots")
        shutil.copytree(DOCS / "theme", stage / "theme")
        shutil.copy(DOCS / "guide.yml", stage)
        command = [sys.executable, "-m", "zensical", "build", "--strict", "--config-file", "guide.yml"]
        done = subprocess.run(command, cwd=stage, check=False, capture_output=True, text=True)
        if done.returncode:
            said = re.sub(r"\x1b\[[\d;]*m", "", done.stdout + done.stderr).partition("Traceback")[0]
            raise GuideError(f"zensical stopped:\n{said}")
        site = stage / "site"
        for name in LEFT_OUT:
            (site / name).unlink()
        if faults := faults_of(site):
            raise GuideError("\n".join(faults))
        beside = folder.with_name(f"{folder.name}.new")
        shutil.rmtree(beside, ignore_errors=True)
        shutil.copytree(site, beside)
        shutil.rmtree(folder, ignore_errors=True)
        beside.rename(folder)
    print(f"{len(texts)} pages in {folder}")


def _check_contents(texts: dict[str, str]) -> None:
    """Every page is in the contents once, and the contents name no other."""
    named = re.findall(r"^ +- .*: ([\w-]+\.md)$", (DOCS / "guide.yml").read_text(encoding="utf-8"), re.MULTILINE)
    if sorted(named) != sorted(texts):
        differ = ", ".join(sorted(set(named) ^ texts.keys())) or "one stands there twice"
        raise GuideError(f"guide.yml and the pages do not agree: {differ}")


# --- what was built ---------------------------------------------------------------------------------------------------


class _Page(HTMLParser):
    """The addresses, names and scripts of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.inline: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what the element names, leads to and loads."""
        values = {name: value or "" for name, value in attrs}
        if "id" in values:
            self.ids.add(values["id"])
        if tag == "a" and "href" in values:
            self.links.append(values["href"])
        if tag == "link" and "href" in values:
            self.loaded.append(values["href"])
        if "src" in values:
            self.loaded.append(values["src"])
        if tag == "style" or "style" in values or (tag == "script" and "src" not in values):
            self.inline.append(tag)
        self.inline += [name for name in values if name.startswith("on")]


def faults_of(site: Path) -> list[str]:
    """What is wrong with a built guide: links that lead nowhere, files from elsewhere, anything inline."""
    read = {path: _Page(path.read_text(encoding="utf-8")) for path in sorted(site.rglob("*.html"))}
    found = []
    for path, page in read.items():
        found += [f"{path.name}: inline {name}, which the content security policy refuses" for name in page.inline]
        found += [f"{path.name}: loads {one} from elsewhere" for one in page.loaded if urlsplit(one).scheme]
        for address in [*page.links, *page.loaded]:
            parts = urlsplit(address)
            if parts.scheme:
                continue
            target = (path.parent / parts.path).resolve() if parts.path else path
            if not target.is_file() or not target.is_relative_to(site.resolve()):
                found.append(f"{path.name}: {address} leads nowhere")
            elif parts.fragment and target in read and parts.fragment not in read[target].ids:
                found.append(f"{path.name}: {address}: no such chapter")
    return found


if __name__ == "__main__":
    if len(sys.argv) != 2:  # noqa: PLR2004 - the program and a folder
        sys.exit("takes the folder to build into")
    try:
        build(Path(sys.argv[1]).resolve())
    except GuideError as error:
        sys.exit(str(error))
