"""Requests that change something: which version they are about, and that they are done once however often they come.

The verbs run in another thread and in one transaction with the answer that is kept. Nothing here knows what they do.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Annotated, Any, Final, NamedTuple, ParamSpec, TypeVar

from fastapi import Request, Response
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, StringConstraints
from starlette.concurrency import run_in_threadpool

from rules.unseen import shown
from service.api.bodies import parse_body, read_content
from service.api.dependencies import control_of, principal_of, source_of_request
from service.api.faults import Fault, FaultLocation
from service.api.problems import ProblemCode, ProblemError
from service.application.control import Control
from service.application.drafts import Act
from service.application.once import Answer, Wish, kept_answer, once
from service.storage.session import Transaction, within

_KEY: Final = re.compile(r"[A-Za-z0-9._:-]{8,64}")
_TAG: Final = re.compile(r'"([1-9][0-9]{0,8})"')
_JSON: Final = "application/json"

# Of one step of a request, all its questions and the commit together; an unknown end is found out with the same key.
_STORE_SECONDS: Final = 4.5

Body = TypeVar("Body", bound="Change")
Wished = TypeVar("Wished", bound=BaseModel)
P = ParamSpec("P")
R = TypeVar("R")


# No control characters but tab and line feeds: no database keeps all of them, and no log should. Nothing that is not
# seen: whoever reviews or signs must be shown what there is, in the order it has.
LineText = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$"),
    AfterValidator(shown),
]
ReasonText = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, min_length=1, max_length=2000, pattern=r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$"
    ),
    AfterValidator(shown),
]


class Change(BaseModel):
    """What every change says."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    reason: Annotated[ReasonText, Field(description="Why; it stands in the audit trail.")]


class Signed(Change):
    """A change that is a signature, with a fresh proof of who makes it."""

    password: Annotated[
        SecretStr | None,
        Field(
            max_length=1000,
            description="The password once more, of somebody who signs in with one here. Left out by those who sign in "
            "at an identity provider: they must have done so within the last five minutes.",
        ),
    ] = None


class Asked(NamedTuple):
    """A request that changes something, ready to be done."""

    control: Control
    act: Act
    wish: Wish
    source: str


async def read_change(request: Request, model: type[Body]) -> tuple[Asked, Body]:
    """The body of a request that changes something, and who asks for it under which key.

    Raises:
        ProblemError: it has no idempotency key, or its body does not fit.
        ClientDisconnect: the client went away.
    """
    control, wish, body = await read_wish(request, model)
    act = Act(principal_of(request), body.reason, control.now())
    return Asked(control, act, wish, source_of_request(request)), body


async def read_wish(request: Request, model: type[Wished]) -> tuple[Control, Wish, Wished]:
    """The body of a request that is to be done once, however often it comes.

    Raises:
        ProblemError: it has no idempotency key, or its body does not fit.
        ClientDisconnect: the client went away.
    """
    key = _header(request, "idempotency-key")
    require_key(key)
    control = control_of(request)
    content = await read_content(request)
    body = parse_body(content, model)
    return control, wish_of(request, key or "", (_header(request, "if-match") or "").encode(), content), body


def require_key(key: str | None) -> None:
    """Make sure that a wish has a key of its own.

    Raises:
        ProblemError: it has none that can be taken.
    """
    if key is None or not _KEY.fullmatch(key):
        detail = (
            "This request changes something, so it needs an Idempotency-Key header of 8 to 64 letters, digits, `.`, "
            "`_`, `:` or `-`: new for each wish, the same when the request is sent again."
        )
        raise ProblemError(ProblemCode.IDEMPOTENCY_KEY_REQUIRED, detail)


def wish_of(request: Request, key: str, *parts: bytes) -> Wish:
    """The wish of whoever asks under this key: to do what the ``parts`` say at this address."""
    # Keyed, because a body may hold a password, which the plain hash of a body would help to guess.
    said = [request.method.encode(), request.url.path.encode(), *parts]
    digest = control_of(request).keyring.mac("idempotency", b"".join(len(part).to_bytes(8) + part for part in said))[1]
    return Wish(principal_of(request).id, key, digest)


async def done_once(asked: Asked, act: Callable[[Transaction], Answer]) -> Response:
    """Do it, or answer as it was answered before."""
    return sent(await run_in_threadpool(_in_time, once, asked.control.store, asked.wish, asked.act.now, act))


async def done_before(asked: Asked) -> Response | None:
    """The answer that was given before; asked first where what comes takes long."""
    kept = await run_in_threadpool(_in_time, kept_answer, asked.control.store, asked.wish)
    return None if kept is None else sent(kept)


async def require_fresh(asked: Asked, body: Signed) -> None:
    """Make sure that the one who signs is there right now.

    Raises:
        ReauthenticationRequired: it is not certain.
    """
    password = None if body.password is None else body.password.get_secret_value()
    await run_in_threadpool(asked.control.require_fresh, asked.act.principal, password, source=asked.source)


def seen_revision(request: Request) -> int:
    """The revision that a request is about.

    Raises:
        ProblemError: it does not say, or not as an `ETag` of ours.
    """
    tag = _header(request, "if-match")
    if tag is None:
        detail = "Send the ETag of what you have read in If-Match, so that no other change gets lost."
        raise ProblemError(ProblemCode.PRECONDITION_REQUIRED, detail)
    match = _TAG.fullmatch(tag)
    if match is None:
        fault = Fault(location=FaultLocation.HEADER, pointer="/If-Match", detail='must be one ETag such as "3"')
        raise ProblemError(ProblemCode.INVALID_REQUEST, "If-Match must repeat an ETag as it was read.", faults=[fault])
    return int(match[1])


def answer_of(content: BaseModel, *, status: int = 200, location: str | None = None, tag: int | None = None) -> Answer:
    """An answer with a model as its content."""
    written = content.model_dump_json(exclude_none=True)
    return Answer(status, written, location, None if tag is None else f'"{tag}"')


def sent(answer: Answer) -> Response:
    """The response for an answer."""
    headers: dict[str, str] = {"Cache-Control": "no-store"}
    if answer.location is not None:
        headers["Location"] = answer.location
    if answer.tag is not None:
        headers["ETag"] = answer.tag
    return Response(answer.content, status_code=answer.status, headers=headers, media_type=_JSON)


async def in_transaction(request: Request, read: Callable[[Control, Transaction], Any]) -> Any:  # noqa: ANN401 - what it reads
    """Read something from the store in another thread."""
    control = control_of(request)

    def look() -> Any:  # noqa: ANN401
        with control.store.reading() as session:
            return read(control, session)

    return await run_in_threadpool(_in_time, look)


def _in_time(step: Callable[P, R], *given: P.args, **named: P.kwargs) -> R:
    """Let the database take no longer than whoever asked would wait; then it is as good as away."""
    with within(_STORE_SECONDS):
        return step(*given, **named)


def _header(request: Request, name: str) -> str | None:
    """The one header of this name.

    Raises:
        ProblemError: there are two.
    """
    found = request.headers.getlist(name)
    if len(found) > 1:
        raise ProblemError(ProblemCode.MALFORMED_REQUEST, f"There must be at most one {name.title()} header.")
    return found[0] if found else None
