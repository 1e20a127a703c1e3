"""Keys, people and sign-ins: what is kept, what counts, and what ends it. On both databases."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import orjson
import pytest
from sqlalchemy import text

from service.application.access import attempts, reauthentication
from service.application.access.book import AccessBook, read_book
from service.application.access.credentials import new_key, sign_in_id_of
from service.application.access.desk import Desk
from service.application.access.keys import revoke_key
from service.application.access.people import change_person, set_password
from service.application.access.sign_ins import SignedIn, Ways, sign_in, sign_out
from service.application.drafts import Act
from service.application.keyring import Keyring
from service.application.principals import DEVELOPER, PEOPLE_ONLY, Permission, Principal, PrincipalKind, Role
from service.errors import (
    ChangedMeanwhile,
    IllegalStep,
    NotAuthenticated,
    NotPermitted,
    ReauthenticationRequired,
    TooManyAttempts,
)
from service.storage import access
from service.storage.session import Store
from tests.entrance import OPERATOR, PASSWORD, PASSWORDS, House
from tests.keys import ANOTHER_SECRET_KEY, KEYRING, SECRET_KEY

HOME = "192.0.2.7"
ELSEWHERE = "198.51.100.9"


@pytest.fixture
def house(store: Store) -> House:
    return House(store)


@pytest.fixture
def desk(house: House) -> Desk:
    """Of one worker; it has to be told to look."""
    return Desk(KEYRING, house.store, clock=house.clock)


def everything_stored(store: Store) -> str:
    """All that stands in the tables of access and in the trail, as text."""
    with store.reading() as session:
        tables = ("person", "api_key", "sign_in", "sign_in_attempt", "audit_entry")
        rows = [session.connection().execute(text(f"select * from {table}")).all() for table in tables]  # noqa: S608
        return str([tuple(row) for table in rows for row in table])


def log_in(house: House, login: str, password: str = PASSWORD, source: str = HOME, **more: Any) -> SignedIn:  # noqa: ANN401
    ways = Ways(house.store, KEYRING, PASSWORDS)
    return sign_in(ways, login=login, password=password, source=source, now=house.now(), **more)


def act_of(house: House, person_id: str) -> Act:
    roles = frozenset({Role.ADMINISTRATOR})
    principal = Principal(f"person/{person_id}", "Somebody", PrincipalKind.PERSON, roles, person_id=person_id)
    return Act(principal, "for a test", house.now())


# --- keys -------------------------------------------------------------------------------------------------------------


def test_a_key_is_kept_as_a_keyed_hash_only(house: House, desk: Desk) -> None:
    token = house.key(Role.CLIENT)
    desk.refresh()
    principal = desk.by_key(token)
    assert principal is not None
    assert principal.roles == {Role.CLIENT}
    assert principal.may(Permission.CHECK)
    assert not principal.may(Permission.DRAFTS)
    secret = token[len("mck_000000000000_") :]
    assert token not in everything_stored(house.store)
    assert secret not in everything_stored(house.store)
    assert secret not in desk.book.to_bytes().decode()


def wrong_keys(token: str) -> list[str]:
    flipped = token[:-1] + ("A" if token[-1] != "A" else "B")
    return [
        *(flipped, token[:-1], token + "A", token.upper(), token.replace("mck_", "mcx_"), "mck_", "", " " + token),
        *(new_key(token[4:16]), new_key("0" * 12), token[:30] + "é" + token[31:], token[:30] + "\ud800" + token[31:]),
    ]


def test_what_is_not_exactly_the_key_is_nobodys(house: House, desk: Desk) -> None:
    token = house.key(Role.CLIENT)
    desk.refresh()
    assert [key for key in wrong_keys(token) if desk.by_key(key) is not None] == []


def test_a_key_ends_when_it_expires(house: House, desk: Desk) -> None:
    token = house.key(Role.CLIENT, expires_at=house.now() + timedelta(hours=1))
    desk.refresh()
    house.moved = timedelta(minutes=59)
    assert desk.by_key(token) is not None
    house.moved = timedelta(minutes=61)
    assert desk.by_key(token) is None
    desk.refresh()
    assert desk.book.keys == {}


def test_a_revoked_key_is_gone_at_the_next_look(house: House, desk: Desk) -> None:
    token, other = house.key(Role.CLIENT), house.key(Role.CLIENT)
    desk.refresh()
    with house.store.writing() as session:
        revoke_key(session, token[4:16], house.act())
    with house.store.reading() as session:
        desk.look(session)
    assert desk.by_key(token) is None
    assert desk.by_key(other) is not None


def test_looking_again_reads_nothing_when_nothing_has_changed(house: House, desk: Desk) -> None:
    house.key(Role.CLIENT)
    with house.store.reading() as session:
        desk.look(session)
        book = desk.book
        desk.look(session)
    assert desk.book is book


@pytest.mark.parametrize("role", sorted(PEOPLE_ONLY))
def test_a_key_never_signs_nor_administers(house: House, role: Role) -> None:
    with pytest.raises(NotPermitted, match="they are for people"):
        house.key(Role.CLIENT, role)
    with house.store.reading() as session:
        assert session.connection().execute(text("select count(*) from api_key")).scalar() == 0


def test_a_persons_key_can_do_what_the_person_still_can(house: House, desk: Desk) -> None:
    author = house.person("author", Role.AUTHOR, Role.VIEWER)
    with pytest.raises(NotPermitted, match="roles of that person only"):
        house.key(Role.AUDITOR, person_id=author)
    token = house.key(Role.AUTHOR, Role.VIEWER, person_id=author)
    desk.refresh()
    principal = desk.by_key(token)
    assert principal is not None
    assert principal.person_id == author
    assert principal.roles == {Role.AUTHOR, Role.VIEWER}
    with house.store.writing() as session:
        change_person(session, author, house.act(), version=1, roles=[Role.VIEWER])
    desk.refresh()
    principal = desk.by_key(token)
    assert principal is not None
    assert principal.roles == {Role.VIEWER}
    with house.store.writing() as session:
        change_person(session, author, house.act(), version=2, disabled=True)
    desk.refresh()
    assert desk.by_key(token) is None
    with pytest.raises(IllegalStep, match="disabled"):
        house.key(Role.VIEWER, person_id=author)


def test_keys_of_the_former_secret_count_until_it_is_taken_away(house: House) -> None:
    token = house.key(Role.CLIENT)

    def found(keyring: Keyring) -> bool:
        desk = Desk(keyring, house.store, clock=house.clock)
        desk.refresh()
        return desk.by_key(token) is not None

    assert found(Keyring(ANOTHER_SECRET_KEY.encode(), SECRET_KEY.encode()))
    assert not found(Keyring(ANOTHER_SECRET_KEY.encode()))


# --- people -----------------------------------------------------------------------------------------------------------


def test_the_last_administrator_stays(house: House) -> None:
    only = house.person("only", Role.ADMINISTRATOR, Role.AUTHOR)
    for taken in ({"roles": [Role.AUTHOR]}, {"disabled": True}, {"roles": [], "disabled": True}):
        with pytest.raises(IllegalStep, match="nobody else is an enabled administrator"), house.store.writing() as one:
            change_person(one, only, house.act(), version=1, **taken)
    second = house.person("second", Role.ADMINISTRATOR)
    with house.store.writing() as session:
        change_person(session, only, house.act(), version=1, roles=[Role.AUTHOR])
    with pytest.raises(IllegalStep), house.store.writing() as session:
        change_person(session, second, house.act(), version=1, disabled=True)


def test_two_administrators_cannot_disable_each_other_at_once(house: House) -> None:
    one, other = house.person("one", Role.ADMINISTRATOR), house.person("other", Role.ADMINISTRATOR)
    start = threading.Barrier(2)

    def disable(by: str, whom: str) -> bool:
        start.wait()
        try:
            with house.store.writing() as session:
                change_person(session, whom, act_of(house, by), version=1, disabled=True)
        except IllegalStep:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(disable, (one, other), (other, one)))
    assert sorted(done) == [False, True]


def test_nobody_gives_themselves_a_role(house: House) -> None:
    me = house.person("me", Role.ADMINISTRATOR, Role.AUTHOR)
    house.person("another", Role.ADMINISTRATOR)
    with pytest.raises(NotPermitted, match="nobody gives themselves a role"), house.store.writing() as session:
        change_person(session, me, act_of(house, me), version=1, roles=[Role.ADMINISTRATOR, Role.REVIEWER])
    with house.store.writing() as session:  # giving one up is another thing
        row = change_person(session, me, act_of(house, me), version=1, roles=[Role.ADMINISTRATOR])
    assert row.roles == ["administrator"]


def test_nobody_sets_their_own_password_without_the_present_one(house: House) -> None:
    me = house.person("me", Role.ADMINISTRATOR)
    with pytest.raises(NotPermitted, match="/v1/me/password"), house.store.writing() as session:
        set_password(session, me, house.hashed, act_of(house, me))


def test_a_change_to_another_version_is_refused(house: House) -> None:
    person = house.person("somebody", Role.VIEWER)
    with house.store.writing() as session:
        change_person(session, person, house.act(), version=1, name="New Name")
    with pytest.raises(ChangedMeanwhile), house.store.writing() as session:
        change_person(session, person, house.act(), version=1, roles=[Role.AUTHOR])


def test_a_name_to_sign_in_with_is_never_used_again(house: House) -> None:
    person = house.person("somebody", Role.VIEWER)
    with house.store.writing() as session:
        change_person(session, person, house.act(), version=1, disabled=True)
    with pytest.raises(IllegalStep, match="names are not used again"):
        house.person("somebody", Role.VIEWER)


def test_every_change_stands_in_the_trail_with_both_sides(house: House) -> None:
    person = house.person("somebody", Role.VIEWER)
    with house.store.writing() as session:
        change_person(session, person, house.act("reviews from now on"), version=1, roles=[Role.REVIEWER])
        row = session.connection().execute(text("select * from audit_entry order by sequence desc")).mappings().first()
    assert row is not None
    assert (row["person"], row["action"], row["subject"], row["reason"]) == (
        OPERATOR.id,
        "change_person",
        f"person/{person}",
        "reviews from now on",
    )
    assert json.loads(row["before"])["roles"] == "viewer"
    assert json.loads(row["after"])["roles"] == "reviewer"


# --- sign-ins ---------------------------------------------------------------------------------------------------------


def test_a_sign_in_is_kept_as_a_digest_only(house: House, desk: Desk) -> None:
    person = house.person("ada", Role.AUTHOR)
    signed_in = log_in(house, "Ada")
    desk.refresh()
    principal = desk.by_sign_in(signed_in.token)
    assert principal is not None
    assert (principal.id, principal.kind) == (f"person/{person}", PrincipalKind.PERSON)
    assert principal.roles == {Role.AUTHOR}
    assert signed_in.token not in everything_stored(house.store)
    assert PASSWORD not in everything_stored(house.store)
    assert desk.by_sign_in(signed_in.token[:-1] + "!") is None
    assert desk.by_key(signed_in.token) is None


@pytest.mark.parametrize(
    ("login", "password"),
    [
        ("ada", PASSWORD + " "),
        ("ada", PASSWORD.upper()),
        ("ada", PASSWORD[:-1]),
        ("ada", ""),
        ("nobody", PASSWORD),
        ("gone", PASSWORD),
        ("ada\0", PASSWORD),
    ],
)
def test_why_a_sign_in_failed_is_not_told(house: House, login: str, password: str) -> None:
    house.person("ada", Role.AUTHOR)
    gone = house.person("gone", Role.AUTHOR)
    with house.store.writing() as session:
        change_person(session, gone, house.act(), version=1, disabled=True)
    with pytest.raises(NotAuthenticated, match=r"^who asks could not be established$"):
        log_in(house, login.replace("\0", "\N{REPLACEMENT CHARACTER}"), password)


def test_signing_in_again_ends_the_sign_in_that_came_along(house: House, desk: Desk) -> None:
    house.person("ada", Role.AUTHOR)
    first = log_in(house, "ada")
    second = log_in(house, "ada", former=first.token)
    planted = log_in(house, "ada", former="mcs_" + "A" * 43)
    desk.refresh()
    assert desk.by_sign_in(first.token) is None
    assert desk.by_sign_in(second.token) is not None
    assert len({first.token, second.token, planted.token, "mcs_" + "A" * 43}) == 4


def test_a_sign_in_ends_when_it_is_idle_and_after_twelve_hours_anyway(house: House, desk: Desk) -> None:
    house.person("ada", Role.AUTHOR)
    token = log_in(house, "ada").token
    desk.refresh()
    for minutes in range(0, 12 * 60, 29):
        house.moved = timedelta(minutes=minutes)
        assert desk.by_sign_in(token) is not None, minutes
    house.moved = timedelta(hours=12, seconds=1)
    assert desk.by_sign_in(token) is None

    house.moved = timedelta(hours=20)
    idle = log_in(house, "ada").token
    desk.refresh()
    house.moved += timedelta(minutes=29, seconds=59)
    assert desk.by_sign_in(idle) is not None
    house.moved += timedelta(minutes=30)
    assert desk.by_sign_in(idle) is None


def test_a_sign_in_used_at_one_worker_is_not_idle_at_another(house: House, desk: Desk) -> None:
    house.person("ada", Role.AUTHOR)
    other = Desk(KEYRING, house.store, clock=house.clock)
    token = log_in(house, "ada").token
    sign_in_id = sign_in_id_of(token) or ""
    desk.refresh()
    other.refresh()
    house.moved = timedelta(minutes=25)
    assert desk.by_sign_in(token) is not None
    assert desk.to_touch(sign_in_id)
    assert not desk.to_touch(sign_in_id)  # once a minute
    desk.touch(sign_in_id)
    house.moved = timedelta(minutes=50)
    assert other.by_sign_in(token) is None  # as far as it knows
    assert other.look_again(token)
    assert other.by_sign_in(token) is not None


@pytest.mark.parametrize("end", ["sign out", "disabled", "roles", "password"])
def test_what_ends_a_sign_in(house: House, desk: Desk, end: str) -> None:
    person = house.person("ada", Role.AUTHOR)
    token, another = log_in(house, "ada").token, log_in(house, "ada").token
    desk.refresh()
    principal = desk.by_sign_in(token)
    assert principal is not None
    with house.store.writing() as session:
        if end == "sign out":
            sign_out(session, principal, house.now())
        elif end == "disabled":
            change_person(session, person, house.act(), version=1, disabled=True)
        elif end == "roles":
            change_person(session, person, house.act(), version=1, roles=[])
        else:
            set_password(session, person, PASSWORDS.hashed("another lamp, another mill"), house.act())
    with house.store.reading() as session:
        desk.look(session)
    assert desk.by_sign_in(token) is None
    assert (desk.by_sign_in(another) is not None) == (end == "sign out")
    assert not desk.look_again(token) or desk.by_sign_in(token) is None


# --- guessing ---------------------------------------------------------------------------------------------------------


def test_the_eleventh_attempt_in_a_minute_is_not_looked_at(house: House) -> None:
    house.person("ada", Role.AUTHOR)
    for _ in range(10):
        with pytest.raises(NotAuthenticated):
            log_in(house, "ada", "a wrong guess")
    with pytest.raises(TooManyAttempts) as refused:
        log_in(house, "ada")
    assert 1 <= refused.value.seconds <= 60
    log_in(house, "ada", source=ELSEWHERE)  # whoever guesses shuts nobody out
    house.moved = timedelta(seconds=refused.value.seconds)
    log_in(house, "ada")


def test_a_source_that_tries_many_names_is_slowed_down_too(house: House) -> None:
    house.person("ada", Role.AUTHOR)
    for number in range(10):
        with pytest.raises(NotAuthenticated):
            log_in(house, f"guess{number}", "a wrong guess")
    with pytest.raises(TooManyAttempts):
        log_in(house, "ada")
    log_in(house, "ada", source=ELSEWHERE)


def test_right_passwords_count_for_nothing(house: House) -> None:
    house.person("ada", Role.AUTHOR)
    for _ in range(25):
        log_in(house, "ada")


def test_a_thousand_guesses_at_once_are_not_a_thousand_first_ones(house: House) -> None:
    """1,000 guesses from one source within seconds: ten of them are looked at, whatever the number of workers."""
    house.person("ada", Role.AUTHOR)
    looked_at = [0]
    counting = threading.Lock()

    def guess(number: int) -> None:
        try:
            log_in(house, "ada", f"guess number {number}")
        except NotAuthenticated:
            with counting:
                looked_at[0] += 1
        except TooManyAttempts:
            pass

    now = house.clock()
    house.clock = lambda: now  # type: ignore[method-assign]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(guess, range(1000)))
    assert looked_at == [attempts.MOST]


# --- a fresh proof ----------------------------------------------------------------------------------------------------


Prove = Callable[..., None]


@pytest.fixture
def prove(house: House, desk: Desk) -> Prove:
    def prove(principal: Principal | None, password: str | None = None, source: str = HOME) -> None:
        assert principal is not None
        ways = Ways(house.store, KEYRING, PASSWORDS)
        reauthentication.require_fresh(desk, ways, principal, password, source=source)

    return prove


def test_whoever_has_a_password_gives_it_again(house: House, desk: Desk, prove: Prove) -> None:
    house.person("ada", Role.REVIEWER)
    house.person("eve", Role.REVIEWER)
    token = log_in(house, "ada").token
    desk.refresh()
    principal = desk.by_sign_in(token)
    prove(principal, PASSWORD)
    for wrong in (None, "", PASSWORD + " ", "a wrong guess"):
        with pytest.raises(ReauthenticationRequired):
            prove(principal, wrong)
    for _ in range(10):
        with pytest.raises((ReauthenticationRequired, TooManyAttempts)):
            prove(principal, "a wrong guess")
    with pytest.raises(TooManyAttempts):
        prove(principal, PASSWORD)
    prove(principal, PASSWORD, source=ELSEWHERE)


def test_whom_an_identity_provider_vouches_for_must_have_come_just_now(house: House, desk: Desk, prove: Prove) -> None:
    person = house.person("ada", Role.REVIEWER)
    token = house.signed_in(person, method="oidc")
    desk.refresh()
    principal = desk.by_sign_in(token)
    house.moved = timedelta(minutes=4, seconds=55)
    prove(principal)
    house.moved = timedelta(minutes=5, seconds=5)
    with pytest.raises(ReauthenticationRequired, match="at most 5 minutes old"):
        prove(principal)
    with pytest.raises(ReauthenticationRequired):
        prove(principal, PASSWORD)


def test_keys_and_services_never_sign(house: House, desk: Desk, prove: Prove) -> None:
    author = house.person("ada", Role.AUTHOR)
    tokens = [house.key(Role.CLIENT), house.key(Role.AUTHOR, person_id=author)]
    desk.refresh()
    service = Principal("service/x", "x", PrincipalKind.SERVICE, frozenset({Role.AUTHOR}))
    for principal in (*map(desk.by_key, tokens), service, OPERATOR):
        with pytest.raises(ReauthenticationRequired):
            prove(principal, PASSWORD)
    prove(DEVELOPER)


# --- the book ---------------------------------------------------------------------------------------------------------


def test_the_book_comes_back_from_its_bytes(house: House) -> None:
    ada = house.person("ada", Role.REVIEWER)
    key, token = house.key(Role.CLIENT, expires_at=house.now() + timedelta(days=1)), house.signed_in(ada)
    with house.store.reading() as session:
        book = read_book(session, house.now())
    again = AccessBook.from_bytes(book.to_bytes())
    assert again == book
    desk = Desk(KEYRING, clock=house.clock)
    desk.take_over(again)
    found = [desk.by_key(key), desk.by_sign_in(token)]
    assert [principal.name for principal in found if principal is not None] == ["a key", "Ada"]
    assert not desk.look_again(key)


def test_the_book_knows_the_names_of_those_who_are_gone(house: House) -> None:
    ada, house_key = house.person("ada", Role.REVIEWER), house.key(Role.CLIENT)
    key_id = house_key.removeprefix("mck_").partition("_")[0]
    with house.store.reading() as session:
        book = read_book(session, house.now())
    assert (book.called(f"person/{ada}"), book.called(f"key/{key_id}")) == ("Ada", "a key")
    assert book.called("person/nobody") is book.called("operator/ada") is None
    with house.store.writing() as session:
        row = access.person(session, ada)
        assert row is not None
        row.disabled_at = house.now()
        access.add(session, row)
        revoke_key(session, key_id, house.act())
    with house.store.reading() as session:
        book = read_book(session, house.now())
    assert (book.people, book.keys) == ({}, {})
    again = AccessBook.from_bytes(book.to_bytes())
    assert (again.called(f"person/{ada}"), again.called(f"key/{key_id}")) == ("Ada", "a key")
    written = orjson.loads(book.to_bytes())
    del written["former"]  # as a former version wrote it
    assert AccessBook.from_bytes(orjson.dumps(written)).former == {}


@pytest.mark.parametrize("content", [b"", b"[]", b"null", b'{"form": 2}', b'{"form": 1, "sequence": 1}', b'{"form": 1'])
def test_other_bytes_are_no_book(content: bytes) -> None:
    with pytest.raises(ValueError, match=r".*"):
        AccessBook.from_bytes(content)


def test_a_look_that_began_earlier_and_ends_later_brings_nobody_back(house: House, desk: Desk) -> None:
    key = house.key(Role.CLIENT)
    desk.refresh()
    principal = desk.by_key(key)
    assert principal is not None
    with house.store.reading() as slow:
        # What this session reads from here on is of now, where the database keeps snapshots.
        desk.look(slow)
        with house.store.writing() as session:
            revoke_key(session, principal.id.removeprefix("key/"), house.act())
        desk.refresh()
        assert desk.by_key(key) is None
        desk.look(slow, anew=True)
        assert desk.by_key(key) is None


def test_a_book_of_less_is_believed_when_it_is_read_again(
    house: House, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after a back-up has been brought back under a running worker."""
    first = house.key(Role.CLIENT)
    with house.store.reading() as session:
        less = read_book(session, house.now())
    second = house.key(Role.CLIENT)
    desk.refresh()
    monkeypatch.setattr("service.application.access.desk.read_book", lambda *_: less)
    known = []
    for _ in range(3):
        desk.refresh()
        known.append((desk.by_key(first) is not None, desk.by_key(second) is not None))
    assert known == [(True, True), (True, False), (True, False)]
