"""Pages do not grow with the rule set more than it grows: ten times the records, at most so many times the work."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from tests.benchmark.editor import RULES, Visit, editor, measured
from tests.benchmark.world import make_world, rule_set_of
from tests.unit.admin.page_client import PageClient

SMALL, LARGE = RULES[500] // 5, RULES[500] * 2
# What is worked out for each record grows tenfold, and a little more for what is done twice with it.
MOST_GROWTH = 16.0
MOST_STATEMENTS = 30
# Below this, what does not depend on records outweighs everything.
LEAST_SECONDS = 0.004


@contextmanager
def statements(pages: PageClient) -> Iterator[list[str]]:
    """What the database is asked meanwhile."""
    asked: list[str] = []

    def note(_: object, __: object, statement: str, *___: object) -> None:
        if "worker" in threading.current_thread().name.lower():  # not those of whoever looks at the store meanwhile
            asked.append(statement)

    engine = pages.house.store.engine
    sa.event.listen(engine, "before_cursor_execute", note)
    yield asked
    sa.event.remove(engine, "before_cursor_execute", note)


def looked_at(rules: int) -> tuple[dict[str, float], dict[str, int]]:
    """The least CPU seconds of a few visits, and the least number of statements."""
    with editor(rule_set_of(make_world(rules))) as (pages, visits):
        seconds = {name: min(one.processor for one in found) for name, found in measured(visits, 4).items()}
        asked = {name: min(_asked(pages, visit) for _ in range(2)) for name, visit in visits.items()}
    return seconds, asked


def _asked(pages: PageClient, visit: Visit) -> int:
    with statements(pages) as asked:
        visit()
    return len(asked)


def test_ten_times_the_records_are_at_most_so_much_more_work() -> None:
    before, few = looked_at(SMALL)
    after, many = looked_at(LARGE)
    growth = {name: after[name] / max(before[name], LEAST_SECONDS) for name in after}
    assert {name: number for name, number in growth.items() if number > MOST_GROWTH} == {}
    # No page asks the database more often because there are more records, and none asks it often.
    assert {name: (few[name], number) for name, number in many.items() if number > few[name]} == {}
    assert many["dashboard"] > 0
    assert {name: number for name, number in many.items() if number > MOST_STATEMENTS} == {}
