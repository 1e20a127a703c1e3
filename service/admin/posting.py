"""How the form of a page becomes a change: through the same verbs, transactions and refusals as the API.

What every form needs is done here or in the route: it comes from a page of ours with the token of the sign-in (the
route looks at it before an endpoint is called), it is done once however often it is sent (a key that is made when the
form is shown), it is about the revision that was shown, and whatever refuses it, the same page comes back with every
text that was typed. Nothing here knows what a form is about.

A page with a form is written like this::

    @router.get("/admin/drafts/{draft_id}/discard", openapi_extra=needs(Permission.DRAFT))
    async def show_discard(request: Request, draft_id: DraftId) -> Response:
        return await _discard_page(request, draft_id, None)

    @router.post("/admin/drafts/{draft_id}/discard", openapi_extra=needs(Permission.DRAFT))
    async def discard(request: Request, draft_id: DraftId) -> Response:
        async def act(posted: Posted) -> Response:
            asked, _ = posted.read(Change)  # a model of service.api.wishes
            seen = Seen(draft_id, posted.seen)
            return await done_once(
                asked,
                lambda session: to(f"/admin/drafts/{draft_id}", asked.control.drafts.discard(session, seen, asked.act)),
            )

        return await taken(request, act, lambda sheet: _discard_page(request, draft_id, sheet))

    async def _discard_page(request: Request, draft_id: str, sheet: Sheet | None) -> Response:
        entry = await in_transaction(request, lambda control, session: ...)
        sheet = sheet or new_sheet(request, seen=entry.revision)
        return page("discard.html", status=sheet.status, sheet=sheet, entry=entry, **frame(request, "drafts"))

and its template, with the macros of ``forms.html``::

    {% import "forms.html" as form %}
    <form method="post" action="/admin/drafts/{{ entry.id }}/discard" data-once>
      {{ form.hidden(sheet) }}{{ form.refusal(sheet) }}
      {{ form.area(sheet, "reason", "Why", hint="It stands in the audit trail.") }}
      <button class="btn btn-primary" type="submit">Discard</button>
    </form>

A signature adds ``{{ form.password(sheet, fresh=fresh) }}`` and takes a model that is `Signed`; `service.api.steps` has
the steps that are signed. What does not fit a field by its name stands above the form; a page whose fields are deeper
than the model's (`document`) puts `sheet.refusal.faults` beside them itself. For a part of a page (``hx-post``),
``act`` answers with the part, and ``again`` gives the part too; a redirect (`to`) leads a script there as well. Nobody
being signed in any more, or somebody else, needs nothing of a page: the route tells it, and what was typed is kept.
"""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple, TypeVar, get_args, get_origin
from uuid import uuid4

from fastapi import Request, Response
from pydantic import BaseModel

from service.admin.fields import KEY, OWN_PAGE, SEEN, Fields, read_fields
from service.admin.routes import REFUSALS, Told, asks_for_part, frame, kept, told
from service.api.bodies import parse_body
from service.api.changing import Asked, Change, require_key, wish_of
from service.api.dependencies import control_of, principal_of, source_of_request
from service.api.problems import ProblemCode, ProblemError
from service.application.control import Control
from service.application.drafts import Act
from service.application.once import Answer, Wish

Body = TypeVar("Body", bound=Change)
Said = TypeVar("Said", bound=BaseModel)

_SEE_OTHER: Final = 303
_OK: Final = 200
_MACHINERY: Final = frozenset({OWN_PAGE, KEY, SEEN})

