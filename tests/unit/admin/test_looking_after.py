"""People, keys, one's own password and the audit trail: the verbs of the API behind forms, and who may see what."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from service.application.principals import Role
from service.storage import access
from service.storage.tables import ApiKeyRow, PersonRow
from tests.entrance import PASSWORD
from tests.unit.admin.conftest import HOSTILE
from tests.unit.admin.page_client import PageClient, page_client
from tests.unit.admin.test_bench import plain

Typed = dict[str, str | list[str] | None]
NEW = "three herons at the weir"


@pytest.fixture
def pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PageClient]:
    with page_client(tmp_path_factory.mktemp("people")) as client:
        for name in ("ada", "bob"):
            client.ids[name] = client.house.person(name, Role.ADMINISTRATOR)
            client.tokens[name] = client.house.signed_in(client.ids[name])
        yield client


def person(pages: PageClient, person_id: str) -> PersonRow:
    with pages.house.store.reading() as session:
        row = access.person(session, person_id)
        assert row is not None
        session.expunge(row)
        return row


def keys(pages: PageClient) -> list[ApiKeyRow]:
    with pages.house.store.reading() as session:
        rows = access.keys(session)
        session.expunge_all()
        return rows


def test_somebody_is_let_in_and_their_password_is_shown_nowhere(pages: PageClient) -> None:
    address = pages.done(
        "ada",
        "/admin/people/new",
        name="Marie Curie",
        login="m.curie",
        roles=["author", "viewer"],
        reason="New in the team.",
        new_password=NEW,
        password=PASSWORD,
    )
    shown = pages.open("ada", address)
    assert NEW not in shown.text
    assert "Marie Curie" in plain(shown.text)
    with pages.house.store.reading() as session:
        row = access.person_of_login(session, "m.curie")
        assert row is not None
        assert (row.name, row.roles, row.created_by) == (
            "Marie Curie",
            ["author", "viewer"],
            f"person/{pages.ids['ada']}",
        )


@pytest.mark.parametrize(
    ("typed", "status", "name"),
    [
        ({"password": "not this one"}, 403, "password"),
        ({"password": ""}, 403, "password"),
        ({"new_password": "short"}, 422, "new_password"),
        ({"new_password": "password1234"}, 422, "new_password"),
        ({"login": "Not A Login"}, 422, "login"),
        ({"login": "ann"}, 409, None),
        ({"name": ""}, 422, "name"),
        ({"reason": ""}, 422, "reason"),
        ({"roles": ["emperor"]}, 422, "roles"),
    ],
)
def test_what_is_refused_comes_back_without_any_password(
    pages: PageClient, typed: Typed, status: int, name: str | None
) -> None:
    said: Typed = {"name": HOSTILE[:100], "login": "m.curie", "roles": ["author"], "reason": "New."}
    said["new_password"] = NEW
    form = pages.form("ada", "/admin/people/new")
    response = pages.sent("ada", form.action, form.filled(**{**said, "password": PASSWORD, **typed}))
    assert response.status_code == status
    assert name is None or f'id="wrong-{name}"' in response.text
    assert NEW not in response.text
    assert PASSWORD not in response.text
    assert "<script>marker" not in response.text
    again = pages.form("ada", "/admin/people/new")
    assert again.value("login") == ""
    with pages.house.store.reading() as session:
        assert access.person_of_login(session, "m.curie") is None


def test_roles_and_disabling_are_changed_against_what_was_seen(pages: PageClient) -> None:
    eve = pages.ids["eve"]
    path = f"/admin/people/{eve}"
    form = pages.form("ada", path)
    assert [text for key, text in form.fields if key == "roles"] == ["viewer"]
    said = form.filled(roles=["viewer", "author"], reason="Writes from now on.", password=PASSWORD)
    assert pages.sent("ada", path, said).headers["location"] == f"{path}?done=changed"
    assert person(pages, eve).roles == ["author", "viewer"]
    late = pages.sent("bob", path, pages.form("bob", path).filled(seen="1", reason="Late.", password=PASSWORD))
    assert late.status_code == 412
    assert "Somebody changed it after you opened this page" in plain(late.text)
    pages.done("ada", path, disabled="true", reason="Left.", password=PASSWORD)
    assert person(pages, eve).disabled_at is not None
    assert person(pages, eve).roles == ["author", "viewer"]
    pages.done("ada", path, disabled=None, reason="Came back.", password=PASSWORD)
    assert person(pages, eve).disabled_at is None


def test_nobody_gives_themselves_a_role(pages: PageClient) -> None:
    path = f"/admin/people/{pages.ids['ada']}"
    form = pages.form("ada", path)
    said = form.filled(roles=["administrator", "publisher"], reason="I would like to.", password=PASSWORD)
    response = pages.sent("ada", path, said)
    assert response.status_code == 403
    assert "gives themselves a role" in plain(response.text)
    assert person(pages, pages.ids["ada"]).roles == ["administrator"]


def test_a_forgotten_password_is_set_anew(pages: PageClient) -> None:
    path = f"/admin/people/{pages.ids['eve']}/password"
    before = person(pages, pages.ids["eve"]).password_hash
    pages.done("ada", path, new_password=NEW, reason="Forgotten.", password=PASSWORD)
    assert person(pages, pages.ids["eve"]).password_hash != before
    assert pages.open("eve", "/admin").status_code == 303  # all their sign-ins have ended


def test_ones_own_password_needs_the_present_one(pages: PageClient) -> None:
    form = pages.form("eve", "/admin/account")
    wrong = pages.sent("eve", form.action, form.filled(new_password=NEW, password="not this one"))
    assert wrong.status_code == 403
    assert pages.open("eve", "/admin").status_code == 200
    pages.done("eve", "/admin/account", new_password=NEW, password=PASSWORD)
    assert pages.open("eve", "/admin").status_code == 303


def test_a_key_is_shown_once(pages: PageClient) -> None:
    form = pages.form("ada", "/admin/keys/new")
    said = form.filled(
        name="Ward 3",
        roles=["client"],
        requests_per_minute="600",
        expires_on="2099-12-31",
        reason="Live.",
        password=PASSWORD,
    )
    made = pages.sent("ada", form.action, said)
    assert made.status_code == 200
    assert made.headers["cache-control"] == "no-store"
    [key] = re.findall(r'value="(mck_[^"]+)"', made.text)
    [row] = keys(pages)
    assert (row.name, row.roles, row.requests_per_minute) == ("Ward 3", ["client"], 600)
    assert row.expires_at == datetime(2099, 12, 31, 23, 59, 59, tzinfo=UTC)
    me = pages.get("/v1/me", headers={"x-api-key": key})
    assert me.json()["id"] == f"key/{row.id}"
    again = pages.sent("ada", form.action, said)
    assert again.headers["location"] == "/admin/keys?done=made-before"
    listed = pages.open("ada", again.headers["location"])
    assert "shown once" in plain(listed.text)
    assert key not in listed.text
    assert len(keys(pages)) == 1


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ({"name": ""}, "name"),
        ({"roles": []}, "roles"),
        ({"roles": ["publisher"]}, "roles"),
        ({"expires_on": "soon"}, "expires_on"),
        ({"requests_per_minute": "0"}, "requests_per_minute"),
        ({"requests_per_minute": "many"}, "requests_per_minute"),
    ],
)
def test_a_key_that_cannot_be_is_not_made(pages: PageClient, typed: Typed, name: str) -> None:
    form = pages.form("ada", "/admin/keys/new")
    said: Typed = {"name": "Ward 3", "roles": ["client"], "reason": "Live.", "password": PASSWORD}
    response = pages.sent("ada", form.action, form.filled(**{**said, **typed}))
    assert response.status_code == 422
    assert f'id="wrong-{name}"' in response.text
    assert keys(pages) == []


def test_a_key_is_revoked_for_good(pages: PageClient) -> None:
    token = pages.house.key(Role.CLIENT)
    [row] = keys(pages)
    path = f"/admin/keys/{row.id}/revoke"
    assert pages.done("ada", path, reason="It was sent by mail.") == "/admin/keys?done=revoked"
    assert pages.get("/v1/me", headers={"x-api-key": token}).status_code == 401
    assert "Revoked" in plain(pages.open("ada", "/admin/keys").text)
    assert pages.open("ada", "/admin/keys/0123456789ab/revoke").status_code == 404


@pytest.mark.parametrize(
    "path", ["/admin/people", "/admin/people/new", "/admin/people/0123456789ab", "/admin/keys", "/admin/keys/new"]
)
def test_people_and_keys_are_for_administrators(pages: PageClient, path: str) -> None:
    for who in ("ann", "rex", "pia", "adi", "eve", "cli"):
        assert pages.open(who, path).status_code == 403, who
    assert pages.open("ada", path).status_code in {200, 404}


# --- the audit trail --------------------------------------------------------------------------------------------------


def entries(pages: PageClient, query: str = "") -> list[str]:
    """The numbers of the entries that are shown."""
    page = pages.open("adi", f"/admin/audit{query}")
    assert page.status_code == 200, page.text
    return re.findall(r'<li><span class="row-main"><span class="soft">(\d+)</span>', page.text)


def test_the_trail_is_found_by_person_action_subject_and_day(pages: PageClient) -> None:
    pages.done("ann", "/admin/drafts/new", title="Mine", reason=f"Because. {HOSTILE}")
    address = pages.done("bea", "/admin/drafts/new", title="Hers", reason="Because.")
    draft = address.removeprefix("/admin/")
    page = pages.open("adi", "/admin/audit").text
    assert f'href="{address}"' in page
    assert "<script>marker" not in page
    every = entries(pages)
    assert every == sorted(every, key=int, reverse=True)
    ann = pages.ids["ann"]
    of_ann = entries(pages, f"?person=person/{ann}")
    assert len(entries(pages, f"?person=person/{ann}&action=draft_open")) == 1
    assert len(entries(pages, "?action=draft_open")) == 2
    assert entries(pages, f"?subject=drafts/{draft}") == []
    subject = f"draft/{draft.removeprefix('drafts/')}"
    assert len(entries(pages, f"?subject={subject}")) == 1
    today = datetime.now(UTC).date().isoformat()
    assert of_ann[0] in entries(pages, f"?since={today}&until={today}")
    assert of_ann[0] not in entries(pages, "?until=2020-01-01")
    assert entries(pages, "?since=2999-01-01") == []
    assert "No entry fits." in pages.open("adi", "/admin/audit?since=2999-01-01&until=9999-12-31").text
    beyond = pages.open("adi", "/admin/audit?page=400").text
    assert "No entry stands so far back." in beyond
    assert "No entry fits." not in beyond
    assert entries(pages, "?person=&action=&subject=&since=&until=") == every


def test_the_trail_is_for_auditors(pages: PageClient) -> None:
    for who in ("ann", "pia", "eve", "ada"):
        assert pages.open(who, "/admin/audit").status_code == 403, who
        assert pages.open(who, "/admin/audit/verification").status_code == 403, who


def test_a_trail_that_somebody_wrote_in_is_told(pages: PageClient) -> None:
    assert "Intact" in plain(pages.open("adi", "/admin/audit/verification").text)
    with pages.house.store.engine.begin() as connection:
        for (name,) in connection.execute(sa.text("select name from sqlite_master where type = 'trigger'")).all():
            connection.execute(sa.text(f"drop trigger {name}"))
        connection.execute(sa.text("update audit_entry set reason = 'another' where sequence = 2"))
    text = plain(pages.open("adi", "/admin/audit/verification").text)
    assert "Entry 2: its content does not match its hash." in text


def test_the_trail_names_people_keys_and_drafts(pages: PageClient) -> None:
    pages.done("ann", "/admin/drafts/new", title=f"About quinolones {HOSTILE[:40]}", reason="Because.")
    page = pages.open("adi", "/admin/audit?action=draft_open").text
    assert "Opened the draft “About quinolones <script>" in plain(page)
    assert f'"/admin/audit?subject=draft/{re.findall("draft/([0-9a-f-]{36})", page)[0]}"' in page
    assert pages.open("ada", "/admin/people").status_code == 200  # the desk has looked who is new
    text = plain(pages.open("adi", "/admin/audit").text)
    assert "Signed in: Ada" in text
    assert "Let somebody in: Ada" in text
    assert "tests, on the machine itself" in text


def test_who_has_left_is_still_called_by_name(pages: PageClient) -> None:
    pages.done("ann", "/admin/drafts/new", title="Hers", reason="Because.")
    token = pages.house.key(Role.AUTHOR)
    ann = pages.ids["ann"]
    pages.done("ada", f"/admin/people/{ann}", disabled="true", reason="Has left.", password=PASSWORD)
    [key] = keys(pages)
    pages.done("ada", f"/admin/keys/{key.id}/revoke", reason="Lost.")
    assert pages.get("/v1/me", headers={"x-api-key": token}).status_code == 401
    text = plain(pages.open("adi", "/admin/audit").text)
    assert "Changed the account of Ann" in text
    assert "Revoked the key a key" in text
    assert ann not in text
    text = plain(pages.open("bea", "/admin/drafts").text)
    assert "opened by Ann" in text


def test_the_dashboard_and_histories_name_people(pages: PageClient) -> None:
    address = pages.done("ann", "/admin/drafts/new", title="Hers", reason="Because.")
    pages.done("ann", f"{address}/records/citations/example-label/withdraw", reason="It is gone.")
    for path in ("/admin", "/admin/records/citations/example-label", "/admin/records/citations/example-label/change"):
        page = pages.open("bea", path)
        assert page.status_code == 200, path
        assert pages.ids["ann"] not in page.text, path
    assert "Withdrawn by Ann" in plain(pages.open("bea", "/admin/records/citations/example-label").text)


def test_who_signs_in_elsewhere_has_no_password_to_change(pages: PageClient) -> None:
    with pages.house.store.writing() as session:
        row = access.person(session, pages.ids["eve"])
        assert row is not None
        row.issuer, row.subject, row.password_hash = "https://idp.example", "eve", None
        access.add(session, row)
    pages.sign_in_anew("eve")
    page = pages.open("eve", "/admin/account").text
    assert "You sign in through your organisation" in plain(page)
    assert "new_password" not in page
    assert "new_password" in pages.open("ann", "/admin/account").text
