"""`POST /cds-services/magnesium`: what a hook fires at, answered with cards.

The question is the same as that of `/v1/checks`, read out of FHIR resources, and so are the findings and the decision
that is kept. Missing, failed and paginated prefetch never means that a patient takes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from time import perf_counter
from typing import Any, Final

import orjson
from fastapi import APIRouter, Request, Response

from rules.report import Finding
from service.api.asking import keep_decision
from service.api.bodies import read_content
from service.api.cds_hooks.calls import HookCall, HookRequest, place_of, read_call
from service.api.cds_hooks.card_types import CdsCards
from service.api.cds_hooks.cards import MOST_CARDS, Scene, cards_of
from service.api.cds_hooks.discovery import TAG
from service.api.cds_hooks.examples import HOOK_REQUESTS
from service.api.cds_hooks.limits import Supply, limits_of, medication_supply
from service.api.cds_hooks.offered import MEDICATION_PARTS, PREFETCH, SERVICE_PATH, Hook, Option
from service.api.cds_hooks.plain_markdown import escaped
from service.api.cds_hooks.repeated import without_repeated
from service.api.cds_hooks.suggestions import Suggestions
from service.api.cds_hooks.wording import ORDERED, of_rule
from service.api.dependencies import Parts, parts_of, principal_of
from service.api.openapi import json_body, needs, statuses
from service.api.problems import ProblemCode, ProblemError
from service.api.routes import DirectAnswer, DirectRoute, operation_id
from service.application.card_ids import decision_id
from service.application.checks import CheckAnswer
from service.application.fhir_server import FAILED
from service.application.principals import Permission
from service.fhir.collecting import relative
from service.fhir.issues import Answered
from service.fhir.products import UNNAMED
from service.fhir.reading import Reading, ReadingRefused, read

router = APIRouter(route_class=DirectRoute, generate_unique_id_function=operation_id, tags=[TAG])
_NAMES_OF_MEDICATION: Final = ("medicationCodeableConcept", "medicationReference", "medication")
# Orders that cannot hold a medication; an order set (RequestGroup) can.
_OTHER_ORDERS: Final = frozenset(
    {"ServiceRequest", "NutritionOrder", "DeviceRequest", "VisionPrescription", "SupplyRequest", "CommunicationRequest"}
)
_NOTHING: Final = (
    "No medication came with the request, and that does not mean that the patient takes nothing. Send the prefetch "
    "that `/cds-services` asks for."
)


@router.post(
    SERVICE_PATH,
    summary="Cards about magnesium and medicines",
    response_model=CdsCards,
    response_description="Cards; none where no rule applied.",
    openapi_extra={**json_body(HookRequest, HOOK_REQUESTS), **statuses(412, 415, 503), **needs(Permission.CHECK)},
)
async def call_magnesium_service(request: Request) -> Response:
    """Answer a hook of CDS Hooks 2.0.1 with cards: the findings of a check, with what may be done about them.

    Cards are about the orders that are chosen or signed; other draft orders and current medications are taken into
    account. What was not sent, failed, is not whole or was not recognised stands on a card of its own. Newer cards
    replace those given earlier: the same service answers under every hook.
    """
    call = read_call(await read_content(request))
    parts = parts_of(request)
    prefetch = await _with_fetched(call, parts)
    started = perf_counter()
    try:
        reading = _read(call, prefetch, parts)
    except ProblemError:
        if prefetch is call.prefetch:
            raise
        # No client can mend what its server sends too much or too deep of: that has failed, and a card says so.
        prefetch = {key: call.prefetch.get(key, FAILED) for key in prefetch}
        reading = _read(call, prefetch, parts)
    profile = reading.profile(as_of=parts.today())
    rule_set = parts.checks.rule_set()
    answer = parts.checks.check(profile, rule_set=rule_set)
    answer["check_id"] = decision_id(answer["check_id"])
    caller = principal_of(request).id
    answered = Answered(answer, reading)
    focus = _focus(call, reading)
    suggestions = _suggestions(call, answer["check_id"], answered, parts)
    if suggestions.need_a_plan(_with_cards(answer, focus)):
        suggestions = replace(suggestions, plan=await parts.checks.timetable(profile, rule_set))
    scene = Scene(
        answered=answered,
        focus=focus,
        lines=dict(_named_lines(answered)),
        suggest=suggestions.of,
        base=parts.settings.public_url,
        factor_cards=Option.FACTOR_CARDS in call.options,
    )
    cards = cards_of(answer, scene, limits_of(prefetch, reading, answer))
    written = orjson.dumps(await without_repeated(cards, call, reading, answer, caller, parts))
    if parts.decisions is not None:
        question = profile.model_dump_json(exclude_defaults=True).encode()
        as_v1 = parts.renderer.render(answer)  # uses the answer up, so it comes after the cards
        await keep_decision(request, answer, as_v1, question, explain=False, seconds=perf_counter() - started)
    return DirectAnswer(written)


async def _with_fetched(call: HookCall, parts: Parts) -> Mapping[str, Any]:
    """What came along, and what the client's FHIR server has of the rest, where it may be asked."""
    access, patient_id = call.fhir, call.patient_id
    if access is None or patient_id is None or not parts.fhir_servers.may_ask(access.server, patient_id):
        return call.prefetch
    there = medication_supply(call.prefetch) not in {Supply.ABSENT, Supply.FAILED}
    wanted = {
        key: template
        for key, template in PREFETCH.items()
        if key not in call.prefetch and not (there and key in MEDICATION_PARTS)
    }
    if not wanted:
        return call.prefetch
    return {**await parts.fhir_servers.ask(access.server, access.token, patient_id, wanted), **call.prefetch}


