"""`GET /REST/interaction/list.json` and `interaction.json`: a check, asked and answered as RxNav was.

Findings, decisions, permissions and limits are those of `/v1/checks`. XML, in which RxNav answered without `.json`, is
not spoken: those addresses are not there.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final, NoReturn

import orjson
from fastapi import APIRouter, Request, Response

from rules.profile import MedicationProfile
from service.api.asking import ask
from service.api.dependencies import parts_of
from service.api.faults import Fault, FaultLocation
from service.api.openapi import needs, statuses
from service.api.problems import ProblemCode, ProblemError
from service.api.routes import DirectAnswer, DirectRoute, operation_id, read_query
from service.api.rxnav.pairs import Pairs
from service.api.rxnav.shapes import RxNavDrugInteractions, RxNavInteractionList
from service.application.checks import CheckAnswer
from service.application.principals import Permission

TAG: Final = "rxnav"
MOST_DRUGS: Final = 50  # as the old interface had it
# The other side of the question about one drug: magnesium by mouth, in whatever form.
_MAGNESIUM_LINE: Final[dict[str, Any]] = {"id": "magnesium", "text": "Magnesium", "route": "oral"}
_ONE: Final = re.compile(r"[0-9]{1,8}")
_SOURCES: Final = re.compile(r"[A-Za-z0-9]{1,20}([ +][A-Za-z0-9]{1,20}){0,9}")
_UNFIT: Final = "The request does not fit the contract; `errors` says where and what is allowed."

_SOURCES_PARAMETER: Final[dict[str, Any]] = {
    "name": "sources",
    "in": "query",
    "required": False,
    "description": "Taken, and given back in `userInput`, so that old requests work. There is one source here, "
    "`magcheck`, and it answers whatever stands here.",
    "schema": {"type": "string", "pattern": f"^{_SOURCES.pattern}$", "maxLength": 210},
    "example": "ONCHigh",
}

router = APIRouter(route_class=DirectRoute, generate_unique_id_function=operation_id, tags=[TAG])


@router.get(
    "/REST/interaction/list.json",
    summary="Interactions within a list, as RxNav answered",
    response_model=RxNavInteractionList,
    response_description="The findings of a check of this list, as pairs.",
    openapi_extra={
        "parameters": [
            {
                "name": "rxcuis",
                "in": "query",
                "required": True,
                "description": f"At most {MOST_DRUGS} RxCUIs of ingredients, brands, products or packs, with a space "
                "(or `+`) between them.",
                "schema": {
                    "type": "string",
                    "pattern": f"^{_ONE.pattern}([ +]{_ONE.pattern}){{0,{MOST_DRUGS - 1}}}$",
                    "maxLength": MOST_DRUGS * 9,
                },
                "example": "2551 6582",
            },
            _SOURCES_PARAMETER,
        ],
        **statuses(503),
        **needs(Permission.CHECK),
    },
)
async def list_rxnav_interactions(request: Request) -> Response:
    """Check a list of RxCUIs, for clients of the interface of RxNav that closed in January 2024.

    About magnesium only, which `nlmDisclaimer` and `magcheck.scope` say in every answer. The findings are those of
    `/v1/checks` for the same codes; what was not recognised stands in `magcheck.medications` and in the disclaimer. A
    finding about one medicine has magnesium as its other side. No finding does not mean "safe". Parameter names may be
    in upper or lower case. More facts, and so better answers, are asked for with `/v1/checks`.
    """
    parameters = _parameters(request, "rxcuis")
    asked = _rxcuis(parameters, "rxcuis", most=MOST_DRUGS)
    sources = _sources(parameters)

    def write(answer: CheckAnswer) -> bytes:
        pairs = _pairs(request, answer)
        written: RxNavInteractionList = {
            "nlmDisclaimer": pairs.disclaimer(asked),
            "userInput": {"sources": sources, "rxcuis": asked},
            "magcheck": pairs.check(asked),
        }
        if groups := pairs.of_list():
            written["fullInteractionTypeGroup"] = groups
        return orjson.dumps(written)

    return DirectAnswer(await ask(request, _profile(request, asked), write))


@router.get(
    "/REST/interaction/interaction.json",
    summary="Interactions of one drug with magnesium, as RxNav answered",
    response_model=RxNavDrugInteractions,
    response_description="The findings of a check of this drug beside magnesium by mouth, as pairs.",
    openapi_extra={
        "parameters": [
            {
                "name": "rxcui",
                "in": "query",
                "required": True,
                "description": "The RxCUI of an ingredient, brand, product or pack.",
                "schema": {"type": "string", "pattern": f"^{_ONE.pattern}$", "maxLength": 8},
                "example": "2551",
            },
            _SOURCES_PARAMETER,
        ],
        **statuses(503),
        **needs(Permission.CHECK),
    },
)
async def get_rxnav_interactions(request: Request) -> Response:
    """Check one drug beside magnesium by mouth, for clients of the interface that closed in January 2024.

    The findings are those of `/v1/checks` for the drug and a line "Magnesium" taken by mouth, as far as the drug takes
    part in them. What other drugs a magnesium product interacts with depends on which are taken: ask with a list.
    """
    parameters = _parameters(request, "rxcui")
    [asked] = _rxcuis(parameters, "rxcui", most=1)
    sources = _sources(parameters)

    def write(answer: CheckAnswer) -> bytes:
        pairs = _pairs(request, answer)
        written: RxNavDrugInteractions = {
            "nlmDisclaimer": pairs.disclaimer([asked]),
            "userInput": {"sources": sources, "rxcui": asked},
            "magcheck": pairs.check([asked]),
        }
        if groups := pairs.of_drug(asked):
            written["interactionTypeGroup"] = groups
        return orjson.dumps(written)

    return DirectAnswer(await ask(request, _profile(request, [asked], beside=[_MAGNESIUM_LINE]), write))


def _pairs(request: Request, answer: CheckAnswer) -> Pairs:
    parts = parts_of(request)
    return Pairs(answer, parts.active.current(), parts.settings.public_url or "")


def _profile(request: Request, asked: list[str], beside: Sequence[dict[str, Any]] = ()) -> MedicationProfile:
    """The question as `/v1/checks` takes it, each medication under its RxCUI, about today."""
    lines = [{"id": rxcui, "codes": [{"system": "rxnorm", "code": rxcui}]} for rxcui in asked]
    question = {"medications": [*lines, *beside], "as_of": parts_of(request).today()}
    return MedicationProfile.model_validate_json(orjson.dumps(question))


def _parameters(request: Request, name: str) -> dict[str, str]:
    """The parameters, whose names the old interface took in upper and lower case.

    Raises:
        ProblemError: one stands twice, or there is no such parameter here.
    """
    query: bytes = request.scope["query_string"]
    parts = [part.partition(b"=") for part in query.split(b"&")]
    lowered = b"&".join(before.lower() + between + behind for before, between, behind in parts)
    return read_query(lowered, frozenset({name, "sources"}))


def _rxcuis(parameters: dict[str, str], name: str, *, most: int) -> list[str]:
    """The numbers that were asked about, each once.

    Raises:
        ProblemError: there are none or too many, or they are no numbers.
    """
    # Clients put the list together with `+`, which is a space in a query, or `%2B`, which is a plus sign.
    found = re.split(r"[ +]+", parameters.get(name, "").strip(" +"))
    if len(found) > most or not all(map(_ONE.fullmatch, found)):
        one, several = (
            "one RxCUI of 1 to 8 digits",
            f"1 to {most} RxCUIs of 1 to 8 digits, with a space or + between them",
        )
        _refuse(name, f"must be {several if most > 1 else one}")
    return list(dict.fromkeys(found))


def _sources(parameters: dict[str, str]) -> list[str]:
    """The sources that were asked for; an empty one for all, as the old interface wrote it.

    Raises:
        ProblemError: these are no names of sources.
    """
    text = parameters.get("sources", "").strip(" +")
    if not text:
        return [""]
    if not _SOURCES.fullmatch(text):
        _refuse("sources", "must be names of sources with a space between them")
    return re.split(r"[ +]", text)


def _refuse(name: str, detail: str) -> NoReturn:
    """Say what is wrong with a parameter.

    Raises:
        ProblemError: always.
    """
    fault = Fault(location=FaultLocation.QUERY, pointer=f"/{name}", detail=detail)
    raise ProblemError(ProblemCode.INVALID_REQUEST, _UNFIT, faults=[fault])
