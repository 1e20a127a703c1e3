"""Every role tries every operation of the description, and nobody does: each cell against a table written by hand.

The table is not worked out from what the program says of itself. An operation that is missing in it fails the test.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from starlette.testclient import TestClient

from rules import compile_rule_set
from service.application.principals import PEOPLE_ONLY, Role
from service.application.rule_sets import seed_baseline
from service.storage import migration
from service.storage.session import Store
from tests.entrance import House, bearer
from tests.integration.small_knowledge import small_rule_set
from tests.keys import KEYRING
from tests.unit.api.conftest import make_rule_set

DESCRIPTION: Final = json.loads((Path(__file__).parents[2] / "openapi" / "openapi.json").read_bytes())

EVERYBODY: Final = "nobody client viewer author reviewer publisher auditor administrator"
KNOWN: Final = "client viewer author reviewer publisher auditor administrator"
CHECKS: Final = "client viewer author reviewer publisher"
READS_DRAFTS: Final = "viewer author reviewer publisher auditor"
ALLOWED: Final = {
    "check_medications": CHECKS,
    "resolve_medications": CHECKS,
    "draw_timetable": CHECKS,
    "show_timetable": CHECKS,
    "discover_services": CHECKS,
    "call_magnesium_service": CHECKS,
    **dict.fromkeys(
        (
            *("list_substances", "get_substance", "list_products", "get_product", "list_classes", "get_class"),
            *("list_forms", "get_form", "list_interactions", "get_interaction", "list_conditions", "get_condition"),
            *("list_symptoms", "get_symptom", "list_citations", "get_citation", "list_guidance", "get_guidance"),
            *("list_reference_ranges", "get_reference_range", "list_intake_limits", "get_intake_limit"),
            *("get_active_rule_set", "get_metrics"),
        ),
        KNOWN,
    ),
    "list_rule_sets": READS_DRAFTS,
    "get_rule_set": READS_DRAFTS,
    "get_rule_set_content": READS_DRAFTS,
    "compare_rule_sets": READS_DRAFTS,
    "roll_back": "publisher",
    "retire_rule_set": "publisher",
    "list_drafts": READS_DRAFTS,
    "get_draft": READS_DRAFTS,
    "check_draft": READS_DRAFTS,
    "get_draft_record": READS_DRAFTS,
    "list_comments": READS_DRAFTS,
    "comment_on_draft": "author reviewer publisher",
    "open_draft": "author",
    "put_record": "author",
    "withdraw_record": "author",
    "undo_record": "author",
    "rebase_draft": "author",
    "submit_draft": "author",
    "discard_draft": "author",
    "approve_draft": "reviewer",
    "return_draft": "reviewer",
    "publish_draft": "publisher",
    # Whoever asked may see what was answered; what others asked is 404 to everybody but auditors.
    "get_decision": KNOWN,
    "replay_decision": KNOWN,
    "list_decisions": "auditor",
    "give_feedback": "client",
    "give_card_feedback": "client",
    "list_feedback_rates": READS_DRAFTS,
    "list_audit_entries": "auditor",
    "verify_audit_trail": "auditor",
    "list_keys": "administrator",
    "create_key": "administrator",
    "get_key": "administrator",
    "revoke_key": "administrator",
    "list_people": "administrator",
    "create_person": "administrator",
    "get_person": "administrator",
    "change_person": "administrator",
    "set_password": "administrator",
    "get_me": KNOWN,
    "change_own_password": KNOWN,
    "sign_out": KNOWN,
    "sign_in": EVERYBODY,
    "begin_provider_sign_in": EVERYBODY,
    "return_from_provider": EVERYBODY,
    "end_provider_sign_in": EVERYBODY,
    "check_magnesium": CHECKS,
    "list_rxnav_interactions": CHECKS,
    "get_rxnav_interactions": CHECKS,
    "get_capability_statement": EVERYBODY,
    "get_operation_definition": EVERYBODY,
    "get_liveness": EVERYBODY,
    "get_readiness": EVERYBODY,
}
OPERATIONS: Final = {
    operation["operationId"]: (method, path, operation)
    for path, methods in DESCRIPTION["paths"].items()
    for method, operation in methods.items()
}
IDS: Final = {
    "draft_id": "00000000-0000-4000-8000-000000000000",
    "decision_id": "00000000-0000-4000-8000-000000000000",
    "kind": "interactions",
    "number": "999",
    "key_id": "0" * 12,
    "person_id": "0" * 12,
}


@pytest.fixture(scope="module")
def house() -> Iterator[House]:
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/magcheck.sqlite3"
        migration.upgrade(url)
        with Store.open(url) as store:
            house = House(store)
            seed_baseline(store, small_rule_set(), keyring=KEYRING, now=house.now(), note="first")
            house.person("another.administrator", Role.ADMINISTRATOR)
            yield house


class People:
    """Somebody of each role and of none, with a sign-in that is made anew once it has been ended."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._ids = {role.value: house.person(f"only.{role.value}", role) for role in Role}
        self._ids["without a role"] = house.person("nothing.yet")
        self._tokens = {who: house.signed_in(person_id) for who, person_id in self._ids.items()}

    def headers(self, who: str, name: str) -> dict[str, str]:
        if who == "nobody":
            return {}
        return bearer(self._house.signed_in(self._ids[who]) if name == "sign_out" else self._tokens[who])


