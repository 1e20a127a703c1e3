"""The steps that take more than one verb: those that the gate looks at first, and those that somebody signs.

The API and the editor take them here, in the same order and the same transactions; each says in its own way what came
of it. Nothing here decides whether a step may be taken.
"""

from __future__ import annotations

from collections.abc import Callable

from fastapi import Response
from starlette.concurrency import run_in_threadpool

from service.api.changing import Asked, done_before, done_once, require_fresh
from service.api.wishes import Approval, Publish, Retirement, Return, RollBack
from service.application import rule_sets as verbs
from service.application.draft_content import Content
from service.application.draft_steps import DraftStep, SignatureMeaning, who
from service.application.draft_views import DraftEntry
from service.application.drafts import Seen
from service.application.gate_report import GateReport
from service.application.once import Answer
from service.storage.session import Transaction

# How a draft is told once the step was taken; and a rule set, read by its number.
ToldDraft = Callable[[DraftEntry], Answer]
ToldRuleSet = Callable[[Transaction, int], Answer]


async def submit(asked: Asked, seen: Seen, told: ToldDraft) -> Response:
    """Hand a draft in, once the gate has looked at it."""
    before = await done_before(asked)
    if before is not None:
        return before
    content, report = await _gate(asked, seen, DraftStep.SUBMIT)
    drafts = asked.control.drafts
    return await done_once(asked, lambda session: told(drafts.submit(session, seen, report, content.digest, asked.act)))


async def approve(asked: Asked, body: Approval, seen: Seen, told: ToldDraft) -> Response:
    """Sign a draft."""
    await require_fresh(asked, body)
    meaning, drafts = SignatureMeaning(body.meaning), asked.control.drafts
    return await done_once(asked, lambda session: told(drafts.approve(session, seen, body.digest, meaning, asked.act)))


async def give_back(asked: Asked, body: Return, seen: Seen, told: ToldDraft) -> Response:
    """Return a draft to its authors."""
    await require_fresh(asked, body)
    drafts = asked.control.drafts
    return await done_once(asked, lambda session: told(drafts.give_back(session, seen, body.digest, asked.act)))


async def publish(asked: Asked, body: Publish, seen: Seen, told: ToldDraft) -> Response:
    """Publish a draft, once the gate has looked at it, and let it answer."""
    before = await done_before(asked)
    if before is not None:
        return before
    await require_fresh(asked, body)
    _, report = await _gate(asked, seen, DraftStep.PUBLISH)
    drafts, accepted = asked.control.drafts, body.accept_impact
    response = await done_once(
        asked,
        lambda session: told(drafts.publish(session, seen, body.digest, report, accepted=accepted, act=asked.act)),
    )
    await run_in_threadpool(asked.control.look_at_once)
    return response


async def roll_back(asked: Asked, body: RollBack, number: int, told: ToldRuleSet) -> Response:
    """Publish the content of a rule set again, and let it answer."""
    before = await done_before(asked)
    if before is not None:
        return before
    await require_fresh(asked, body)
    await run_in_threadpool(verbs.require_usable, asked.control.store, number)

    def act(session: Transaction) -> Answer:
        done = verbs.roll_back_in(
            session,
            number,
            author=who(asked.act.principal),
            note=body.reason,
            now=asked.act.now,
            keyring=asked.control.keyring,
        )
        return told(session, done.number)

    response = await done_once(asked, act)
    await run_in_threadpool(asked.control.look_at_once)
    return response


async def retire(asked: Asked, body: Retirement, number: int, told: ToldRuleSet) -> Response:
    """Rule out that the content of a rule set ever answers again."""
    await require_fresh(asked, body)

    def act(session: Transaction) -> Answer:
        verbs.retire(session, number, author=who(asked.act.principal), reason=body.reason, now=asked.act.now)
        return told(session, number)

    return await done_once(asked, act)


async def _gate(asked: Asked, seen: Seen, step: DraftStep) -> tuple[Content, GateReport]:
    """What the gate finds in a draft; it is not asked where the step cannot be taken anyway."""

    def look() -> tuple[Content, GateReport]:
        with asked.control.store.reading() as session:
            content = asked.control.drafts.content_for(session, seen, step, asked.act)
        return content, asked.control.gate_report(content)[1]

    return await run_in_threadpool(look)
