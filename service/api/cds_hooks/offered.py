"""What is offered: one service under six hooks, what it would like to be sent along, and what a client can switch on.

It is one service with one id on purpose: a client replaces the cards that an id gave earlier by its newer ones, so that
what was shown at order-select does not stand twice at order-sign. Nothing here looks at a request.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Final, NotRequired
from urllib.parse import quote

from pydantic import Field
from typing_extensions import TypedDict

SERVICE_ID: Final = "magnesium"
SERVICE_PATH: Final = f"/cds-services/{SERVICE_ID}"
# The version of CDS Hooks on the wire.
SPECIFICATION: Final = "2.0.1"
LOINC: Final = "http://loinc.org"


class Hook(StrEnum):
    """The moments at which a client asks."""

    ORDER_SELECT = "order-select"
    ORDER_SIGN = "order-sign"
    PATIENT_VIEW = "patient-view"
    MEDICATION_VERIFY = "medication-verify"
    MEDICATION_REFILL = "medication-refill"
    MEDICATION_PRESCRIBE = "medication-prescribe"


class Option(StrEnum):
    """What a client can switch on with a request; everything is off by default."""

    CACHE = "cache-for-order-sign-filtering"
    FILTER = "filter-out-repeated-alerts"
    FACTOR_CARDS = "one-card-per-modifying-factor"


class Part(StrEnum):
    """A part of the record; the word is the key under which it is asked for."""

    PATIENT = "patient"
    REQUESTS = "medicationRequests"
    STATEMENTS = "medicationStatements"
    CONDITIONS = "conditions"
    MAGNESIUM = "magnesium"
    POTASSIUM = "potassium"
    CALCIUM = "calcium"
    KIDNEY_FUNCTION = "kidneyFunction"


MEDICATION_PARTS: Final = (Part.REQUESTS, Part.STATEMENTS)
# One value is asked for, the newest, so that more of them on the next page are none that is missed.
LABORATORY_PARTS: Final = (Part.MAGNESIUM, Part.POTASSIUM, Part.CALCIUM, Part.KIDNEY_FUNCTION)
_LABORATORY_CODES: Final = {
    # Mass and moles a volume, in serum or plasma; 2597-3 would be that of red cells.
    Part.MAGNESIUM: ("19123-9", "2601-3"),
    Part.POTASSIUM: ("2823-3", "6298-4", "77142-8"),
    Part.CALCIUM: ("17861-6", "2000-8", "49765-1"),
    # Filtration rates; those that were split by race are left out.
    Part.KIDNEY_FUNCTION: ("98979-8", "98980-6", "62238-1", "94677-2", "33914-3", "77147-7", "69405-9", "76633-7"),
}


def _newest(*codes: str) -> str:
    """The newest value of these codes: one token parameter, and nothing that is repeated.

    The look-back is left to `_sort` and `_count`: `today()` is no word of 2.0, and the age of a value is told with it.
    """
    wanted = ",".join(quote(f"{LOINC}|{code}", safe=":/|") for code in codes)
    return f"Observation?patient={{{{context.patientId}}}}&code={wanted}&_sort=-date&_count=1"


# Only what every client can fill in: tokens at the root of the context, reads, references, tokens, _sort and _count.
PREFETCH: Final[dict[str, str]] = {
    Part.PATIENT.value: "Patient/{{context.patientId}}",
    Part.REQUESTS.value: "MedicationRequest?patient={{context.patientId}}&status=active",
    Part.STATEMENTS.value: "MedicationStatement?patient={{context.patientId}}&status=active",
    Part.CONDITIONS.value: "Condition?patient={{context.patientId}}&clinical-status=active",
    **{part.value: _newest(*codes) for part, codes in _LABORATORY_CODES.items()},
}


class ConfigurationItem(TypedDict):
    """Something a client can switch on, as HL7 PDDI-CDS 1.0.0 has it."""

    code: Option
    type: str
    name: str
    description: str


Advertised = TypedDict("Advertised", {"configuration-items": list[ConfigurationItem]})
Advertised.__doc__ = "What HL7 PDDI-CDS adds to a service."


class CdsService(TypedDict):
    """A service under one hook."""

    # No closed list in the contract: a hook more is an addition, and clients pass over hooks they do not know.
    hook: Annotated[str, Field(description="The moment at which a client asks. More may be added.")]
    id: str
    title: str
    description: str
    version: Annotated[str, Field(description="The version of CDS Hooks.")]
    hookVersion: NotRequired[Annotated[str, Field(description="The version of the hook, where it has one.")]]
    prefetch: Annotated[dict[str, str], Field(description="What to send along, as templates of FHIR queries.")]
    usageRequirements: str
    extension: Advertised


class CdsServices(TypedDict):
    """All services that are offered here."""

    services: list[CdsService]


_TITLE: Final = "Magnesium and medicines"
_MOMENT: Final = {
    Hook.ORDER_SELECT: "while orders are chosen: cards about those chosen; the other draft orders and the current "
    "medications are taken into account",
    Hook.ORDER_SIGN: "before orders are signed: cards about all of them",
    Hook.PATIENT_VIEW: "when a chart is opened: cards about the current medications",
    Hook.MEDICATION_VERIFY: "while a pharmacist verifies an order: cards about it",
    Hook.MEDICATION_REFILL: "when a refill is asked for: cards about the prescriptions to be refilled",
    Hook.MEDICATION_PRESCRIBE: "for clients of CDS Hooks 1.0, before medications are prescribed: cards about them",
}
_HOOK_VERSIONS: Final = {
    Hook.ORDER_SELECT: "1.0",
    Hook.ORDER_SIGN: "1.0",
    Hook.PATIENT_VIEW: "1.0",
    Hook.MEDICATION_VERIFY: "0.1.0",
    Hook.MEDICATION_REFILL: "0.1.0",
}
_USAGE: Final = (
    "Orders and current medications are needed, the rest makes answers more certain. What does not come along, is "
    "null, failed or paginated is said on a card and never taken for a patient who takes nothing; where nothing is "
    "left to check, the answer is 412. FHIR R4. For professionals; no card means that no rule applied, not that all "
    "is well."
)
_ITEMS: Final[list[ConfigurationItem]] = [
    {
        "code": Option.CACHE,
        "type": "boolean",
        "name": "Remember the cards of order-select",
        "description": "With order-select: remembers for a while which cards were shown, so that order-sign can leave "
        "them out where it is asked to.",
    },
    {
        "code": Option.FILTER,
        "type": "boolean",
        "name": "Leave out repeated cards at order-sign",
        "description": "With order-sign: leaves out cards that were shown at order-select to the same clinician for "
        "the same, unchanged order. Critical cards are always shown, and so is everything once a suggestion was "
        "accepted.",
    },
    {
        "code": Option.FACTOR_CARDS,
        "type": "boolean",
        "name": "One card per modifying factor",
        "description": "Gives a card of its own to each factor that could not be judged because a fact is missing; "
        "otherwise they stand on the card of the finding.",
    },
]


def _service(hook: Hook) -> CdsService:
    service: CdsService = {
        "hook": hook,
        "id": SERVICE_ID,
        "title": _TITLE,
        "description": f"Tells what magnesium has to do with a patient's medicines, {_MOMENT[hook]}.",
        "version": SPECIFICATION,
        "prefetch": PREFETCH,
        "usageRequirements": _USAGE,
        "extension": {"configuration-items": _ITEMS},
    }
    if hook in _HOOK_VERSIONS:
        service["hookVersion"] = _HOOK_VERSIONS[hook]
    return service


SERVICES: Final[CdsServices] = {"services": [_service(hook) for hook in Hook]}
