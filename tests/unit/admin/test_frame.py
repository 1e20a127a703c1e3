"""What holds for every page: the gate, the headers, the files it is made of, and the dashboard."""

from __future__ import annotations

import gzip
import hashlib
import re
from pathlib import Path

import pytest
from fastapi.routing import APIRoute
from starlette.testclient import TestClient

from service.admin import rendering
from service.admin.routes import PageRoute
from service.application.active import ActiveRuleSet
from service.main import create_app
from service.settings import Environment, Settings

VENDORED = Path(rendering.__file__).parent / "static" / "vendor"


def test_the_dashboard_tells_what_is_overdue(client: TestClient) -> None:
    page = client.get("/admin").text
    assert "Rule set 7 answers" in page
    assert 'href="/admin/records/interactions/loop-diuretics-deplete-magnesium"' in page
    assert "due 22 November 2026" in page


@pytest.mark.parametrize(
    "path", ["/admin", "/admin/records", "/admin/records/classes/fluoroquinolones", "/admin/nowhere"]
)
def test_no_page_allows_anything_inline_or_foreign(client: TestClient, path: str) -> None:
    response = client.get(path)
    policy = response.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert response.headers["cache-control"] == "no-store"
    page = response.text
    assert not re.search(r"<script(?![^>]*\ssrc=)", page)
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=", page)
    for address in re.findall(r'<(?:script|link|img)[^>]*(?:src|href)="([^"]+)"', page):
        assert address.startswith("/admin/assets/")
        assert client.get(address).status_code == 200


def test_somebody_who_is_not_known_is_led_to_the_sign_in_and_back(stranger: TestClient) -> None:
    response = stranger.get("/admin/records/classes/fluoroquinolones?")
    assert response.status_code == 303
    assert response.headers["location"] == "/admin/sign-in?back=/admin/records/classes/fluoroquinolones"


def test_files_are_kept_for_good_under_the_digest_of_their_content(client: TestClient) -> None:
    [address] = re.findall(r'"(/admin/assets/[0-9a-f]+/editor\.css)"', client.get("/admin").text)
    plain = client.get(address, headers={"Accept-Encoding": "identity"})
    assert hashlib.sha256(plain.content).hexdigest()[:16] in address
    assert "immutable" in plain.headers["cache-control"]
    with client.stream("GET", address, headers={"Accept-Encoding": "gzip"}) as packed:
        assert packed.headers["content-encoding"] == "gzip"
        assert gzip.decompress(b"".join(packed.iter_raw())) == plain.content
    assert client.get(re.sub(r"[0-9a-f]{16}", "0" * 16, address)).status_code == 404
    assert client.get("/admin/assets/..%2f/secret").status_code == 404


@pytest.mark.parametrize("folder", ["htmx", "tabler"])
def test_vendored_files_are_as_published(folder: str) -> None:
    lines = [line.split("  ") for line in (VENDORED / folder / "SHA256SUMS").read_text().splitlines()]
    told = {name: digest for digest, name in lines}
    found = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in (VENDORED / folder).iterdir()}
    del found["SHA256SUMS"]
    assert told == found


def test_without_a_rule_set_pages_say_so(active: ActiveRuleSet) -> None:
    del active
    with TestClient(create_app(Settings(environment=Environment.DEVELOPMENT), ActiveRuleSet())) as client:
        response = client.get("/admin")
    assert response.status_code == 503
    assert response.headers["retry-after"]
    assert "No rule set has been loaded" in response.text


def test_every_page_is_behind_the_gate(active: ActiveRuleSet) -> None:
    app = create_app(Settings(environment=Environment.DEVELOPMENT), active)
    pages = [route for route in app.routes if isinstance(route, APIRoute) and route.path.startswith("/admin")]
    assert pages
    assert all(isinstance(route, PageRoute) for route in pages)


def test_what_is_not_finished_markup_is_never_put_into_a_page_as_it_stands() -> None:
    with pytest.raises(TypeError, match="only finished markup"):
        rendering._finished("<b>text</b>")  # type: ignore[arg-type]


def test_the_sign_in_page_leads_back_to_pages_of_the_editor_only(stranger: TestClient) -> None:
    page = stranger.get("/admin/sign-in?back=/admin/records/classes/fluoroquinolones")
    assert page.status_code == 200
    assert 'data-back="/admin/records/classes/fluoroquinolones"' in page.text
    for elsewhere in (
        "//evil.example",
        "https://evil.example",
        "/admin/../v1/me",
        "/admin//evil.example",
        "javascript:1",
    ):
        refused = stranger.get("/admin/sign-in", params={"back": elsewhere})
        assert refused.status_code == 422, elsewhere
        assert "evil" not in refused.text
