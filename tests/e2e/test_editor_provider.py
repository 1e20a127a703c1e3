"""Signing in through an identity provider in a real Chromium, with a provider that others have written.

It is `oidc-provider-mock`, as a program of its own: it puts Authlib's server behind pages with buttons.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from tests.e2e.chromium import Watched, asked, chromium, served, watched
from tests.e2e.test_cli_serve import free_port

pytestmark = pytest.mark.browser

START_SECONDS = 60.0
LOOKS = pytest.mark.parametrize(("dark", "width"), [(False, 1280), (True, 1280), (False, 820), (True, 820)])


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    chromium()
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    log = tmp_path_factory.mktemp("provider") / "log"
    with log.open("w") as output:
        arguments = ["-W", "ignore", "-m", "oidc_provider_mock", "--port", str(port), "--require-nonce", "true"]
        process = subprocess.Popen([sys.executable, *arguments], stdout=output, stderr=output)
        try:
            end = time.monotonic() + START_SECONDS
            while True:
                try:
                    urllib.request.urlopen(f"{address}/jwks", timeout=5).close()  # noqa: S310 - on this machine
                    break
                except OSError:
                    assert time.monotonic() < end, log.read_text()[-2000:]
                    time.sleep(0.2)
            known(address, "anna", name="Anna Berg", groups=["pharmacy", "mg authors"])
            known(address, "zoe", name="Zoe Elsewhere", groups=["gardeners"])
            yield address
        finally:
            process.terminate()
            process.wait(30)


def known(address: str, subject: str, **claims: Any) -> None:  # noqa: ANN401 - any claim
    """Let the provider know somebody."""
    headers = {"Content-Type": "application/json"}
    content = json.dumps(claims).encode()
    sent = urllib.request.Request(f"{address}/users/{subject}", content, headers, method="PUT")  # noqa: S310
    urllib.request.urlopen(sent, timeout=10).close()  # noqa: S310


def led_to(provider: str, port: int, **more: str) -> dict[str, str]:
    """Settings of a service whose people the provider vouches for."""
    return {
        "MAGCHECK_PUBLIC_URL": f"http://127.0.0.1:{port}",
        "MAGCHECK_OIDC_ISSUER": provider,
        "MAGCHECK_OIDC_CLIENT_ID": "magcheck",
        "MAGCHECK_OIDC_CLIENT_SECRET": "known to both",
        "MAGCHECK_OIDC_ROLE_MAP": "mg authors=author, pharmacy=viewer",
        **more,
    }


@pytest.fixture(scope="module")
def service(provider: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    port = free_port()
    with served(tmp_path_factory.mktemp("service"), port=port, **led_to(provider, port)) as address:
        yield address


@pytest.fixture(scope="module")
def left_alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A service whose provider is not there, and that takes no passwords."""
    port, nowhere = free_port(), free_port()
    settings = led_to(f"http://127.0.0.1:{nowhere}", port, MAGCHECK_PASSWORD_SIGN_IN="false")
    with served(tmp_path_factory.mktemp("left-alone"), port=port, **settings) as address:
        yield address


def context(browser: Browser, *, scripts: bool) -> BrowserContext:
    """A browser that has signed in nowhere, and reaches this machine only: the provider's pages want a style sheet."""
    made = browser.new_context(java_script_enabled=scripts)
    made.route("**/*", here_only)
    return made


def here_only(route: Route) -> None:
    if route.request.url.startswith("http://127.0.0.1:"):
        route.continue_()
    else:
        route.abort()


def sign_in(page: Page, service: str, subject: str, back: str = "/admin") -> None:
    """By the button, as people do."""
    page.goto(f"{service}/admin/sign-in?back={back}")
    page.get_by_role("link", name="Sign in with your organisation").click()
    page.get_by_placeholder("sub").fill(subject)
    page.get_by_role("button", name="Authorize").click()


