"""An installation with something to see on every page of the editor, and the addresses of all its pages.

`addresses` names every route that shows a page; `test_editor_pages` fails where a route is missing among them.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from rules.baseline import read_baseline
from rules.canonical import content
from rules.errors import Problem
from rules.impact import Impact, InteractionImpact
from rules.model import RECORD_TYPES
from rules.terms import Severity
from rules.verify import CaseFailure
from service.application.access.keys import revoke_key
from service.application.draft_content import Content
from service.application.gate_report import GateReport
from service.application.gate_room import GateRoom
from service.application.principals import Role
from service.storage import access
from tests.e2e.screenshots import NOW, QUINOLONES, Stage, served
from tests.entrance import PASSWORD
from tests.integration.test_statistics import decision

WHY: Final = "The label of August 2026 asks for a longer interval."
DIURETICS: Final = "loop-diuretics-deplete-magnesium"
GLYCOSIDES: Final = "cardiac-glycosides-with-magnesium-depleting-drugs"
# What no space breaks, and what fills more than one line: both have to find their place on a tablet.
LONG: Final = "Digoxin-and-every-other-glycoside-whose-name-no-space-breaks-" * 2
# The largest record of each kind, whose pages are the longest.
EXAMPLES: Final = {
    kind: max(getattr(read_baseline().rule_set, kind), key=lambda one: len(str(content(one)))).id
    for kind in RECORD_TYPES
}


@dataclass(frozen=True, slots=True)
class Furnished:
    """Where it is, who has signed in, and a draft for each state."""

    stage: Stage
    token: str  # of somebody who may do everything
    person: str  # somebody else
    keys: tuple[str, str]  # one that counts, and one that was revoked
    drafts: dict[str, str]


def _judge(base: Content | None, draft: Content, today: date, recent: Mapping[str, str]) -> GateReport:
    """A gate that finds something at once: how the real one looks at a draft is tried in `test_editor_drafts`."""
    del base, today, recent
    cases = [one.id for one in draft.rule_set.cases]
    [quinolones] = [one for one in draft.rule_set.interactions if one.id == QUINOLONES]
    if quinolones.severity is Severity.MAJOR:
        problem = Problem(f"interactions/{QUINOLONES}", 0, "/management/text", "wording", f"says {LONG}")
        failures = tuple(CaseFailure(one, (f"expects {QUINOLONES} moderate, and it is major",)) for one in cases[:9])
        return GateReport([problem], failures, len(cases), None)
    changes = InteractionImpact(cases[:40], cases[40:41], {"minor to moderate": cases[41:50]})
    return GateReport([], (), len(cases), Impact(1200, cases[:50], {DIURETICS: changes}))


@contextmanager
def furnished() -> Iterator[Furnished]:
    """The installation."""
    with served(gate=GateRoom(_judge), keep_requests=True) as stage:
        yield _furnish(stage)


def _furnish(stage: Stage) -> Furnished:
    house = stage.house
    people = {
        "oda": house.person("oda.larsen", *Role),
        "rex": house.person("rex.berg", Role.REVIEWER),
        "pia": house.person("pia.holm", Role.PUBLISHER),
    }
    tokens = {"ann": stage.token} | {name: house.signed_in(person) for name, person in people.items()}
    for role in Role:
        if role not in {Role.REVIEWER, Role.PUBLISHER, Role.ADMINISTRATOR}:
            house.key(role)
    house.key(Role.CLIENT, expires_at=NOW + timedelta(days=30))
    with house.store.writing() as session:
        first, second, *_ = [one.id for one in access.keys(session, limit=10, offset=0)]
        revoke_key(session, second, house.act())
        session.add_all([decision("Zinkotal 500 mg", age, at=house.now()) for age in range(5)])
        session.add_all([decision("ciprofloxasin 500 mg", age, at=house.now()) for age in range(4)])
    desk = _Desk(stage, tokens)
    drafts = {
        "failing": stage.draft,
        "empty": desk.opened("Nothing in it yet"),
        "discarded": desk.changed("Given up again", DIURETICS, "A sentence."),
        "conflict": desk.changed("Against what was published since", GLYCOSIDES, "Another sentence."),
        "published": desk.changed("Glycosides: one sentence more", GLYCOSIDES, "One sentence more."),
    }
    desk.step("ann", drafts["discarded"], "discard")
    desk.through(drafts["published"])
    drafts |= {
        "submitted": desk.changed(f"Waits for a review {LONG}", DIURETICS, f"It was long. {LONG}"),
        "returned": desk.changed("Came back from a review", DIURETICS, "It was not clear."),
        "approved": desk.changed("Waits to be published", DIURETICS, "It is clear now."),
    }
    for name in ("submitted", "returned", "approved"):
        desk.step("ann", drafts[name], "submit")
    for record in (None, f"interactions/{DIURETICS}"):
        desk.said(drafts["submitted"], f"Which edition of the label? {LONG}", record)
    desk.signed("rex", drafts["returned"], "return")
    desk.signed("rex", drafts["approved"], "approve")
    return Furnished(stage, tokens["oda"], people["rex"], (first, second), drafts)


class _Desk:
    """People at work, through the interface for programs."""

    def __init__(self, stage: Stage, tokens: dict[str, str]) -> None:
        self._stage = stage
        self._tokens = tokens

    def ask(self, who: str, method: str, path: str, body: Any = None, tag: str | None = None) -> Any:  # noqa: ANN401
        """Ask as somebody."""
        headers = {"authorization": f"Bearer {self._tokens[who]}", "idempotency-key": str(uuid.uuid4())}
        answer = self._stage.client.request(
            method, path, json=body, headers=headers | ({"if-match": tag} if tag else {})
        )
        assert answer.is_success, answer.text
        return answer.json()

    def opened(self, title: str) -> str:
        """A new draft of Ann's."""
        made: str = self.ask("ann", "POST", "/v1/drafts", {"title": title[:200], "reason": WHY})["id"]
        return made

    def changed(self, title: str, interaction: str, sentence: str) -> str:
        """A draft that says one sentence more."""
        draft = self.opened(title)
        path = f"/v1/drafts/{draft}/records/interactions/{interaction}"
        document = self.ask("ann", "GET", path)["document"]
        document["effect"] = f"{document['effect']} {sentence}"
        self.ask("ann", "PUT", path, {"reason": WHY, "document": document}, '"1"')
        return draft

    def step(self, who: str, draft: str, step: str, **more: object) -> None:
        """Take a step."""
        tag = f'"{self.ask(who, "GET", f"/v1/drafts/{draft}")["revision"]}"'
        self.ask(who, "POST", f"/v1/drafts/{draft}/{step}", {"reason": WHY, **more}, tag)

    def signed(self, who: str, draft: str, step: str) -> None:
        """Take a step that is signed."""
        digest = self.ask(who, "GET", f"/v1/drafts/{draft}")["digest"]
        self.step(who, draft, step, digest=digest, password=PASSWORD)

    def through(self, draft: str) -> None:
        """Let it answer."""
        self.step("ann", draft, "submit")
        self.signed("rex", draft, "approve")
        self.signed("pia", draft, "publish")

    def said(self, draft: str, text: str, record: str | None) -> None:
        """Say something about it."""
        about = {} if record is None else {"record": record}
        self.ask("ann", "POST", f"/v1/drafts/{draft}/comments", {"text": text, **about})


