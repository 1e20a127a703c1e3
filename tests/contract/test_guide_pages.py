"""The built guide: complete, without anything from elsewhere, and handed out under the rules of the other pages."""

from __future__ import annotations

import importlib.util
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from starlette.testclient import TestClient

import dev
from service.api import guide
from service.application.access.hook_clients import HookClientFile, hook_clients_of
from service.application.active import ActiveRuleSet
from service.main import create_app
from service.settings import PREFIX, Environment, Settings
from tests.baseline import packaged_rule_set
from tests.e2e.guide import DOCS, blocks
from tests.reference.lines import HELD_OUT, read_further


def _builder() -> ModuleType:
    spec = importlib.util.spec_from_file_location("guide_build", DOCS / "build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


ROOT = DOCS.parent
BUILDER = _builder()


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("guide") / "pages"
    BUILDER.build(folder)
    return folder


@pytest.fixture
def client(built: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    monkeypatch.setattr(guide, "FOLDER", built)
    app = create_app(Settings(environment=Environment.DEVELOPMENT), ActiveRuleSet())
    with TestClient(app, follow_redirects=False) as client:
        yield client


def test_every_page_is_built_and_can_be_found(built: Path) -> None:
    names = {name.removesuffix(".md") for name in BUILDER.pages()}
    assert {path.stem for path in built.glob("*.html")} == names
    assert {"index", "quick-start", "glossary"} <= names
    found = {
        item["location"].partition(".html")[0] for item in json.loads((built / "search.json").read_text())["items"]
    }
    assert found == names


def test_the_built_guide_has_no_fault(built: Path) -> None:
    assert BUILDER.faults_of(built) == []


@pytest.mark.parametrize(
    ("before", "after", "fault"),
    [
        ("</main>", '<a href="nowhere.html">x</a></main>', "nowhere.html leads nowhere"),
        ("</main>", '<a href="index.html#nothing">x</a></main>', "index.html#nothing: no such chapter"),
        ("</main>", '<a href="../../docs">x</a></main>', "../../docs leads nowhere"),
        ("</main>", '<img src="https://example.org/a.png" alt=""></main>', "loads https://example.org/a.png"),
        ("</main>", "<script>1</script></main>", "inline script"),
        ("</main>", '<p style="color: red">x</p></main>', "inline p"),
        ("</main>", '<p onclick="x()">x</p></main>', "inline onclick"),
    ],
)
def test_faults_of_a_built_guide_are_seen(built: Path, tmp_path: Path, before: str, after: str, fault: str) -> None:
    broken = tmp_path / "broken"
    shutil.copytree(built, broken)
    page = broken / "quick-start.html"
    page.write_text(page.read_text().replace(before, after, 1))
    faults = BUILDER.faults_of(broken)
    assert len(faults) == 1
    assert fault in faults[0]


def test_a_page_that_the_contents_do_not_name_stops_the_build(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    texts = BUILDER.pages()
    monkeypatch.setattr(BUILDER, "pages", lambda: {**texts, "forgotten.md": "# Forgotten\n"})
    with pytest.raises(BUILDER.GuideError, match=r"forgotten\.md"):
        BUILDER.build(tmp_path / "pages")
    assert not (tmp_path / "pages").exists()


def test_the_image_has_what_the_guide_is_built_from(tmp_path: Path) -> None:
    """The Dockerfile copies some files only; the guide has to build from these."""
    for words in re.findall(r"^COPY (?!--from)(.+)$", (ROOT / "Dockerfile").read_text(), re.MULTILINE):
        *sources, target = words.split()
        for source in sources:
            to = tmp_path / target / (Path(source).name if target.endswith("/") else "")
            if (ROOT / source).is_dir():
                shutil.copytree(ROOT / source, to, ignore=shutil.ignore_patterns("guide_pages", "__pycache__", "cases"))
            else:
                to.parent.mkdir(exist_ok=True)
                shutil.copy(ROOT / source, to)
    built = tmp_path / "service" / "api" / "guide_pages"
    done = subprocess.run(
        [sys.executable, tmp_path / "docs" / "build.py", built], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(list(built.glob("*.html"))) == len(BUILDER.pages())


def test_a_broken_link_leaves_the_guide_that_was_there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    folder = tmp_path / "pages"
    folder.mkdir()
    (folder / "index.html").write_text("the one before")
    texts = BUILDER.pages()
    broken = {**texts, "index.md": f"{texts['index.md']}\n[x](quick-start.md#no-such-chapter)\n"}
    monkeypatch.setattr(BUILDER, "pages", lambda: broken)
    with pytest.raises(BUILDER.GuideError, match="no-such-chapter"):
        BUILDER.build(folder)
    assert (folder / "index.html").read_text() == "the one before"


def test_the_folder_of_the_task_is_the_folder_of_the_service() -> None:
    assert dev.GUIDE == guide.FOLDER


def test_the_clients_are_those_of_the_readme() -> None:
    """There they are run; here they only have to be the same."""
    shown = [block for block in blocks(DOCS / "clients.md") if block.kind == "shown"]
    assert [block.language for block in shown] == ["python", "typescript", "java"]
    readme = (ROOT / "README.md").read_text()
    assert all(f"```{block.language}\n{block.text}```" in readme for block in shown)


def test_the_file_of_clients_is_one(tmp_path: Path) -> None:
    (shown,) = [block for block in blocks(DOCS / "cds-hooks.md") if block.kind == "shown"]
    file = tmp_path / "clients.json"
    file.write_text(shown.text)
    hook_clients_of(file, "https://magcheck.hospital.example", development=False)
    (client,) = HookClientFile.model_validate_json(shown.text).clients
    assert client.name == "ward-record"
    assert client.single_use


def test_the_condition_that_is_explained_is_that_of_the_record() -> None:
    (shown,) = [block for block in blocks(DOCS / "writing-rules.md") if block.language == "yaml"]
    record = ROOT / "rules" / "knowledge" / "interactions" / "oral-magnesium-with-reduced-kidney-function.yaml"
    assert f"\n{shown.text}mechanism:" in record.read_text()


def test_the_scope_names_records_and_sources_there_are() -> None:
    rule_set = packaged_rule_set()
    text = (DOCS / "scope.md").read_text()
    prose = re.sub(r"^```.*?^```$", "", text, flags=re.DOTALL | re.MULTILINE)
    records = {
        record.id
        for name in ("interactions", "conditions", "guidance", "reference_ranges")
        for record in getattr(rule_set, name)
    }
    named = set(re.findall(r"`([a-z]+(?:-[a-z0-9]+)+)`", prose))
    assert len(named) > 8
    assert named <= records
    addresses = {citation.address for citation in rule_set.citations}
    linked = set(re.findall(r"\]\((https://[^)]+)\)", prose))
    assert len(linked) > 4
    assert linked <= addresses


def test_how_well_lines_are_read_is_what_was_counted() -> None:
    """The figures of the reference, which its own test holds against what is measured."""
    counted = " ".join((ROOT / "tests" / "reference" / "README.md").read_text().split())
    text = " ".join((DOCS / "scope.md").read_text().split())
    told = re.search(r"a sample of (\d+) lines .*? and (\d+\.\d) % of the substances", text)
    later = re.search(r"On (\d+) lines written afterwards, .*?, (\d+) of the (\d+) with a known medicine", text)
    assert told is not None
    assert later is not None
    lines, share = told.groups()
    assert re.search(rf"\b{lines} lines, \d+ of which name something", counted)
    assert re.search(rf"\| substances \| .* \| \d+ of \d+ \({re.escape(share)} %\) \|", counted)
    written, right, known = later.groups()
    assert len(read_further(HELD_OUT)) == int(written)
    assert (
        f"{right} of the {known} that name a known medicine were recognised ({100 * int(right) / int(known):.0f} %)"
        in counted
    )


def test_upper_levels_are_those_of_the_records() -> None:
    shown = re.findall(r"(\d+) mg", (DOCS / "scope.md").read_text().partition("## Upper levels")[2].partition("##")[0])
    adult = 30
    levels = {
        int(limit.mg_per_day)
        for limit in packaged_rule_set().intake_limits
        if limit.age_years is None or limit.age_years.below is None or limit.age_years.below > adult
    }
    assert {int(one) for one in shown} == levels


def test_the_settings_are_those_there_are_with_their_defaults() -> None:
    """A new setting needs a row; ``none`` stands for an empty one, and words for what is worked out."""
    text = (DOCS / "settings.md").read_text()
    rows = dict(re.findall(r"^\| `(MAGCHECK_[A-Z_]+)` \| (.+?) \| ", text, re.MULTILINE))
    assert rows.keys() == {PREFIX + name.upper() for name in Settings.model_fields}
    worked_out = {"MAGCHECK_DATABASE_URL", "MAGCHECK_DATA_DIR", "MAGCHECK_JWT_ROLE_MAP"}
    for name, field in Settings.model_fields.items():
        variable = PREFIX + name.upper()
        default = str(field.default).lower() if isinstance(field.default, bool) else field.default
        shown = "none" if default in {None, "", ()} else f"`{default}`"
        assert variable in worked_out or rows[variable] == shown, variable


def test_the_guide_is_handed_out_with_the_policy_of_pages(client: TestClient) -> None:
    moved = client.get("/docs/guide")
    assert (moved.status_code, moved.headers["location"]) == (307, "guide/")
    for path, kind in [("", "text/html"), ("quick-start.html", "text/html"), ("guide.js", "text/javascript")]:
        answer = client.get(f"/docs/guide/{path}")
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith(kind)
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'; script-src 'self'; style-src 'self'" in policy
        assert "unsafe" not in policy
    again = client.get("/docs/guide/", headers={"if-none-match": client.get("/docs/guide/").headers["etag"]})
    assert again.status_code == 304


@pytest.mark.parametrize("path", ["nothing.html", "../docs.html", "%2e%2e/guide.py", "..%2fguide.py", "/etc/passwd"])
def test_nothing_else_is_handed_out(client: TestClient, path: str) -> None:
    answer = client.get(f"/docs/guide/{path}")
    assert answer.status_code == 404
    assert answer.json()["code"] == "not-found"


def test_without_a_guide_the_answer_says_how_to_build_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guide, "FOLDER", tmp_path / "none")
    with TestClient(create_app(Settings(environment=Environment.DEVELOPMENT), ActiveRuleSet())) as client:
        answer = client.get("/docs/guide/")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert "python3 dev.py guide" in answer.json()["detail"]


def test_there_is_no_guide_where_pages_are_switched_off() -> None:
    settings = Settings(environment=Environment.DEVELOPMENT, expose_docs=False)
    with TestClient(create_app(settings, ActiveRuleSet())) as client:
        assert client.get("/docs/guide/").status_code == 404
        assert client.get("/docs/guide", follow_redirects=False).status_code == 404