@pytest.fixture(scope="module")
def people(house: House) -> People:
    return People(house)


@pytest.fixture(scope="module")
def client(house: House) -> Iterator[TestClient]:
    app = house.app(compile_rule_set(make_rule_set(), version=7), watched=False, most_failures=10**6)
    with TestClient(app) as client:
        yield client


def ask(client: TestClient, name: str, headers: dict[str, str]) -> str:
    """Ask for an operation with nothing in it that could be done: what is left is whether one may."""
    method, path, _ = OPERATIONS[name]
    for part in [part for part in path.split("/") if part.startswith("{")]:
        path = path.replace(part, IDS.get(part.strip("{}"), "no-such-record"))
    response = client.request(method, path, headers=headers)
    if response.status_code == 401:
        return "who?"
    if response.status_code == 403:
        body = response.json()
        code: str = body["code"] if "code" in body else body["issue"][0]["details"]["coding"][0]["code"]
        return "no" if code == "not-permitted" else "yes"  # a fresh proof is asked of those only who may
    assert response.status_code < 500, (name, response.text)
    return "yes"


def test_the_table_has_every_operation() -> None:
    assert ALLOWED.keys() == OPERATIONS.keys()


@pytest.mark.parametrize("name", sorted(ALLOWED))
def test_every_role_may_what_the_table_says(client: TestClient, people: People, name: str) -> None:
    allowed = ALLOWED[name].split()
    expected, found = {}, {}
    for who in EVERYBODY.split():
        expected[who] = "yes" if who in allowed else "who?" if who == "nobody" else "no"
        # A wrong password is nobody's business here: without a body, the sign-in says that the body is missing.
        found[who] = ask(client, name, people.headers(who, name))
    assert found == expected


@pytest.fixture(scope="module")
def keys(house: House) -> dict[Role, str]:
    return {role: house.key(role) for role in Role if role not in PEOPLE_ONLY}


@pytest.mark.parametrize("name", sorted(ALLOWED))
def test_a_key_may_what_its_roles_may(client: TestClient, keys: dict[Role, str], name: str) -> None:
    allowed = ALLOWED[name].split()
    for role, key in keys.items():
        found = ask(client, name, {"X-API-Key": key})
        assert found == ("yes" if role.value in allowed else "no"), role


@pytest.mark.parametrize("name", sorted(ALLOWED))
def test_somebody_without_a_role_may_only_look_at_themselves(client: TestClient, people: People, name: str) -> None:
    found = ask(client, name, people.headers("without a role", name))
    # Its own decisions among them: there are none, since it may not ask.
    itself = {"get_me", "sign_out", "change_own_password", "get_decision", "replay_decision"}
    assert found == ("yes" if "nobody" in ALLOWED[name].split() or name in itself else "no")


@pytest.mark.parametrize("name", sorted(ALLOWED))
def test_the_description_says_who_may(name: str) -> None:
    _, _, operation = OPERATIONS[name]
    public = "nobody" in ALLOWED[name].split()
    assert bool(operation["security"]) is not public
    if not public:
        assert {"401", "403", "429"} <= operation["responses"].keys()
    described: dict[str, Any] = DESCRIPTION["components"]["securitySchemes"]
    assert {scheme for one in operation["security"] for scheme in one} <= described.keys()


def test_what_the_description_leaves_out_is_the_documentation_itself_and_the_editor(house: House) -> None:
    app = house.app(watched=False)
    paths = {str(getattr(route, "path", "")) for route in app.routes}
    paths = {path for path in paths if path != "/admin" and not path.startswith("/admin/")}
    guide = {"/docs/", "/docs/guide", "/docs/guide/{path:path}", "/problems", "/problems/{code}"}
    assert paths - DESCRIPTION["paths"].keys() == {"/openapi.json", "/docs", "/docs/assets"} | guide