def addresses(furnished: Furnished) -> dict[str, list[str]]:
    """Of every route that shows a page, where it is to be looked at: with much, with nothing, in each state."""
    drafts, record = furnished.drafts, f"interactions/{DIURETICS}"
    interaction = f"/admin/records/interactions/{QUINOLONES}"
    draft = "/admin/drafts/{draft_id}"
    of_draft = {name: f"/admin/drafts/{one}" for name, one in drafts.items()}
    failing, submitted, approved = of_draft["failing"], of_draft["submitted"], of_draft["approved"]
    states = list(of_draft.values())
    # Forms of every kind, new and full, are looked at in `test_editor_every_form`.
    kinds, some = list(RECORD_TYPES), ("interactions", "cases", "products")
    counts, _ = furnished.keys
    return {
        "/admin": ["/admin"],
        "/admin/account": ["/admin/account"],
        "/admin/audit": ["/admin/audit", "/admin/audit?subject=nothing/like-it", "/admin/audit?page=2"],
        "/admin/audit/verification": ["/admin/audit/verification"],
        "/admin/bench": ["/admin/bench", "/admin/bench?example=tuesday-morning"],
        "/admin/drafts": ["/admin/drafts", "/admin/drafts?state=approved", "/admin/drafts?page=400"],
        "/admin/drafts/new": ["/admin/drafts/new"],
        draft: states,
        f"{draft}/approve": [f"{submitted}/approve", f"{failing}/approve"],
        f"{draft}/bench": [
            f"{failing}/bench",
            f"{failing}/bench?case=fluoroquinolones-with-oral-magnesium-fires-ciprofloxacin",
        ],
        f"{draft}/compare": [f"{one}/compare" for one in (failing, of_draft["empty"])]
        + [f"{failing}/compare?text=true"],
        f"{draft}/discard": [f"{failing}/discard", f"{submitted}/discard"],
        f"{draft}/impact": [
            f"{failing}/impact?now=true",
            f"{submitted}/impact?now=true",
            f"{of_draft['empty']}/impact",
        ],
        f"{draft}/impact/report": [],  # a part of the page above
        f"{draft}/new": [f"{failing}/new"],
        f"{draft}/new/{{kind}}/form": [f"{failing}/new/{kind}/form" for kind in some],
        f"{draft}/new/{{kind}}/yaml": [f"{failing}/new/substances/yaml"],
        f"{draft}/publish": [f"{approved}/publish", f"{failing}/publish"],
        f"{draft}/rebase": [f"{of_draft['conflict']}/rebase", f"{failing}/rebase", f"{submitted}/rebase"],
        f"{draft}/records/{{kind}}/{{record_id}}": [
            *(f"{failing}/records/{kind}/{EXAMPLES[kind]}" for kind in some),
            f"{failing}/records/interactions/{QUINOLONES}",
            f"{submitted}/records/{record}",
        ],
        f"{draft}/records/{{kind}}/{{record_id}}/form": [
            f"{failing}/records/{kind}/{EXAMPLES[kind]}/form" for kind in some
        ],
        f"{draft}/records/{{kind}}/{{record_id}}/undo": [f"{submitted}/records/{record}/undo"],
        f"{draft}/records/{{kind}}/{{record_id}}/withdraw": [f"{failing}/records/{record}/withdraw"],
        f"{draft}/records/{{kind}}/{{record_id}}/yaml": [f"{failing}/records/{record}/yaml"],
        f"{draft}/return": [f"{submitted}/return"],
        f"{draft}/submit": [f"{failing}/submit", f"{of_draft['empty']}/submit"],
        f"{draft}/type-ahead/{{kind}}": [],  # a part of the forms
        "/admin/keys": ["/admin/keys"],
        "/admin/keys/new": ["/admin/keys/new"],
        "/admin/keys/{key_id}/revoke": [f"/admin/keys/{counts}/revoke"],
        "/admin/new": ["/admin/new"],
        "/admin/new/{kind}": ["/admin/new/cases"],
        "/admin/people": ["/admin/people"],
        "/admin/people/new": ["/admin/people/new"],
        "/admin/people/{person_id}": [f"/admin/people/{furnished.person}"],
        "/admin/people/{person_id}/password": [f"/admin/people/{furnished.person}/password"],
        "/admin/records": [
            "/admin/records",
            "/admin/records?text=nothing+has+these+words",
            "/admin/records?kind=interactions&severity=major&status=active",
        ],
        "/admin/records/{kind}/{record_id}": [
            *(f"/admin/records/{kind}/{EXAMPLES[kind]}" for kind in kinds),
            interaction,
            f"/admin/records/interactions/{GLYCOSIDES}",
        ],
        "/admin/records/{kind}/{record_id}/change": [f"{interaction}/change"],
        "/admin/rule-sets": ["/admin/rule-sets"],
        "/admin/rule-sets/compare": [
            "/admin/rule-sets/compare?since=1&number=2",
            "/admin/rule-sets/compare?since=1&number=2&text=true",
            "/admin/rule-sets/compare?since=1&number=1",
        ],
        "/admin/rule-sets/{number}/retire": ["/admin/rule-sets/1/retire", "/admin/rule-sets/2/retire"],
        "/admin/rule-sets/{number}/roll-back": ["/admin/rule-sets/1/roll-back", "/admin/rule-sets/2/roll-back"],
        "/admin/sign-in": ["/admin/sign-in"],
        "/admin/statistics": ["/admin/statistics", "/admin/statistics?weeks=52"],
        "/admin/statistics/{interaction_id}": [
            f"/admin/statistics/{QUINOLONES}",
            f"/admin/statistics/{EXAMPLES['interactions']}",
        ],
        "/admin/unrecognised": ["/admin/unrecognised"],
        "/admin/{rest:path}": ["/admin/nowhere", "/admin/records?page=0", "/admin/records/forms/not-there"],
    }
