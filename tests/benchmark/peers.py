"""The same rules in other engines: an indexed in-memory SQLite join, and a zen-engine decision table.

Each returns (rule, affected substance, magnesium product), so that no engine is timed before it has given the same
answers. They are two-valued where ours is three-valued only in what they report, not in what they decide.
"""

from __future__ import annotations

import json
import sqlite3
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rules.report import CheckReport
    from tests.benchmark.world import Question, World

Answer = set[tuple[str, str, str]]  # rule, affected substance, precipitant substance


def answer_of(report: CheckReport) -> Answer:
    """What our engine found, in the peers' form."""
    answers: Answer = set()
    for finding in report["findings"]:
        affected = finding["affected"]
        for partner in finding["precipitants"]:
            answers.add((finding["interaction_id"], affected["id"] if affected else "", partner["id"]))
    return answers


_SCHEMA = """
create table member (substance text not null, class text not null, primary key (substance, class)) without rowid;
create index member_class on member (class, substance);
create table rule (
    id text primary key, affected_class text not null, precipitant_class text not null,
    egfr_below integer, age_at_least integer, months_at_least integer, co_class text
) without rowid;
create index rule_classes on rule (affected_class, precipitant_class);
"""
_QUERY = """
with line as materialized (
    select json_extract(value, '$[0]') as substance, json_extract(value, '$[1]') as months from json_each(:lines)
)
select distinct rule.id, drug.substance, product.substance
from line as drug
join member as drug_class on drug_class.substance = drug.substance
join rule on rule.affected_class = drug_class.class
join line as product on product.substance <> drug.substance
join member as product_class
    on product_class.substance = product.substance and product_class.class = rule.precipitant_class
where (rule.egfr_below is null or :egfr is null or :egfr < rule.egfr_below)
    and (rule.age_at_least is null or :age is null or :age >= rule.age_at_least)
    and (rule.months_at_least is null or drug.months is null or drug.months >= rule.months_at_least)
    and (
        rule.co_class is null
        or exists (
            select 1 from line as other
            join member as other_class on other_class.substance = other.substance
            where other_class.class = rule.co_class and other.substance <> drug.substance
        )
    )
"""


class SqliteJoin:
    """All rules in indexed tables in memory, one prepared statement a question."""

    def __init__(self, world: World) -> None:
        """Load the tables once."""
        self._connection = sqlite3.connect(":memory:", cached_statements=8)
        self._connection.executescript(_SCHEMA)
        self._connection.executemany(
            "insert into member values (?, ?)",
            [(substance, name) for substance, classes in world.classes_of.items() for name in classes],
        )
        self._connection.executemany(
            "insert into rule values (?, ?, ?, ?, ?, ?, ?)",
            [
                (
                    rule.id,
                    rule.affected_class,
                    rule.precipitant_class,
                    rule.egfr_below,
                    rule.age_at_least,
                    rule.months_at_least,
                    rule.co_class,
                )
                for rule in world.rules
            ],
        )
        self._connection.execute("analyze")

    def check(self, question: Question) -> list[tuple[str, str, str]]:
        """Answer a question; the rows are the findings."""
        lines = json.dumps(list(zip(question.substances, question.months, strict=True)))
        parameters = {"lines": lines, "egfr": question.egfr, "age": question.age}
        return self._connection.execute(_QUERY, parameters).fetchall()


class ZenTable:
    """All rules in one decision table, asked once for each pair of a drug and a magnesium product."""

    def __init__(self, world: World) -> None:
        """Build the decision table once."""
        import zen  # noqa: PLC0415 - a development extra

        self._world = world
        inputs = [
            ("affected", "affected"),
            ("precipitant", "precipitant"),
            ("egfr", "egfr"),
            ("age", "age"),
            ("months", "months"),
            ("others", "others"),
        ]
        rows: list[dict[str, Any]] = []
        for number, rule in enumerate(world.rules):
            rows.append(
                {
                    "_id": str(number),
                    "affected": f'contains($, "{rule.affected_class}")',
                    "precipitant": f'contains($, "{rule.precipitant_class}")',
                    "egfr": "" if rule.egfr_below is None else f"$ == null or $ < {rule.egfr_below}",
                    "age": "" if rule.age_at_least is None else f"$ == null or $ >= {rule.age_at_least}",
                    "months": "" if rule.months_at_least is None else f"$ == null or $ >= {rule.months_at_least}",
                    "others": "" if rule.co_class is None else f'contains($, "{rule.co_class}")',
                    "rule": f'"{rule.id}"',
                }
            )
        content = {
            "nodes": [
                {"id": "in", "type": "inputNode", "name": "in"},
                {
                    "id": "table",
                    "type": "decisionTableNode",
                    "name": "table",
                    "content": {
                        "hitPolicy": "collect",
                        "inputs": [{"id": key, "name": key, "field": field} for key, field in inputs],
                        "outputs": [{"id": "rule", "name": "rule", "field": "rule"}],
                        "rules": rows,
                    },
                },
                {"id": "out", "type": "outputNode", "name": "out"},
            ],
            "edges": [
                {"id": "1", "sourceId": "in", "targetId": "table", "type": "edge"},
                {"id": "2", "sourceId": "table", "targetId": "out", "type": "edge"},
            ],
        }
        self._decision = zen.ZenEngine().create_decision(json.dumps(content))

    def check(self, question: Question) -> list[tuple[str, str, str]]:
        """Answer a question, pair by pair."""
        classes = self._world.classes_of
        found: list[tuple[str, str, str]] = []
        products = [name for name in question.substances if name.startswith("product-")]
        for number, drug in enumerate(question.substances):
            if drug.startswith("product-"):
                continue
            others = [name for other in question.substances if other != drug for name in classes[other]]
            for product in products:
                result = self._decision.evaluate(
                    {
                        "affected": list(classes[drug]),
                        "precipitant": list(classes[product]),
                        "egfr": question.egfr,
                        "age": question.age,
                        "months": question.months[number],
                        "others": others,
                    }
                )
                hits: Any = result["result"]
                found += [(hit["rule"], drug, product) for hit in (hits if isinstance(hits, list) else [hits]) if hit]
        return found
