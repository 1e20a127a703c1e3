"""The page of the packaged knowledge: whole, on its own, and small enough to send."""

from __future__ import annotations

import itertools
from datetime import date
from functools import cache

from rules import CompiledRuleSet
from rules.terms import RecordStatus
from service.cli.knowledge_report.page import page
from tests.baseline import packaged_rules
from tests.contract.html_reader import HtmlReader, read_html

MOST_BYTES = 3_000_000


@cache
def world() -> CompiledRuleSet:
    return packaged_rules()


@cache
def text() -> str:
    return page(world(), date(2026, 11, 22))


@cache
def read() -> HtmlReader:
    return read_html(text())


def test_its_elements_close() -> None:
    assert read().unclosed == []


def test_it_loads_nothing() -> None:
    assert read().loaded == []
    assert read().elements.isdisjoint({"link", "img", "iframe", "object", "embed", "base", "form"})
    assert "url(" not in read().styles
    assert "@import" not in read().styles
    assert read().handlers == []


def test_it_leads_to_sources_only() -> None:
    assert read().outside <= {citation.address for citation in world().rule_set.citations}


def test_its_own_links_lead_somewhere() -> None:
    assert read().inside <= read().ids
    assert read().number_of_ids == len(read().ids)


def test_every_interaction_and_every_source_is_there() -> None:
    active = {one.id for one in world().rule_set.interactions if one.status is RecordStatus.ACTIVE}
    assert active <= read().ids
    assert {citation.address for citation in world().rule_set.citations} <= read().outside


def test_it_can_be_read_by_ear() -> None:
    levels = read().headings
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))
    assert {"header", "nav", "main", "footer"} <= read().elements
    assert read().attributes["html"] == [{"lang": "en-GB"}]


def test_it_is_small_enough_to_send() -> None:
    assert len(text().encode()) < MOST_BYTES


def test_the_same_knowledge_gives_the_same_page() -> None:
    assert page(world(), date(2026, 11, 22)) == text()
