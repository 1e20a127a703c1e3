"""Makes a worked case of a trial: the list as it was tried, and what is expected of it, as a record of the draft.

What the engine answered is only a proposal. Nothing becomes a case before somebody has named the source that says it.
"""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from fastapi import Request, Response
from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool

from rules.canonical import content
from rules.faults import in_words
from rules.model import Case
from rules.profile import MedicationProfile
from rules.terms import Applicability, CaseKind, Severity
from service.admin.bench import DraftId, Subject, asked_profile, subject_of
from service.admin.bench_answer import AnswerView, view
from service.admin.bench_form import FIELDS, Typed, read, typed_of
from service.admin.fields import Fields, read_fields
from service.admin.posting import Posted, Sheet, new_sheet, taken, to
from service.admin.rendering import page
from service.admin.routes import frame, pages_router
from service.admin.words import term
from service.api.changing import done_once
from service.api.faults import Fault, FaultLocation
from service.api.openapi import needs
from service.api.problems import ProblemCode, ProblemError
from service.application.drafts import Seen
from service.application.once import Answer
from service.application.principals import Permission
from service.errors import NotThere
from service.storage.session import Transaction

router = pages_router()

_KIND: Final = "cases"
_REASON: Final = "Worked case made on the test bench."
_FEW: Final = 2
_MOST_LETTERS_OF_TITLE: Final = 140
_MOST_LETTERS_OF_ID: Final = 80
_PATH: Final = "/admin/drafts/{draft_id}/bench/case"
# Where a fault of the record belongs on the form.
_PLACES: Final = {"id": "id", "title": "title", "rationale": "rationale", "citations": "citation", "kind": "kind"}


@dataclass(frozen=True, slots=True)
class Expected:
    """A finding of the answer, as something that may be expected."""

    key: str
    interaction: str
    title: str
    severity: str
    applicability: str
    medications: tuple[str, ...]
    medicines: tuple[str, ...]


@router.post(_PATH, openapi_extra=needs(Permission.DRAFT))
async def propose_case(request: Request, draft_id: DraftId) -> Response:
    """The case as it could be, to be completed."""
    return await run_in_threadpool(_page, request, draft_id, await read_fields(request), None)


@router.post(f"{_PATH}/keep", openapi_extra=needs(Permission.DRAFT))
async def keep_case(request: Request, draft_id: DraftId) -> Response:
    """Put the case into the draft."""

    async def act(posted: Posted) -> Response:
        fields = posted.fields
        subject = await run_in_threadpool(subject_of, request, draft_id)
        case = _case(subject, fields)
        asked = posted.asked(_reason(fields))
        seen = Seen(draft_id, posted.seen)

        def put(session: Transaction) -> Answer:
            _require_new(session, subject, case.id)
            entry = asked.control.drafts.put(session, seen, (_KIND, case.id), content(case), asked.act)
            return to(f"/admin/drafts/{entry.id}")

        return await done_once(asked, put)

    async def again(sheet: Sheet) -> Response:
        return await run_in_threadpool(_page, request, draft_id, sheet.said, sheet)

    return await taken(request, act, again)


def _page(request: Request, draft_id: str, fields: Fields, sheet: Sheet | None) -> Response:
    subject = subject_of(request, draft_id)
    typed = typed_of(fields)
    shown = _answer(subject, typed)
    if shown is None:
        raise ProblemError(ProblemCode.INVALID_REQUEST, "The list cannot be read; go back and mend what is marked.")
    draft = subject.draft
    revision = None if draft is None else draft.revision
    findings = _expected(shown)
    sheet = sheet or new_sheet(request, seen=revision)
    return page(
        "bench-case.html",
        status=sheet.status,
        sheet=sheet,
        typed=typed,
        carried=[(name, typed[name]) for name in FIELDS if typed[name]],
        draft=draft,
        findings=findings,
        near=shown.near_misses,
        sources=_sources(shown),
        proposed=_proposed(findings, shown),
        interactions=_interactions(findings, shown),
        kinds=[(one.value, term(one)) for one in CaseKind],
        severities=[(one.value, term(one)) for one in Severity],
        applicabilities=[(one.value, term(one)) for one in Applicability if one is not Applicability.DOES_NOT_APPLY],
        **frame(request, "drafts"),
    )


def _answer(subject: Subject, typed: Typed) -> AnswerView | None:
    asked = read(typed)
    profile = asked_profile(subject, asked)
    return None if profile is None else view(profile, asked.lines, subject.parts.bench.now(), subject.tried)


def _expected(shown: AnswerView) -> list[Expected]:
    """What the engine answers with the draft, to be confirmed or mended."""
    return [
        Expected(
            key=finding["key"],
            interaction=finding["interaction_id"],
            title=finding["title"],
            severity=finding["severity"],
            applicability=finding["applicability"],
            medications=tuple(finding["medication_ids"]),
            medicines=tuple(
                next((line.text for line in shown.lines if line.now["id"] == one), one)
                for one in finding["medication_ids"]
            ),
        )
        for finding in shown.shown["findings"]
    ]


