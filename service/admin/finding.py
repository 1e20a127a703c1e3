"""`/admin/records`: find a record by its words and by what it is about."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from functools import lru_cache
from typing import Annotated, Any, Final
from urllib.parse import urlencode

from fastapi import Query, Request, Response
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints
from starlette.concurrency import run_in_threadpool

from rules.terms import Direction, EvidenceGrade, RecordStatus, Severity
from service.admin import words
from service.admin.rendering import page
from service.admin.routes import frame, pages_router
from service.api.dependencies import parts_of
from service.api.openapi import needs
from service.application.principals import Permission
from service.application.record_search import KINDS, Library, Wanted, folded
from service.markup import Html, joined, tag

router = pages_router()

PAGE: Final = 25
_LETTERS: Final = 200
# A form sends fields that are left empty as empty texts.
_Blank = BeforeValidator(lambda value: None if value == "" else value)
_Id = Annotated[str, StringConstraints(max_length=120)]
_Kind = Annotated[str, StringConstraints(pattern=f"^({'|'.join(KINDS)})$")]


class FindQuery(BaseModel):
    """What the search form sends."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    text: Annotated[str, StringConstraints(max_length=_LETTERS)] = ""
    kind: Annotated[_Kind | None, _Blank] = None
    medication_class: Annotated[_Id | None, _Blank] = None
    substance: Annotated[_Id | None, _Blank] = None
    direction: Annotated[Direction | None, _Blank] = None
    severity: Annotated[Severity | None, _Blank] = None
    evidence: Annotated[EvidenceGrade | None, _Blank] = None
    status: Annotated[RecordStatus | None, _Blank] = None
    overdue: Annotated[bool, _Blank] = False
    page: Annotated[int, Field(ge=1, le=10_000)] = 1

    def address(self, **changed: object) -> str:
        """The address of the same search with something changed; what is not asked for is left out."""
        said = {**self.model_dump(mode="json", exclude_defaults=True), **changed}
        kept = {name: value for name, value in said.items() if value not in {None, "", False}}
        if kept.get("overdue") is True:
            kept["overdue"] = "true"
        return f"/admin/records?{urlencode(kept)}" if kept else "/admin/records"


@router.get("/admin/records", openapi_extra=needs(Permission.KNOWLEDGE))
async def find_records(request: Request, query: Annotated[FindQuery, Query()]) -> Response:
    """The search form with what it finds; only the latter for a script that asks while somebody types."""
    values = await run_in_threadpool(_found, request, query)
    if request.headers.get("hx-request") == "true":
        return page("results.html", **values)
    return page("find.html", **values, **frame(request, "records"))


def _found(request: Request, query: FindQuery) -> dict[str, Any]:
    parts = parts_of(request)
    library, today = parts.libraries.current(), parts.today()
    wanted = Wanted(
        text=query.text,
        kind=query.kind,
        class_id=query.medication_class,
        substance_id=_substance(library, query.substance),
        direction=query.direction,
        severity=query.severity,
        grade=query.evidence,
        status=query.status,
        overdue=query.overdue,
    )
    found = library.find(wanted, today)
    pages = max(1, -(-len(found.entries) // PAGE))
    number = min(query.page, pages)
    return {
        "query": query,
        "entries": found.entries[(number - 1) * PAGE : number * PAGE],
        "by_kind": found.by_kind,
        "every": sum(found.by_kind.values()),
        "total": len(found.entries),
        "number": number,
        "pages": pages,
        "first": (number - 1) * PAGE + 1,
        "today": today,
        "kind_options": [(kind, words.capital(words.kind_many(kind))) for kind, many in library.counts.items() if many],
        "class_options": _classes(library),
        "direction_options": _terms(Direction),
        "severity_options": _terms(Severity),
        "grade_options": _terms(EvidenceGrade),
        "status_options": _terms(RecordStatus),
        "substances": _substances(library),
    }


@lru_cache(maxsize=1)
def _substances(library: Library) -> Html:
    """Every substance as something to choose; written once, since there are thousands."""
    return joined([tag("option", one.name, value=one.id) for one in library.compiled.rule_set.substances])


@lru_cache(maxsize=1)
def _classes(library: Library) -> list[tuple[str, str]]:
    return sorted(((one.id, one.name) for one in library.compiled.rule_set.classes), key=lambda one: one[1].casefold())


def _terms(terms: Iterable[StrEnum]) -> list[tuple[str, str]]:
    return [(one.value, words.term(one)) for one in terms]


def _substance(library: Library, typed: str | None) -> str | None:
    """The id of the substance that somebody typed by its id or its name; as typed, where there is none."""
    if typed is None or library.get(("substances", typed)) is not None:
        return typed
    wanted = folded(typed)
    named = (one.id for one in library.compiled.rule_set.substances if folded(one.name) == wanted)
    return next(named, typed)