# What to do next, by what went wrong. Texts of the API are for programs that call it; these are for people.
_NEXT: Final[dict[str, str]] = {
    ProblemCode.PRECONDITION_FAILED: (
        "Somebody changed it after you opened this page, so yours was not written over theirs. Look at what is new; "
        "if yours still holds, send it again."
    ),
    ProblemCode.ILLEGAL_STEP: "Nothing was changed. What you typed stands below.",
    ProblemCode.GATE_REFUSED: "Nothing was changed. The findings of the gate name the records to mend.",
    ProblemCode.RULE_SET_MOVED: "Take the rule set that answers now as the base of the draft, then review it again.",
    ProblemCode.INVALID_REQUEST: "Nothing was changed. Mend what is marked and send it again.",
    ProblemCode.IDEMPOTENCY_KEY_REUSED: ("What you typed now was not done. If you want it as well, send it again."),
    ProblemCode.IDEMPOTENCY_KEY_REQUIRED: "Nothing was changed. The form below is complete: send it again.",
    ProblemCode.PRECONDITION_REQUIRED: (
        "Nothing was changed. Keep a copy of what you typed, open the page again, and send it from there."
    ),
    ProblemCode.REAUTHENTICATION_REQUIRED: "Nothing was changed. Show that it is you, as below, and send it again.",
    ProblemCode.NOT_PERMITTED: "Nothing was changed. Ask somebody who has that role, or an administrator for the role.",
    ProblemCode.NOT_FOUND: "Nothing was changed. It may have been removed, or the address is not right.",
    ProblemCode.TOO_MANY_REQUESTS: "Nothing was changed. Wait a moment and send it again; what you typed stands below.",
    ProblemCode.STORE_UNAVAILABLE: "It may be back in a moment: send it again. What you typed stands below.",
}
_NOTHING_CHANGED: Final = "Nothing was changed. Send it again; what you typed stands below."
# Details that the contract words for programs.
_WORDS: Final = (
    (re.compile(r"^(is required|must not be empty|must be a string)$"), "Please fill this in."),
    (re.compile(r"^must have at least (\d+) characters$"), r"At least \1 characters, please."),
    (re.compile(r"^must have at most (\d+) characters$"), r"At most \1 characters, please."),
    (re.compile(r"^must match the pattern \S+: (.*)$"), r"Allowed here: \1."),
    (re.compile(r"^must match the pattern .*$"), "It holds a character that cannot be kept, or not what belongs here."),
    (re.compile(r"^must be one of (.*)$"), r"Please choose one: \1."),
)
_NO_TAG: Final = "The form does not say which state it is about."


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a form was not taken: in words, what to do next, and beside which field."""

    status: int
    code: str
    title: str
    detail: str
    next: str
    # Pointer into the body and what is wrong there, as the API has them.
    faults: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Sheet:
    """A form as it is shown: new, or with what was typed and why it was not taken."""

    key: str
    token: str
    seen: int | None = None
    said: Fields = field(default_factory=Fields)
    refusal: Refusal | None = None
    errors: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def status(self) -> int:
        """The status of a page that shows it."""
        return _OK if self.refusal is None else self.refusal.status

    @property
    def elsewhere(self) -> tuple[str, ...]:
        """What is wrong and belongs beside no field of the body's first level."""
        faults = () if self.refusal is None else self.refusal.faults
        return tuple(in_words(detail) for pointer, detail in faults if _name(pointer) not in self.errors)

    def value(self, name: str, default: str = "") -> str:
        """The text of a field: what was typed, else what the page proposes."""
        return self.said.one(name) if name in self.said else default

    def ticked(self, name: str, value: str = "true", *, default: bool = False) -> bool:
        """Whether a box is ticked; one that was not ticked is not sent, so a form that was sent decides."""
        return value in self.said.several(name) if self.said.pairs else default

    def beside(self, name: str) -> tuple[str, ...]:
        """What is wrong with a field."""
        return self.errors.get(name, ())


class Posted(NamedTuple):
    """A form that was sent, by somebody who is known, from a page of ours."""

    request: Request
    control: Control
    fields: Fields
    wish: Wish

    @property
    def seen(self) -> int:
        """The revision that the page showed.

        Raises:
            ProblemError: the form does not say.
        """
        written = self.fields.one(SEEN)
        if not re.fullmatch(r"[1-9][0-9]{0,8}", written):
            raise ProblemError(ProblemCode.PRECONDITION_REQUIRED, _NO_TAG)
        return int(written)

    def read(self, model: type[Body], **more: object) -> tuple[Asked, Body]:
        """What is asked for, as the API would have read it; ``more`` are values that do not stand in fields.

        Raises:
            ProblemError: it does not fit the model.
        """
        body = parse_body(json.dumps({**_values(self.fields, model), **more}).encode(), model)
        return self.asked(body.reason), body

    def body(self, model: type[Said]) -> Said:
        """A model that is no `Change`: it says nothing about why.

        Raises:
            ProblemError: it does not fit the model.
        """
        return parse_body(json.dumps(_values(self.fields, model)).encode(), model)

    def asked(self, reason: str) -> Asked:
        """Who asks, why, when and under which key."""
        act = Act(principal_of(self.request), reason, self.control.now())
        return Asked(self.control, act, self.wish, source_of_request(self.request))