def _interactions(findings: list[Expected], shown: AnswerView) -> list[tuple[str, str]]:
    """What the case may be about: the interactions that were found, and those that came near."""
    found = {one.interaction: one.title for one in findings}
    near = {one: f"{title} (came near)" for one, title, _ in shown.near_misses if one not in found}
    return [("", "None: the whole list"), *found.items(), *near.items()]


def _sources(shown: AnswerView) -> list[tuple[str, str]]:
    """The sources behind the findings: most likely the case rests on one of them."""
    found = {
        source["id"]: source["title"]
        for finding in shown.shown["findings"]
        for source in finding["evidence"]["citations"]
    }
    return [("", "Choose one"), *found.items()]


def _proposed(findings: list[Expected], shown: AnswerView) -> dict[str, str]:
    """What stands in the form at first."""
    names = [line.text for line in shown.lines]
    title = " with ".join(names) if len(names) <= _FEW else f"{names[0]} with {len(names) - 1} other medicines"
    one = findings[0].interaction if len(findings) == 1 else ""
    taken_for = [substance["id"] for line in shown.lines for substance in line.shown["substances"]]
    record_id = "-".join([one, "tried"] if one else taken_for or ["list"])
    return {
        "title": title[:_MOST_LETTERS_OF_TITLE],
        "id": record_id[:_MOST_LETTERS_OF_ID].strip("-"),
        "kind": (CaseKind.FIRES if one else CaseKind.WHOLE_LIST).value,
        "interaction": one,
    }


# --- from the form to the record --------------------------------------------------------------------------------------


def _case(subject: Subject, fields: Fields) -> Case:
    """The record that the form describes.

    Raises:
        ProblemError: it does not fit its form, names a source that there is not, or nobody stands for it.
    """
    shown = _answer(subject, typed_of(fields))
    profile = asked_profile(subject, read(typed_of(fields)))
    if shown is None or profile is None or subject.tried is None or subject.tried.compiled is None:
        raise ProblemError(ProblemCode.INVALID_REQUEST, "The list cannot be read, or the draft cannot answer it.")
    faults = []
    source = _source(fields)
    if all(one.id != source for one in subject.tried.compiled.rule_set.citations):
        faults.append(_fault("citation", "Name a source that the draft has; make its record first where it has none."))
    if fields.one("confirmed") != "true":
        faults.append(
            _fault("confirmed", "Compare each line with the source first: what the engine answers proves nothing.")
        )
    try:
        case = Case.model_validate_json(json.dumps(_document(subject, fields, profile, _expected(shown))))
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)
        faults += [_fault(_placed(one["loc"]), in_words(one)) for one in found]
        case = None
    if faults or case is None:
        raise ProblemError(ProblemCode.INVALID_REQUEST, "The case is not complete.", faults=faults)
    return case


def _document(subject: Subject, fields: Fields, profile: MedicationProfile, findings: list[Expected]) -> dict[str, Any]:
    expected = fields.several("expect")
    reference = {"citation": _source(fields)}
    if fields.one("supports").strip():
        reference["supports"] = fields.one("supports").strip()
    document = {
        "id": fields.one("id").strip(),
        "last_reviewed_on": subject.parts.today().isoformat(),
        "kind": fields.one("kind"),
        "title": fields.one("title"),
        "rationale": fields.one("rationale"),
        "citations": [reference],
        # As a record has it, with the day it was tried on: a case means the same in ten years.
        "profile": json.loads(profile.model_dump_json(exclude_none=True, exclude_defaults=True)),
        "expect": {
            "findings": [
                {
                    "interaction": one.interaction,
                    "severity": fields.one(f"severity-{one.key}"),
                    "applicability": fields.one(f"applicability-{one.key}"),
                    "medications": list(one.medications),
                }
                for one in findings
                if one.key in expected
            ],
            "absent": sorted(set(fields.several("absent"))),
            "no_other_findings": fields.one("no_other_findings") == "true",
        },
    }
    if fields.one("interaction"):
        document["interaction"] = fields.one("interaction")
    return document


def _source(fields: Fields) -> str:
    return fields.one("other").strip() or fields.one("citation")


def _placed(location: tuple[int | str, ...]) -> str:
    """The field of the form for a place of the record."""
    name = _PLACES.get(str(location[0])) if location else "kind"
    return name or ""


def _fault(name: str, detail: str) -> Fault:
    return Fault(location=FaultLocation.BODY, pointer=f"/{name}" if name else "", detail=detail)


def _require_new(session: Transaction, subject: Subject, record_id: str) -> None:
    """Make sure that no case is written over.

    Raises:
        ProblemError: there is one of this id.
    """
    control, draft = subject.parts.control, subject.draft
    if control is None or draft is None:
        raise NotThere("there is no draft")
    with suppress(NotThere):
        control.drafts.record(session, draft.id, (_KIND, record_id))
        fault = _fault("id", "A worked case has this identifier already; take another one.")
        raise ProblemError(ProblemCode.INVALID_REQUEST, "The case is not complete.", faults=[fault])


def _reason(fields: Fields) -> str:
    return fields.one("reason").strip() or _REASON
