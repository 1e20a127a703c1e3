"""Leaves out at order-sign what order-select has shown, after HL7 PDDI-CDS "Advanced": only where a client asks for it.

Never a critical card, never for another clinician, patient or encounter, never once the order has changed, and nothing
any more once a suggestion was accepted. In doubt everything is shown.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import orjson
from starlette.concurrency import run_in_threadpool

from rules.report import Finding
from service.api.cds_hooks.calls import HookCall
from service.api.cds_hooks.card_types import CRITICAL, CdsCard, CdsCards
from service.api.cds_hooks.offered import Hook, Option
from service.api.dependencies import Parts
from service.application.card_ids import CardKind, reference_of
from service.application.checks import CheckAnswer
from service.application.shown_cards import any_accepted
from service.errors import StoreUnavailable
from service.fhir.reading import Reading
from service.storage.session import within

_STORE_SECONDS: Final = 0.5


async def without_repeated(
    cards: list[CdsCard], call: HookCall, reading: Reading, answer: CheckAnswer, caller: str, parts: Parts
) -> CdsCards:
    """The answer with these cards, or without those that the client has shown already and wants left out."""
    remembers = call.hook is Hook.ORDER_SELECT and Option.CACHE in call.options
    filters = call.hook is Hook.ORDER_SIGN and Option.FILTER in call.options
    if not (remembers or filters) or call.user_id is None or call.patient_id is None:
        return {"cards": cards}
    digests = _digests(cards, call, reading, answer, caller, parts)
    if remembers:
        for card in cards:
            if card["uuid"] in digests:
                parts.shown.remember(digests[card["uuid"]], card["uuid"])
        return {"cards": cards}
    shown = {name: before for name, digest in digests.items() if (before := parts.shown.card_of(digest)) is not None}
    if not shown or not await _none_accepted(list(shown.values()), parts):
        return {"cards": cards}
    left = [card for card in cards if card["uuid"] not in shown]
    return {"cards": left, "extension": {"filtered-repeated-alerts": len(cards) - len(left)}}


async def _none_accepted(cards: list[str], parts: Parts) -> bool:
    """Whether it is certain that no suggestion of these cards was accepted."""
    control = parts.control
    if control is None:
        return False

    def look() -> bool:
        with within(_STORE_SECONDS):
            return not any_accepted(control.store, cards)

    try:
        return await run_in_threadpool(look)
    except StoreUnavailable:
        return False


def _digests(
    cards: list[CdsCard], call: HookCall, reading: Reading, answer: CheckAnswer, caller: str, parts: Parts
) -> Mapping[str, bytes]:
    """What stands for each card that may be left out: who was told what about which medicines and orders."""
    found = {}
    for card in cards:
        reference = reference_of(card["uuid"])
        if reference is None or reference.kind is not CardKind.FINDING or card["indicator"] == CRITICAL:
            continue
        finding = answer["findings"][reference.finding or 0]
        found[card["uuid"]] = parts.shown.digest(
            [
                caller,
                call.user_id or "",
                call.patient_id or "",
                call.encounter_id or "",
                finding["interaction_id"],
                finding["record_digest"],
                card["summary"],
                card["detail"],
                card["indicator"],
                *_medicines(finding, reading),
            ]
        )
    return found


def _medicines(finding: Finding, reading: Reading) -> list[str]:
    """The medicines of a finding as they were coded, and the orders among them as they were written."""
    written = []
    for item in reading.medications:
        if item.id in finding["medication_ids"]:
            resource = reading.sources[item.id].resource if item.status == "proposed" else {}
            written.append(item.model_dump_json(exclude_defaults=True))
            written.append(orjson.dumps(resource, option=orjson.OPT_SORT_KEYS).decode())
    return written
