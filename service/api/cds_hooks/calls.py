"""What a client sends when a hook fires, read leniently: real clients leave out, misspell and add much of it.

Only what nothing can be made of is refused. Nothing is fetched here, and no access token is written anywhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from service.api.cds_hooks.offered import PREFETCH, Hook, Option
from service.api.faults import Fault, FaultLocation, body_faults
from service.api.foreign_json import parse_foreign
from service.api.problems import ProblemCode, ProblemError
from service.fhir.collecting import relative

DRAFTS: Final = "context/draftOrders"
_MEDICATION: Final = "context/medication"
_MEDICATIONS: Final = "context/medications"
_WITH_MEDICATIONS: Final = frozenset({Hook.MEDICATION_REFILL, Hook.MEDICATION_PRESCRIBE})
# Prefetch under keys that were never asked for: the key is the client's and may hold anything.
OTHER: Final = "prefetch/other"
_MOST_SELECTIONS: Final = 200


class HookRequest(BaseModel):
    """A call of CDS Hooks 2.0.1. What is not described here is tolerated, and what is not understood is left out."""

    model_config = ConfigDict(extra="allow")

    hook: Hook
    hookInstance: Annotated[  # noqa: N815 - the name on the wire
        str,
        StringConstraints(min_length=1, max_length=200),
        Field(
            description="Names this firing of the hook. Some clients send the same each time, so nothing rests on it."
        ),
    ]
    context: Annotated[
        dict[str, Any],
        Field(
            description="`userId`, `patientId`, `encounterId`; with order-select and order-sign `draftOrders` (a "
            "Bundle), with order-select `selections`; with medication-verify `medication`, with medication-refill and "
            "medication-prescribe `medications`. With medication-refill there may be no `userId`."
        ),
    ]
    prefetch: Annotated[
        dict[str, Any] | None,
        Field(description="What `/cds-services` asks for, by key. Resources under other keys are read as well."),
    ] = None
    fhirServer: Annotated[  # noqa: N815
        Any, Field(description="Where the client's FHIR server is; asked only where the operator allows this very one.")
    ] = None
    fhirAuthorization: Annotated[  # noqa: N815
        Any, Field(description="An access token for it, used for this request only and kept nowhere.")
    ] = None
    extension: Annotated[
        Any,
        Field(
            description="`configuration-items` or `pddi-configuration-items`: what to switch on, as in `/cds-services`."
        ),
    ] = None


@dataclass(frozen=True, slots=True)
class FhirAccess:
    """The client's FHIR server, and the token it gave for it."""

    server: str
    token: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class HookCall:
    """A call, as far as it was understood."""

    hook: Hook
    context: Mapping[str, Any]
    prefetch: Mapping[str, Any]
    options: frozenset[Option]
    fhir: FhirAccess | None

    @property
    def patient_id(self) -> str | None:
        """The id of the patient, without its type."""
        return _id(self.context.get("patientId"))

    @property
    def user_id(self) -> str | None:
        """Who is asking, as `Practitioner/1`."""
        return _text(self.context.get("userId"))

    @property
    def encounter_id(self) -> str | None:
        """The encounter, where there is one."""
        return _text(self.context.get("encounterId"))

    def orders(self) -> tuple[str, object] | None:
        """The orders it is about and what their place is called; none at a hook without orders.

        Raises:
            ProblemError: the hook is about orders, and there are none.
        """
        context = self.context
        if self.hook is Hook.PATIENT_VIEW:
            return None
        if self.hook is Hook.MEDICATION_VERIFY:
            order = context.get("order")
            # The text of the hook calls it `medication`, its example `order.resource`.
            sent = context.get("medication") or (order.get("resource") or order if isinstance(order, dict) else None)
            place = _MEDICATION
        elif self.hook in _WITH_MEDICATIONS:
            sent, place = context.get("medications"), _MEDICATIONS
        else:
            # What is no Bundle here yet, older examples of these hooks still call `medications`.
            sent, place = context.get("draftOrders", context.get("medications")), DRAFTS
        if not isinstance(sent, dict | list):
            fault = Fault(location=FaultLocation.BODY, pointer=f"/{place}", detail="must be a Bundle or a resource")
            raise ProblemError(
                ProblemCode.INVALID_REQUEST, "The orders the hook is about are not there.", faults=[fault]
            )
        return place, sent

    def selections(self) -> frozenset[str]:
        """References to the orders that were chosen, without server and version; empty where nobody says."""
        given = self.context.get("selections")
        texts = given if isinstance(given, list) else [given]
        return frozenset(relative(text) for text in texts[:_MOST_SELECTIONS] if isinstance(text, str) and text.strip())


def read_call(content: bytes) -> HookCall:
    """The call in a body.

    Raises:
        ProblemError: it is no JSON, or no call of a hook that is offered here.
    """
    tree = parse_foreign(content)
    try:
        sent = HookRequest.model_validate(tree, strict=False)
    except ValidationError as error:
        detail = "The body is no call of a hook that is offered here; `/cds-services` lists them."
        faults = body_faults(error.errors(include_url=False, include_input=False), HookRequest)
        raise ProblemError(ProblemCode.INVALID_REQUEST, detail, faults=faults) from None
    return HookCall(
        hook=sent.hook,
        context=sent.context,
        prefetch=sent.prefetch or {},
        options=_options(sent.extension),
        fhir=_access(sent.fhirServer, sent.fhirAuthorization),
    )


def place_of(key: str) -> str:
    """What the place of prefetched resources is called: by its key where that is one of ours."""
    return f"prefetch/{key}" if key in PREFETCH else OTHER


def _options(extension: object) -> frozenset[Option]:
    """What is switched on. The text of the standard has one name for the object, its examples another."""
    if not isinstance(extension, dict):
        return frozenset()
    on: set[Option] = set()
    for name in ("configuration-items", "pddi-configuration-items"):
        items = extension.get(name)
        for option in Option:
            if isinstance(items, dict):
                switched = items.get(option.value) is True
            else:
                switched = isinstance(items, list) and any(_is_on(item, option) for item in items)
            if switched:
                on.add(option)
    return frozenset(on)


def _is_on(item: object, option: Option) -> bool:
    """Whether an entry of a list switches it on; somebody may send them in the form in which we offer them."""
    return (
        isinstance(item, dict)
        and item.get("code") == option.value
        and any(item.get(name) is True for name in ("value", "valueBoolean"))
    )


def _access(server: object, authorization: object) -> FhirAccess | None:
    address = _text(server)
    if address is None:
        return None
    token = authorization.get("access_token") if isinstance(authorization, dict) else None
    return FhirAccess(address, _text(token))  # an empty token, which one client sends, is none


def _text(value: object) -> str | None:
    return (value.strip() or None) if isinstance(value, str) else None


def _id(value: object) -> str | None:
    text = _text(value)
    return None if text is None else relative(text).rpartition("/")[2]
