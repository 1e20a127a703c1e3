"""A form that is sent: from where it is taken, how often it is done, and what becomes of what was typed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from markupsafe import escape

from service.admin.posting import in_words
from service.errors import StoreUnavailable
from service.storage import drafts
from tests.unit.admin.conftest import HOSTILE
from tests.unit.admin.page_client import PageClient, form_to, forms, page_client

NEW = "/admin/drafts/new"
TITLE = "Intervals of ciprofloxacin"
WHY = "The label of August 2026 names a longer interval.\nSee page 4."


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PageClient]:
    with page_client(tmp_path_factory.mktemp("pages")) as client:
        yield client


def titles(pages: PageClient) -> list[str]:
    with pages.house.store.reading() as session:
        return [row.title for row in drafts.newest(session, state=None, limit=100, offset=0)[0]]


def test_a_form_does_what_the_verb_does(pages: PageClient) -> None:
    address = pages.done("ann", NEW, title=TITLE, reason=WHY.replace("\n", "\r\n"))
    draft_id = address.removeprefix("/admin/drafts/")
    with pages.house.store.reading() as session:
        row = drafts.get(session, draft_id)
        assert row is not None
        assert (row.title, row.opened_by) == (TITLE, f"person/{pages.ids['ann']}")
    trail = pages.get(
        "/v1/audit", headers={"authorization": f"Bearer {pages.tokens['adi']}"}, params={"limit": "100"}
    ).json()["items"]
    [reason] = [one["reason"] for one in trail if one["subject"] == f"draft/{draft_id}"]
    assert reason == WHY  # a line ends as in records, not as browsers send it


def test_sent_twice_it_is_done_once(pages: PageClient) -> None:
    form = pages.form("ann", NEW)
    said = form.filled(title="Done once", reason=WHY)
    first, second = pages.sent("ann", NEW, said), pages.sent("ann", NEW, said)
    assert first.headers["location"] == second.headers["location"]
    assert titles(pages).count("Done once") == 1


def test_sent_again_with_other_words_it_is_told_and_can_be_sent_as_a_new_wish(pages: PageClient) -> None:
    form = pages.form("ann", NEW)
    pages.sent("ann", NEW, form.filled(title="With these words", reason=WHY))
    response = pages.sent("ann", NEW, form.filled(title="With others", reason=WHY))
    assert response.status_code == 422
    assert "This form was sent before" in response.text
    assert "What you typed now was not done." in response.text
    assert "dempotency-Key" not in response.text
    assert "With others" not in titles(pages)
    again = form_to(response.text, NEW)
    assert again.value("title") == "With others"
    assert pages.sent("ann", NEW, again.filled()).status_code == 303
    assert "With others" in titles(pages)


@pytest.mark.parametrize("key", [None, "", "short", "with a space in it"])
def test_a_form_without_its_mark_is_told_in_words_of_the_page_and_can_be_sent(
    pages: PageClient, key: str | None
) -> None:
    title = f"Marked {key}!"
    said = pages.form("ann", NEW).filled(title=title, reason=WHY, idempotency_key=key)
    response = pages.sent("ann", NEW, said)
    assert response.status_code == 400
    assert "The form came incomplete" in response.text
    assert "The form below is complete: send it again." in response.text
    for word in ("dempotency-Key", "dempotency key", "header of"):
        assert word not in response.text
    assert title not in titles(pages)
    again = form_to(response.text, NEW)
    assert pages.sent("ann", NEW, again.filled()).status_code == 303
    assert title in titles(pages)


def test_a_form_that_does_not_say_what_it_was_filled_in_on_is_told_to_be_opened_again(pages: PageClient) -> None:
    draft = pages.done("ann", NEW, title="With a state", reason=WHY)
    path = f"{draft}/discard"
    response = pages.sent("ann", path, pages.form("ann", path).filled(reason=WHY, seen=None))
    assert response.status_code == 428
    assert "The form came incomplete" in response.text
    assert "open the page again, and send it from there" in response.text
    assert "Send it again" not in response.text
    assert pages.sent("ann", path, pages.form("ann", path).filled(reason=WHY)).status_code == 303


def test_a_page_does_not_speak_of_the_contract_of_programs(pages: PageClient) -> None:
    refused = pages.sent("ann", NEW, pages.form("ann", NEW).filled(title=TITLE, reason=""))
    for response in (refused, pages.open("ann", "/admin/drafts/7")):
        assert response.status_code == 422
        assert "This cannot be taken as it is" in response.text
        assert "contract" not in response.text
        assert "`errors`" not in response.text


def test_what_does_not_fit_stands_beside_its_field_and_nothing_typed_is_lost(pages: PageClient) -> None:
    response = pages.sent("ann", NEW, pages.form("ann", NEW).filled(title=HOSTILE * 3, reason=""))
    assert response.status_code == 422
    page = response.text
    assert 'id="wrong-title">At most 200 characters, please.<' in page
    assert 'id="wrong-reason">Please fill this in.<' in page
    assert page.count('aria-invalid="true"') == 2
    assert str(escape(HOSTILE * 3)) in page
    assert "<script>marker" not in page
    assert form_to(page, NEW).value("title") == HOSTILE * 3


def test_what_nobody_sees_is_named(pages: PageClient) -> None:
    """It would stand otherwise in the form of whoever reviews it."""
    typed = "Two \u202esruoh"
    response = pages.sent("ann", NEW, pages.form("ann", NEW).filled(title=typed, reason=WHY))
    assert response.status_code == 422
    assert 'id="wrong-title">Has a character that is not shown' in response.text
    assert "(U+202E, character 5): leave it out.<" in response.text


def test_a_refused_form_can_be_mended_and_sent(pages: PageClient) -> None:
    refused = pages.sent("ann", NEW, pages.form("ann", NEW).filled(title="Mended", reason=""))
    again = form_to(refused.text, NEW)
    assert pages.sent("ann", NEW, again.filled(reason=WHY)).status_code == 303
    assert titles(pages).count("Mended") == 1


@pytest.mark.parametrize(
    "origin",
    ["https://evil.example", "null", "https://localhost.evil.example", "https://localhost:444"],
)
def test_a_form_from_elsewhere_is_not_taken_whoever_asks(pages: PageClient, origin: str) -> None:
    said = pages.form("ann", NEW).filled(title=f"From {origin}", reason=WHY)
    for who in ("ann", None):
        response = pages.sent(who, NEW, said, origin=origin)
        assert response.status_code == 403
        # Not even kept: whoever signs in next would only have to confirm it.
        assert all(form.action != NEW for form in forms(response.text))
    assert f"From {origin}" not in titles(pages)


def test_a_form_that_does_not_say_where_it_comes_from_is_not_taken(pages: PageClient) -> None:
    said = pages.form("ann", NEW).filled(title="From nowhere", reason=WHY)
    assert pages.sent("ann", NEW, said, origin=None).status_code == 403
    assert pages.sent("ann", NEW, said, origin=None, **{"sec-fetch-site": "same-site"}).status_code == 403
    assert pages.sent("ann", NEW, said, origin=None, **{"sec-fetch-site": "cross-site"}).status_code == 403
    assert "From nowhere" not in titles(pages)
    assert pages.sent("ann", NEW, said, origin=None, **{"sec-fetch-site": "same-origin"}).status_code == 303


@pytest.mark.parametrize("content_type", ["text/plain", "multipart/form-data; boundary=x", "application/json", ""])
def test_only_a_form_is_read_as_one(pages: PageClient, content_type: str) -> None:
    said = pages.form("ann", NEW).filled(title="As something else", reason=WHY)
    response = pages.sent("ann", NEW, said, content_type=content_type)
    assert response.status_code == 415
    assert "As something else" not in titles(pages)


@pytest.mark.parametrize("content", [b"title=%ff", b"title=\xc3\xbc", b"&".join(b"a=b" for _ in range(5000))])
def test_what_cannot_be_read_is_refused_and_not_guessed(pages: PageClient, content: bytes) -> None:
    cookie = pages._cookie("ann")
    headers = {**cookie, "origin": "https://localhost", "content-type": "application/x-www-form-urlencoded"}
    assert pages.post(NEW, content=content, headers=headers).status_code == 400


@pytest.mark.parametrize("token", [None, "", "0" * 43, "x"])
def test_without_the_token_of_the_sign_in_nothing_is_done_and_it_can_be_sent_again(
    pages: PageClient, token: str | None
) -> None:
    said = pages.form("ann", NEW).filled(title=f"Token {token}", reason=WHY, csrf_token=token)
    response = pages.sent("ann", NEW, said)
    assert response.status_code == 403
    assert f"Token {token}" not in titles(pages)
    again = form_to(response.text, NEW)
    assert again.value("title") == f"Token {token}"
    assert pages.sent("ann", NEW, again.filled()).status_code == 303


def test_the_token_of_somebody_else_is_not_ones_own(pages: PageClient) -> None:
    theirs = pages.form("bea", NEW).value("csrf_token")
    said = pages.form("ann", NEW).filled(title="With another's token", reason=WHY, csrf_token=theirs)
    assert pages.sent("ann", NEW, said).status_code == 403
    assert "With another's token" not in titles(pages)


def test_a_look_never_changes_anything(pages: PageClient) -> None:
    before = titles(pages)
    said = dict(pages.form("ann", NEW).filled(title="By a look", reason=WHY))
    response = pages.get(NEW, params=said, headers=pages._cookie("ann"))
    assert response.status_code == 422
    assert titles(pages) == before


def test_no_page_with_a_form_can_be_put_into_a_frame(pages: PageClient) -> None:
    for response in (pages.open("ann", NEW), pages.sent("ann", NEW, []), pages.sent(None, NEW, [("title", "x")])):
        assert "frame-ancestors 'none'" in response.headers["content-security-policy"]
        assert response.headers["cache-control"] == "no-store"


def test_who_is_signed_out_meanwhile_signs_in_and_goes_on(pages: PageClient) -> None:
    said = pages.form("bea", NEW).filled(title="Signed out meanwhile", reason=f"{WHY} {HOSTILE}")
    response = pages.sent(None, NEW, said)
    assert response.status_code == 401
    page = response.text
    assert "nothing of what you typed is lost" in page
    assert "data-sign-in-again" in page
    assert "<script>marker" not in page
    again = form_to(page, NEW)
    assert again.value("reason") == f"{WHY} {HOSTILE}"
    assert again.value("csrf_token") == ""
    assert "Signed out meanwhile" not in titles(pages)
    # The script of the page puts in the token that the sign-in answers with; the API tells the same one.
    pages.sign_in_anew("bea")
    me = pages.get("/v1/me", headers={"authorization": f"Bearer {pages.tokens['bea']}"}).json()
    assert pages.sent("bea", NEW, again.filled(csrf_token=me["csrf_token"])).status_code == 303
    assert titles(pages).count("Signed out meanwhile") == 1


def test_a_sign_in_that_ran_out_is_no_sign_in(pages: PageClient) -> None:
    said = pages.form("ann", NEW).filled(title="Too late", reason=WHY)
    pages.house.moved = timedelta(hours=13)
    try:
        response = pages.sent("ann", NEW, said)
    finally:
        pages.house.moved = timedelta()
        for who in pages.ids:
            pages.sign_in_anew(who)
    assert response.status_code == 401
    assert form_to(response.text, NEW).value("title") == "Too late"


def test_a_password_is_never_kept(pages: PageClient) -> None:
    said = [*pages.form("ann", NEW).filled(title="x", reason=""), ("password", "hunter two and a half")]
    for who in ("ann", None):
        assert "hunter two" not in pages.sent(who, NEW, said).text


def test_a_script_is_told_in_the_notice_and_the_page_stays(pages: PageClient) -> None:
    said = pages.form("ann", NEW).filled(title="By a script", reason=WHY)
    out = pages.sent(None, NEW, said, **{"hx-request": "true"})
    assert (out.status_code, out.headers["hx-retarget"]) == (401, "#notice")
    assert "data-sign-in-again" in out.text
    assert "<html" not in out.text
    other = pages.sent("ann", NEW, [*said[1:], ("csrf_token", "old")], **{"hx-request": "true"})
    assert (other.status_code, other.headers["hx-retarget"]) == (403, "#notice")
    assert f'data-new-token="{dict(said)["csrf_token"]}"' in other.text
    search = pages.open(None, "/admin/records", **{"hx-request": "true"})
    assert (search.status_code, search.headers["hx-retarget"]) == (401, "#notice")


def test_a_script_is_led_on_when_it_was_taken(pages: PageClient) -> None:
    said = pages.form("ann", NEW).filled(title="Led on", reason=WHY)
    response = pages.sent("ann", NEW, said, **{"hx-request": "true"})
    assert response.status_code == 200
    assert response.headers["hx-redirect"].startswith("/admin/drafts/")


def test_who_may_not_is_told_so(pages: PageClient) -> None:
    assert pages.open("eve", NEW).status_code == 403
    said = pages.form("ann", NEW).filled(title="By a viewer", reason=WHY)
    response = pages.sent("eve", NEW, said)
    assert response.status_code == 403
    assert "You may not do this" in response.text
    assert "Who asks" not in response.text
    assert "By a viewer" not in titles(pages)


def test_without_the_database_what_was_typed_is_kept(pages: PageClient, monkeypatch: pytest.MonkeyPatch) -> None:
    said = pages.form("ann", NEW).filled(title="While it is away", reason=WHY)

    def away(*_: object, **__: object) -> None:
        raise StoreUnavailable("away")

    with monkeypatch.context() as patch:
        patch.setattr(type(pages.house.store), "writing", away)
        response = pages.sent("ann", NEW, said)
    assert response.status_code == 503
    assert response.headers["retry-after"]
    again = form_to(response.text, NEW)
    assert again.value("title") == "While it is away"
    assert pages.sent("ann", NEW, again.filled()).status_code == 303
    assert titles(pages).count("While it is away") == 1


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ("is required", "Please fill this in."),
        ("must have at most 200 characters", "At most 200 characters, please."),
        ("must match the pattern ^[0-9]$", "It holds a character that cannot be kept, or not what belongs here."),
        (
            "must match the pattern ^[a-z0-9._:-]+$: small letters, and digits",
            "Allowed here: small letters, and digits.",
        ),
        ("must be one of a or b", "Please choose one: a or b."),
        ("the dose must be above zero", "The dose must be above zero."),
    ],
)
def test_faults_are_told_in_words(told: str, words: str) -> None:
    assert in_words(told) == words