def new_sheet(request: Request, *, seen: int | None = None, said: Fields | None = None) -> Sheet:
    """A form that nobody has sent yet; ``said`` are texts that it begins with."""
    return Sheet(str(uuid4()), frame(request, "")["csrf_token"] or "", seen, said or Fields())


def to(address: str, _: object = None) -> Answer:
    """The answer to a form that was taken: the page to look at next. As it is kept, it only says that it was done."""
    return Answer(_OK, "", address)


async def taken(
    request: Request,
    act: Callable[[Posted], Awaitable[Response]],
    again: Callable[[Sheet], Awaitable[Response]],
) -> Response:
    """Do what a form asks for; where it is refused, show it ``again`` with everything that was typed."""
    try:
        response = await act(await _posted(request))
    except REFUSALS as error:
        what = await told(request, error)
        sheet = await _refused(request, what)
        try:
            response = await again(sheet)
        except REFUSALS:
            return await kept(request, what)
        response.headers.update(what.headers)
        return response
    return _led_on(request, response)


def _led_on(request: Request, response: Response) -> Response:
    """Lead a browser, or a script, to the page to look at next."""
    address = response.headers.get("location")
    if address is None:
        return response
    headers = {"Cache-Control": "no-store", "HX-Redirect" if asks_for_part(request) else "Location": address}
    return Response(status_code=_OK if asks_for_part(request) else _SEE_OTHER, headers=headers)


async def _posted(request: Request) -> Posted:
    fields = await read_fields(request)
    key = fields.one(KEY)
    require_key(key)
    said = json.dumps([pair for pair in fields.without_secrets() if pair[0] != KEY]).encode()
    return Posted(request, control_of(request), fields, wish_of(request, key, said))


async def _refused(request: Request, what: Told) -> Sheet:
    """The form once more, with what was typed and what was wrong."""
    fields = await read_fields(request)
    problem = what.problem
    faults = tuple((one["pointer"], one["detail"]) for one in problem["errors"])
    code = problem["code"]
    errors: dict[str, tuple[str, ...]] = {}
    for pointer, detail in faults:
        name = _name(pointer)
        if name:
            errors[name] = (*errors.get(name, ()), in_words(detail))
    detail = problem["detail"]
    if code == ProblemCode.REAUTHENTICATION_REQUIRED:
        detail = in_words(_password(detail))
        errors["password"] = (detail,)
    # A key that belongs to something that was done cannot be used again; after a refusal nothing was kept under it.
    spent = code in {ProblemCode.IDEMPOTENCY_KEY_REUSED, ProblemCode.IDEMPOTENCY_KEY_REQUIRED}
    fresh = new_sheet(request)
    seen = fields.one(SEEN)
    return Sheet(
        key=fresh.key if spent else fields.one(KEY),
        token=fresh.token,
        seen=int(seen) if re.fullmatch(r"[0-9]{1,9}", seen) else None,
        said=Fields(tuple(pair for pair in fields.without_secrets() if pair[0] not in _MACHINERY)),
        refusal=Refusal(
            status=what.status,
            code=code,
            title=problem["title"],
            detail=detail,
            next=_NEXT.get(code, _NOTHING_CHANGED),
            faults=faults,
        ),
        errors=errors,
    )


def in_words(detail: str) -> str:
    """What is wrong with a field, for people."""
    for pattern, words in _WORDS:
        if pattern.match(detail):
            return pattern.sub(words, detail)
    return f"{detail[:1].upper()}{detail[1:]}{'' if detail.endswith(('.', '?', '!')) else '.'}"


def _password(detail: str) -> str:
    if "identity provider" in detail:
        return "Your sign-in at your organisation is older than five minutes."
    return "Type your password once more: it is the signature." if "send it as" in detail else detail


def _name(pointer: str) -> str:
    """The field of the form that a pointer leads to or into."""
    first = pointer.split("/")[1] if pointer.startswith("/") else ""
    return "" if first == "document" else first


def _values(fields: Fields, model: type[BaseModel]) -> dict[str, Any]:
    """The fields as values of the model, which is strict: boxes are true or not, what is left empty is left out."""
    values: dict[str, Any] = {}
    for name, about in model.model_fields.items():
        if get_origin(about.annotation) is tuple:
            values[name] = list(fields.several(name))
        elif about.annotation is bool:
            values[name] = "true" in fields.several(name)
        elif int in {about.annotation, *get_args(about.annotation)} and fields.one(name).isdecimal():
            values[name] = int(fields.one(name))
        elif fields.one(name):
            values[name] = fields.one(name)
    return values