def _read(call: HookCall, prefetch: Mapping[str, Any], parts: Parts) -> Reading:
    """Read everything that was sent; orders first, so that they count where the record has them in another version.

    Raises:
        ProblemError: it cannot be read as one patient's list, or there is nothing to check in it.
    """
    orders = call.orders()
    sent: list[tuple[str, object]] = [orders] if orders is not None else []
    sent += [(place_of(key), value) for key, value in prefetch.items()]
    proposed = {orders[0]} if orders is not None else set()
    refills = proposed if call.hook is Hook.MEDICATION_REFILL else set()
    try:
        reading = read(
            sent,
            as_of=parts.today(),
            patient_id=call.patient_id,
            proposed=proposed,
            refills=refills,
            knows=parts.checks.knows,
        )
    except ReadingRefused as error:
        detail = f"What was sent cannot be read as the list of one patient: {error}."
        raise ProblemError(ProblemCode.INVALID_REQUEST, detail) from None
    if call.hook is Hook.ORDER_SELECT:
        reading = _without_unwritten(reading)
    if orders is None and not reading.medications and medication_supply(prefetch) in {Supply.ABSENT, Supply.FAILED}:
        raise ProblemError(ProblemCode.NOTHING_TO_CHECK, _NOTHING)
    return reading


def _without_unwritten(reading: Reading) -> Reading:
    """Leave out orders that nobody has finished writing: while they are chosen, a name may still be to come."""
    left = [item for item in reading.medications if item.text != UNNAMED or _is_written(reading, item.id)]
    if len(left) == len(reading.medications):
        return reading
    gone = {reading.sources[item.id].pointer for item in reading.medications} - {
        reading.sources[item.id].pointer for item in left
    }
    notes = tuple(note for note in reading.notes if not any(note.pointer.startswith(pointer) for pointer in gone))
    return replace(reading, medications=tuple(left), notes=notes)


def _is_written(reading: Reading, name: str) -> bool:
    """Whether a line was written and only cannot be read, for whatever reason; what is masked was written."""
    source = reading.sources[name]
    return _says(source.resource) or not reading.is_whole(source.pointer)


def _says(resource: Mapping[str, Any]) -> bool:
    """Whether an order says anything at all about its medicine, also in a way that nobody can read."""
    return any(_something(resource.get(name), 6) for name in _NAMES_OF_MEDICATION)


def _something(value: object, depth: int) -> bool:
    if isinstance(value, dict | list) and depth:
        return any(_something(inner, depth - 1) for inner in (value.values() if isinstance(value, dict) else value))
    return bool(value)


def _suggestions(call: HookCall, decision: str, answered: Answered, parts: Parts) -> Suggestions:
    orders = call.orders()
    return Suggestions(
        decision=decision,
        answered=answered,
        patient=call.patient_id,
        orders=None if orders is None else orders[0],
        base=parts.settings.public_url,
    )


def _with_cards(answer: CheckAnswer, focus: frozenset[str] | None) -> list[Finding]:
    """The findings that get a card, and so suggestions, of their own."""
    findings = answer["findings"]
    return [one for one in findings if focus is None or not focus.isdisjoint(one["medication_ids"])][:MOST_CARDS]


def _focus(call: HookCall, reading: Reading) -> frozenset[str] | None:
    """The lines that cards are about: the orders chosen, or all orders where nobody says; without orders, all.

    None of them where only orders of another kind were chosen.
    """
    orders = call.orders()
    if orders is None:
        return None
    of_orders = {name: source for name, source in reading.sources.items() if source.origin == orders[0]}
    chosen = call.selections() if call.hook is Hook.ORDER_SELECT else frozenset()
    selected = {
        name
        for name, source in of_orders.items()
        if any(relative(one) in chosen for one in (source.reference, *source.also) if one is not None)
    }
    if chosen and all(one.partition("/")[0] in _OTHER_ORDERS for one in chosen):
        return frozenset()  # a laboratory test was chosen: no medication is what it is about
    return frozenset(selected or of_orders)


def _named_lines(answered: Answered) -> Iterator[tuple[str, str]]:
    """Each line as it is called where it comes from, and what it was recognised as."""
    for item in answered.reading.medications:
        text = item.text or ", ".join([code.code for code in item.codes])
        name = answered.recognised.get(item.id)
        known = f" ({of_rule(name)})" if name and name.casefold() != text.casefold() else ""
        order = ORDERED if item.status == "proposed" else ""
        yield item.id, f"{escaped(text)}{known}{order}"
