"""`/admin/bench`: try a medication list on what answers, and on a draft beside it.

What is typed here goes nowhere: the service neither logs nor keeps it, it stands in no address and becomes no decision.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import Enum, auto
from functools import cache
from typing import Annotated, Any, Final

from fastapi import Path, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from rules.model import Case
from rules.profile import MedicationProfile
from rules.terms import RecordStatus
from service.admin import rendering
from service.admin.bench_answer import HEADINGS, AnswerView, view
from service.admin.bench_day import DayView, day_of, has_times
from service.admin.bench_form import EGFR_UNITS, FIELDS, Read, Typed, read, typed_of, written
from service.admin.fields import Fields, read_fields
from service.admin.list_text import FACTS
from service.admin.rendering import page
from service.admin.routes import asks_for_part, frame, pages_router
from service.api.dependencies import Parts, control_of, found, parts_of, principal_of
from service.api.examples import CHECK_REQUESTS
from service.api.openapi import needs
from service.application.bench import Tried, Written
from service.application.draft_steps import DraftState
from service.application.draft_views import DraftEntry, DraftSummary
from service.application.principals import Permission, Principal
from service.application.record_search import Library, Wanted, folded
from service.errors import StoreUnavailable
from service.markup import Html

router = pages_router()

BENCH_PATH: Final = "/admin/bench"
_MOST_MEDICINES: Final = 8
_MOST_DRAFTS: Final = 12

DraftId = Annotated[str, Path(pattern=r"^[0-9a-f-]{36}$")]
ExampleName = Annotated[str | None, Query(pattern=r"^[a-z-]{1,40}$")]
CaseId = Annotated[str | None, Query(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=80)]


class WhatIsTried(Enum):
    """What of a draft a bench beside a form tries."""

    AS_SAVED = auto()
    WITH_WHAT_IS_TYPED = auto()
    TYPED_CANNOT_BE_READ = auto()  # so the draft is tried as it was saved


@dataclass(frozen=True, slots=True)
class Beside:
    """The form of a record that a bench stands beside; ``path`` is where lists are tried from there."""

    path: str
    what: WhatIsTried = WhatIsTried.AS_SAVED
    to_mend: tuple[str, ...] = ()

    @property
    def has_typed(self) -> bool:
        """Whether what is typed and not saved is tried."""
        return self.what is WhatIsTried.WITH_WHAT_IS_TYPED

    @property
    def is_behind(self) -> bool:
        """Whether something is typed that could not be tried."""
        return self.what is WhatIsTried.TYPED_CANNOT_BE_READ


@dataclass(frozen=True, slots=True)
class Subject:
    """What a list is tried on: what answers, and perhaps a draft, perhaps beside the form of one of its records."""

    parts: Parts
    principal: Principal
    draft: DraftEntry | None = None
    tried: Tried | None = None
    beside: Beside | None = None

    @property
    def path(self) -> str:
        """Where this bench is."""
        return BENCH_PATH if self.draft is None else f"/admin/drafts/{self.draft.id}/bench"


@router.get(BENCH_PATH, openapi_extra=needs(Permission.CHECK))
async def show_bench(request: Request, example: ExampleName = None, case: CaseId = None) -> Response:
    """The bench, empty or with something ready to be tried."""
    return await run_in_threadpool(_begin, request, None, example, case)


@router.get("/admin/drafts/{draft_id}/bench", openapi_extra=needs(Permission.DRAFTS))
async def show_bench_of_draft(
    request: Request, draft_id: DraftId, example: ExampleName = None, case: CaseId = None
) -> Response:
    """The bench beside a draft."""
    return await run_in_threadpool(_begin, request, draft_id, example, case)


@router.post(BENCH_PATH, openapi_extra=needs(Permission.CHECK))
async def try_list(request: Request) -> Response:
    """The answer to what was typed; only the answer for a script that asks while somebody types."""
    form = await read_fields(request)
    return await run_in_threadpool(_tried, request, None, form)


@router.post("/admin/drafts/{draft_id}/bench", openapi_extra=needs(Permission.DRAFTS))
async def try_list_on_draft(request: Request, draft_id: DraftId) -> Response:
    """The answers of now and of the draft, side by side."""
    form = await read_fields(request)
    return await run_in_threadpool(_tried, request, draft_id, form)


@router.post(f"{BENCH_PATH}/day", openapi_extra=needs(Permission.CHECK))
async def plan_day(request: Request) -> Response:
    """The day plan of what was typed."""
    form = await read_fields(request)
    return await run_in_threadpool(_planned, request, None, form)


@router.post("/admin/drafts/{draft_id}/bench/day", openapi_extra=needs(Permission.DRAFTS))
async def plan_day_with_draft(request: Request, draft_id: DraftId) -> Response:
    """The day plan with the draft, and where it differs from that of now."""
    form = await read_fields(request)
    return await run_in_threadpool(_planned, request, draft_id, form)


@router.post(f"{BENCH_PATH}/medicines", openapi_extra=needs(Permission.CHECK))
async def suggest_medicines(request: Request) -> Response:
    """Medicines whose names begin with what was typed."""
    form = await read_fields(request)
    library = await run_in_threadpool(parts_of(request).libraries.current)
    return page("_bench_medicines.html", medicines=medicines(library, form.one("lookup")))


# --- what is shown ----------------------------------------------------------------------------------------------------


def _begin(request: Request, draft_id: str | None, example: str | None, case: str | None) -> Response:
    subject = subject_of(request, draft_id)
    typed, notes = Typed(), list[str]()
    if example is not None:
        typed, notes = _example(example)
    elif case is not None:
        profile = found(_case(subject, case)).profile
        typed, notes = _filled(profile, "worked case")
    return _page(request, subject, typed, notes=notes)


def _example(name: str) -> tuple[Typed, list[str]]:
    profile = MedicationProfile.model_validate_json(found(_examples().get(name))[1])
    return _filled(profile, "example")


def _filled(profile: MedicationProfile, what: str) -> tuple[Typed, list[str]]:
    filled = written(profile)
    parts = filled.left_out
    note = f"Left out, because the bench has no place for it: {', '.join(parts)} of this {what}."
    return filled.typed, [note] if parts else []


def _case(subject: Subject, case_id: str) -> Case | None:
    """The worked case as the draft has it, or as it is now."""
    compiled = subject.tried.compiled if subject.tried is not None else None
    rule_set = (compiled or subject.parts.bench.now()).rule_set
    return next((one for one in rule_set.cases if one.id == case_id), None)


def _tried(request: Request, draft_id: str | None, form: Fields) -> Response:
    return tried_on(request, subject_of(request, draft_id), form)


def tried_on(request: Request, subject: Subject, form: Fields) -> Response:
    """The answer to what was typed, after what a button did to it."""
    typed = typed_of(form)
    filled, notes = _acted_on(typed, form)
    return _page(request, subject, filled, notes=notes, focus=None if filled is typed else "lookup")


def _planned(request: Request, draft_id: str | None, form: Fields) -> Response:
    """The day plan alone for a script, and the whole page with it for anybody else."""
    subject, typed = subject_of(request, draft_id), typed_of(form)
    day = _day(subject, read(typed))
    if asks_for_part(request):
        return page("_bench_day.html", day_plan=day)
    return _page(request, subject, typed, day=day)


def _day(subject: Subject, asked: Read) -> DayView | None:
    """The day plan; none where nothing says when or how often something is taken."""
    profile = asked_profile(subject, asked)
    if profile is None or not has_times(profile):
        return None
    return day_of(profile, asked.lines, subject.parts.bench.now(), subject.tried)


def _acted_on(typed: Typed, form: Fields) -> tuple[Typed, list[str]]:
    """The form after what a button did to it, and what has to be said of that."""
    if "empty" in form:
        return Typed(), []
    if "example" in form:
        return _example(form.one("example"))
    number, _, name = form.one("replace").partition(":")
    if name and number.isascii() and number.isdecimal():
        return typed.with_name(int(number), name), []
    line = form.one("add") or form.one("lookup").strip()
    return typed.with_line(line) if line else typed, []


def subject_of(request: Request, draft_id: str | None, writing: Written | None = None) -> Subject:
    """Who tries what on which rule sets; ``writing`` is a record of the draft as somebody writes it.

    Raises:
        NotThere: there is no such draft.
    """
    parts, principal = parts_of(request), principal_of(request)
    if draft_id is None:
        return Subject(parts, principal)
    control = control_of(request)
    with control.store.reading() as session:
        entry = control.drafts.entry(session, draft_id, principal)
        tried = parts.bench.draft(session, control.drafts, draft_id, writing)
    return Subject(parts, principal, entry, tried)


def _page(
    request: Request,
    subject: Subject,
    typed: Typed,
    *,
    notes: Sequence[str] = (),
    focus: str | None = None,
    day: DayView | None = None,
) -> Response:
    """The whole page; for a script the answer alone or, where something was put into the form, the bench."""
    values = _values(request, subject, typed, notes=notes, focus=focus, day=day)
    if not asks_for_part(request):
        return page("bench.html", **values)
    if focus is None:
        return page("_bench_answer.html", **values)
    answer = page("_bench.html", **values)
    answer.headers["HX-Retarget"] = "#bench"
    answer.headers["HX-Reswap"] = "outerHTML"
    return answer


def empty_bench(request: Request, subject: Subject) -> Html:
    """The bench with nothing on it, as a part of another page."""
    return Html(rendering.written("_bench.html", **_values(request, subject, Typed())))


def _values(
    request: Request,
    subject: Subject,
    typed: Typed,
    *,
    notes: Sequence[str] = (),
    focus: str | None = None,
    day: DayView | None = None,
) -> dict[str, Any]:
    asked, beside = read(typed), subject.beside
    return {
        "typed": typed,
        "faults": asked.faults,
        "view": _view(subject, asked),
        "plans_day": beside is None and asked.profile is not None and has_times(asked.profile),
        "day_plan": day,
        "headings": HEADINGS,
        "draft": subject.draft,
        "beside": beside,
        "path": subject.path,
        "notes": notes,
        "focus": focus,
        "facts": FACTS,
        "units": EGFR_UNITS,
        "carried": [(name, typed[name]) for name in FIELDS if typed[name]],
        "drafts": _open_drafts(subject) if asked.profile is not None and beside is None else [],
        "may_write": subject.principal.may(Permission.DRAFT),
        "examples": [(name, one[0]) for name, one in _examples().items()],
        **frame(request, "bench"),
    }


def _view(subject: Subject, asked: Read) -> AnswerView | None:
    """The answer; none where there is no question."""
    profile = asked_profile(subject, asked)
    return None if profile is None else view(profile, asked.lines, subject.parts.bench.now(), subject.tried)


def asked_profile(subject: Subject, asked: Read) -> MedicationProfile | None:
    """The question, about today where it does not say; none where the form cannot be read or names no medicine."""
    profile = asked.profile
    if profile is None or not profile.medications:
        return None
    return profile if profile.as_of else profile.model_copy(update={"as_of": subject.parts.today()})


def _open_drafts(subject: Subject) -> list[DraftSummary]:
    """Drafts that the list could be tried with as well."""
    control = subject.parts.control
    if control is None or not subject.principal.may(Permission.DRAFTS):
        return []
    try:
        with control.store.reading() as session:
            listed, _ = control.drafts.listed(session, state=None, limit=_MOST_DRAFTS, offset=0)
    except StoreUnavailable:
        return []
    done = {DraftState.PUBLISHED, DraftState.DISCARDED}
    here = None if subject.draft is None else subject.draft.id
    return [one for one in listed if one.state not in done and one.id != here]


# --- what can be put into the form ------------------------------------------------------------------------------------


@cache
def _examples() -> dict[str, tuple[str, str]]:
    """The examples of the API by their names: what they show, and the question."""
    return {name: (one["summary"], json.dumps(one["value"])) for name, one in CHECK_REQUESTS.items()}


def medicines(library: Library, text: str) -> list[tuple[str, str]]:
    """Names that begin with what somebody types, each with the record it belongs to; those in use come first."""
    typed = folded(text)
    if not typed:
        return []
    found: list[tuple[str, str]] = []
    for kind in ("substances", "products"):
        for entry in library.find(Wanted(text=text, kind=kind, status=RecordStatus.ACTIVE), date.min).entries:
            names = (entry.title, *getattr(entry.record, "synonyms", ()), *getattr(entry.record, "brands", ()))
            name = next((one for one in names if folded(one).startswith(typed)), None)
            if name is not None:
                found.append((name, entry.title))
    # A name that is the record's own stands before brands and synonyms of others.
    found.sort(key=lambda one: (one[0] != one[1], one[0].casefold()))
    return found[:_MOST_MEDICINES]