def test_sign_in_land_on_the_dashboard_and_sign_out_here_and_there(
    browser: Browser, service: str, provider: str
) -> None:
    with context(browser, scripts=True) as made:
        page = made.new_page()
        faults: list[str] = []
        page.on("pageerror", lambda error: faults.append(str(error)))
        sign_in(page, service, "anna")
        page.wait_for_url(f"{service}/admin")
        expect(page.locator(".who")).to_have_text("Anna Berg")
        cookies = {str(cookie.get("name")): cookie for cookie in made.cookies(service)}
        (cookie,) = [kept for name, kept in cookies.items() if name == "magcheck-development"]
        assert (cookie.get("httpOnly"), cookie.get("sameSite")) == (True, "Lax")
        assert "magcheck-development-journey" not in cookies
        me = page.evaluate("fetch('/v1/me').then(answer => answer.json())")
        assert (me["name"], sorted(me["roles"]), me["kind"]) == ("Anna Berg", ["author", "viewer"], "person")
        page.get_by_role("button", name="Sign out").click()
        page.wait_for_url(f"{service}/admin/sign-in")
        assert "magcheck-development" not in {cookie.get("name") for cookie in made.cookies(service)}
        page.get_by_role("link", name="Sign out there").click()
        page.wait_for_url(f"{provider}/oauth2/end_session?*")
        page.get_by_role("button", name="End session").click()
        page.wait_for_url(f"{service}/admin/sign-in")
        assert faults == []
    people = asked(service, "GET", "/v1/people")["items"]
    assert [(one["name"], one["identity_provider"]) for one in people if one["name"] == "Anna Berg"] == [
        ("Anna Berg", provider)
    ]


def test_without_scripts_and_back_to_where_one_came_from(browser: Browser, service: str) -> None:
    with context(browser, scripts=False) as made:
        page = made.new_page()
        sign_in(page, service, "anna", back="/admin/records")
        page.wait_for_url(f"{service}/admin/records")
        expect(page.locator(".who")).to_have_text("Anna Berg")


def test_somebody_without_a_role_is_told_and_not_let_in(browser: Browser, service: str) -> None:
    with context(browser, scripts=False) as made:
        page = made.new_page()
        sign_in(page, service, "zoe")
        expect(page.locator("h1")).to_have_text("The sign-in was not taken")
        expect(page.get_by_text("None of your groups at the identity provider has a role here")).to_be_visible()
        assert "magcheck-development" not in {cookie.get("name") for cookie in made.cookies(service)}
    assert "Zoe Elsewhere" not in {one["name"] for one in asked(service, "GET", "/v1/people")["items"]}


def test_somebody_who_changes_their_mind_is_told(browser: Browser, service: str) -> None:
    with context(browser, scripts=False) as made:
        page = made.new_page()
        page.goto(f"{service}/admin/sign-in")
        page.get_by_role("link", name="Sign in with your organisation").click()
        page.get_by_role("button", name="Deny").click()
        # This provider leaves out the state when it refuses, so what it says is not taken for its word either.
        expect(page.locator("h1")).to_have_text("The sign-in was not taken")


def look_at(watch: Watched, what: str) -> None:
    assert watch.axe() == [], what
    assert watch.fits(), what


@LOOKS
def test_nobody_is_kept_out_where_people_sign_in(browser: Browser, service: str, dark: bool, width: int) -> None:  # noqa: FBT001
    watch = watched(browser, service, dark=dark, width=width)
    page = watch.open("/admin/sign-in?back=/admin/records")
    expect(page.get_by_role("link", name="Sign in with your organisation")).to_be_visible()
    look_at(watch, "both ways")
    page.get_by_label("Name").fill("nobody.known")
    page.get_by_label("Password").fill("not the password of anybody")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_have_text("The name or the password is not right.")
    look_at(watch, "a name that is not known")
    watch.answered(401)
    # What the provider sends people back with when it refuses them, or when they never set out from here.
    page = watch.open("/v1/sign-ins/provider/return?error=access_denied&state=of-nobody")
    expect(page.locator("h1")).to_have_text("The sign-in was not taken")
    look_at(watch, "refused")
    watch.answered(403)
    page.context.close()
    assert watch.faults == []


@LOOKS
def test_nobody_is_kept_out_while_the_provider_is_away(
    browser: Browser,
    left_alone: str,
    dark: bool,  # noqa: FBT001
    width: int,
) -> None:
    watch = watched(browser, left_alone, dark=dark, width=width)
    page = watch.open("/admin/sign-in")
    expect(page.get_by_label("Password")).to_have_count(0)
    look_at(watch, "by the provider alone")
    page.get_by_role("link", name="Sign in with your organisation").click()
    expect(page.locator(".failure-number")).to_have_text("503")
    look_at(watch, "the provider is away")
    watch.answered(503)
    page.context.close()
    assert watch.faults == []


def test_refused_by_the_provider_a_person_reads_why(browser: Browser, service: str) -> None:
    """As `test_somebody_without_a_role_is_told_and_not_let_in`, looked at."""
    with context(browser, scripts=True) as made:
        watch = watched(browser, service, context=made)
        sign_in(watch.page, service, "zoe")
        expect(watch.page.locator("h1")).to_have_text("The sign-in was not taken")
        look_at(watch, "without a role")
