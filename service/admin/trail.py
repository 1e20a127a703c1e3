"""`/admin/audit`: who did what, when and why, found by person, action, subject and day; and whether the trail stands.

It shows what was written, and changes nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any, Final
from urllib.parse import urlencode

from fastapi import Query, Request, Response
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints
from starlette.concurrency import run_in_threadpool

from rules.model import RECORD_TYPES
from service.admin import words
from service.admin.reading import path_of
from service.admin.rendering import page
from service.admin.routes import frame, pages_router
from service.api.changing import in_transaction
from service.api.dependencies import control_of
from service.api.openapi import needs
from service.application import audit
from service.application.principals import Permission
from service.storage import audit as rows
from service.storage import drafts
from service.storage.audit import Filters
from service.storage.session import Transaction
from service.storage.tables import AuditRow

router = pages_router()

TRAIL_PATH: Final = "/admin/audit"
PAGE: Final = 50
_MOST_LETTERS: Final = 300
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
_DIGITS: Final = 12
_Blank = BeforeValidator(lambda value: None if value == "" else value)
_Name = Annotated[str, StringConstraints(max_length=200, pattern=r"^[\x20-\x7e]*$")]
# Pages about what an entry is about, by the beginning of its subject.
_PAGES: Final = {"draft": "/admin/drafts/{}", "person": "/admin/people/{}", "key": "/admin/keys"}
_DRAFT: Final = "draft/"
# What was done, in a word or two before what it was done to.
_ACTIONS: Final = {
    "publish": "Published",
    "roll_back": "Rolled back",
    "retire": "Retired",
    "sign": "Signed",
    "purge": "Purged",
    "draft_open": "Opened the draft",
    "draft_submit": "Handed in the draft",
    "draft_approve": "Approved the draft",
    "draft_return": "Returned the draft",
    "draft_publish": "Published the draft",
    "draft_rebase": "Took over what answers into the draft",
    "draft_discard": "Discarded the draft",
    "draft_comment": "Commented on the draft",
    "record_create": "Made a record in the draft",
    "record_revise": "Changed a record in the draft",
    "record_withdraw": "Withdrew a record in the draft",
    "record_undo": "Undid a change in the draft",
    "create_person": "Let somebody in:",
    "change_person": "Changed the account of",
    "set_password": "Set the password of",
    "sign_in": "Signed in:",
    "sign_out": "Signed out:",
    "create_key": "Made a key:",
    "revoke_key": "Revoked",
    "use_terminology": "Took the terminology into use:",
}
_MOST_DAY: Final = date(9999, 12, 30)


class TrailQuery(BaseModel):
    """What the form sends."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    person: Annotated[_Name | None, _Blank] = None
    action: Annotated[_Name | None, _Blank] = None
    subject: Annotated[_Name | None, _Blank] = None
    since: Annotated[date | None, _Blank] = None
    until: Annotated[date | None, _Blank] = None
    page: Annotated[int, Field(ge=1, le=20_000)] = 1

    @property
    def filters(self) -> Filters:
        """As the store wants them; both days are included."""
        until = None if self.until is None else _start(min(self.until, _MOST_DAY) + timedelta(days=1))
        since = None if self.since is None else _start(self.since)
        return Filters(self.subject, self.person, self.action, since, until)

    def address(self, **changed: object) -> str:
        """The address of the same with something changed."""
        said = {**self.model_dump(mode="json", exclude_defaults=True), **changed}
        kept = {name: value for name, value in said.items() if value is not None}
        return f"{TRAIL_PATH}?{urlencode(kept)}" if kept else TRAIL_PATH


@dataclass(frozen=True, slots=True)
class EntryView:
    """An entry as it is shown."""

    row: AuditRow
    action: str
    subject: str  # by its name
    address: str | None
    records: tuple[tuple[str, str], ...]  # what it changed: a name and where it is
    before: str | None
    after: str | None


@router.get(TRAIL_PATH, openapi_extra=needs(Permission.AUDIT))
async def show_trail(request: Request, query: Annotated[TrailQuery, Query()]) -> Response:
    """The entries, the newest first."""

    def read(session: Transaction) -> tuple[list[AuditRow], int, tuple[list[str], list[str]], dict[str, str]]:
        found, total = audit.page(session, query.filters, limit=PAGE, offset=(query.page - 1) * PAGE)
        ids = [row.subject.removeprefix(_DRAFT) for row in found if row.subject.startswith(_DRAFT)]
        return found, total, rows.named(session), drafts.titles(session, ids)

    found, total, (people, actions), titles = await in_transaction(request, lambda _, session: read(session))
    values = frame(request, "look-after")
    called = values["called"]
    return page(
        "audit.html",
        query=query,
        entries=[_entry(row, _subject(row.subject, titles, called)) for row in found],
        total=total,
        pages=max(1, -(-total // PAGE)),
        people=[(one, called(one)) for one in people],
        actions=[(one, _action(one)) for one in actions],
        tab="audit",
        **values,
    )


@router.get(f"{TRAIL_PATH}/verification", openapi_extra=needs(Permission.AUDIT))
async def verify_trail_now(request: Request) -> Response:
    """Work out every hash anew."""
    trail = await run_in_threadpool(audit.verify_trail, control_of(request).store)
    return page("audit-verification.html", trail=trail, tab="audit", **frame(request, "look-after"))


def _start(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _action(name: str) -> str:
    return _ACTIONS.get(name) or words.term(name)


def _subject(subject: str, titles: Mapping[str, str], called: Callable[[str], str]) -> str:
    """What an entry is about, by its name."""
    kind, _, name = subject.partition("/")
    if kind == "draft":
        return f"“{titles.get(name, name)}”"
    return called(subject) if kind in {"person", "key"} else subject.replace("_", " ").replace("/", " ")


def _entry(row: AuditRow, subject: str) -> EntryView:
    kind, _, name = row.subject.partition("/")
    before, after = _read(row.before), _read(row.after)
    return EntryView(
        row=row,
        action=_action(row.action),
        subject=subject,
        address=_PAGES[kind].format(name) if kind in _PAGES and name else None,
        records=tuple(_records(before, after)),
        before=_shown(before),
        after=_shown(after),
    )


def _read(written: str | None) -> dict[str, Any] | None:
    read = None if written is None else json.loads(written)
    return read if isinstance(read, dict) else None


def _records(*sides: dict[str, Any] | None) -> list[tuple[str, str]]:
    """The record that an entry of a draft is about."""
    for side in sides:
        place = str((side or {}).get("record") or "")
        kind, _, record_id = place.partition("/")
        if kind in RECORD_TYPES and record_id:
            return [(place, path_of(kind, record_id))]
    return []


def _value(value: object) -> object:
    if isinstance(value, bool):
        return "yes" if value else "no"
    # The beginning of a digest is enough to tell it from others.
    return f"{value[:_DIGITS]}…" if isinstance(value, str) and _DIGEST.fullmatch(value) else value


def _shown(side: dict[str, Any] | None) -> str | None:
    """What was there, in a line; whole records have pages of their own."""
    if side is None:
        return None
    said = [
        f"{words.field(name).lower()}: {_value(value)}"
        for name, value in side.items()
        if name not in {"record", "document"} and value is not None
    ]
    line = ", ".join(said)
    return (line if len(line) <= _MOST_LETTERS else f"{line[:_MOST_LETTERS]}…") or None
