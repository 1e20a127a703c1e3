"""How long the pages of the editor take at 5,000 records: the 95th percentile of each, in one process, no network.

Seconds are those of the processor, of server and client together: on a machine that others use, a clock would measure
them. Beside each stands how it grew from 500 records. The promise is 300 ms.
"""

from __future__ import annotations

import gc
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from rules.baseline import read_baseline
from tests.benchmark.world import make_world, rule_set_of
from tests.unit.admin.page_client import PageClient, forms, page_client

if TYPE_CHECKING:
    from rules.model import RuleSet

# Each rule brings a quarter of a class and half a drug.
RULES = {500: 242, 5000: 2814}
PROMISE_SECONDS = 0.3
_LIST = "\n".join(f"drug-{number}" for number in range(6)) + "\nproduct-3 | 2 a day"
# A fragment of a page, or the page with more of its content than this, would not be what is measured.
_LEAST_LETTERS = 500
Visit = Callable[[], None]


@contextmanager
def editor(records: RuleSet) -> Iterator[tuple[PageClient, Mapping[str, Visit]]]:
    """The editor over these records, and how each of its pages is asked for."""
    with tempfile.TemporaryDirectory() as folder, page_client(Path(folder), records) as pages:
        yield pages, _visits(pages, records)


def _visits(pages: PageClient, records: RuleSet) -> dict[str, Visit]:
    interaction, drug, group = records.interactions[-1].id, records.substances[0].id, records.classes[0].id
    draft = _draft(pages, interaction)
    addresses = {
        "dashboard": "/admin",
        "all records": "/admin/records",
        "search": "/admin/records?text=syn+inter",
        "search with filters": f"/admin/records?kind=interactions&substance={drug}&severity=moderate&text=a",
        "overdue": "/admin/records?overdue=true",
        "interaction": f"/admin/records/interactions/{interaction}",
        "substance": f"/admin/records/substances/{drug}",
        "class": f"/admin/records/classes/{group}",
        "drafts": "/admin/drafts",
        "draft": draft,
        "what a draft changes": f"{draft}/compare",
        "rule sets": "/admin/rule-sets",
        "bench": "/admin/bench",
        "bench of a draft": f"{draft}/bench",
        "statistics": "/admin/statistics",
        "statistics of one": f"/admin/statistics/{interaction}",
        "unrecognised": "/admin/unrecognised",
        "account": "/admin/account",
    }
    visits: dict[str, Visit] = {name: _reading(pages, "ann", path) for name, path in addresses.items()}
    visits["audit trail"] = _reading(pages, "adi", "/admin/audit")
    visits["a list on the bench"] = _trying(pages, "/admin/bench")
    visits["a list beside a draft"] = _trying(pages, f"{draft}/bench")
    return visits


def _draft(pages: PageClient, interaction: str) -> str:
    address = pages.done("ann", "/admin/drafts/new", title="A draft", reason="To be measured.")
    headers = {"authorization": f"Bearer {pages.tokens['ann']}"}
    path = f"{address.replace('/admin', '/v1')}/records/interactions/{interaction}"
    document = pages.get(path, headers=headers).json()["document"]
    body = {"reason": "To be measured.", "document": {**document, "severity": "major"}}
    done = pages.put(path, headers={**headers, "if-match": '"1"', "idempotency-key": "to-be-measured"}, json=body)
    assert done.status_code == 200, done.text
    return address


def _reading(pages: PageClient, who: str, path: str) -> Visit:
    def visit() -> None:
        response = pages.open(who, path)
        assert response.status_code == 200, (path, response.status_code)
        assert len(response.text) > _LEAST_LETTERS, path

    return visit


def _trying(pages: PageClient, path: str) -> Visit:
    form = next(one for one in forms(pages.open("ann", path).text) if one.action == path)
    fields = form.filled(list=_LIST, egfr="40", age="70", no_conditions="yes")

    def visit() -> None:
        response = pages.sent("ann", path, fields, **{"hx-request": "true"})
        assert response.status_code == 200, (path, response.status_code)
        assert "finding" in response.text

    return visit


def measured(visits: Mapping[str, Visit], rounds: int) -> dict[str, list[float]]:
    """CPU seconds of each visit, the pages in turn; what is made at the first visit is made before."""
    for visit in visits.values():
        visit()
    gc.collect()
    gc.freeze()  # as the service does after its start
    seconds: dict[str, list[float]] = {name: [] for name in visits}
    for number in range(rounds):
        for name in list(visits) if number % 2 else reversed(list(visits)):
            started = time.process_time()
            visits[name]()
            seconds[name].append(time.process_time() - started)
    gc.unfreeze()
    return seconds


def pages(rounds: int) -> None:
    """The 95th percentile of every page, at both sizes and over the packaged knowledge."""
    found: dict[str, dict[str, list[float]]] = {}
    worlds = {f"{size:,}": rule_set_of(make_world(rules)) for size, rules in RULES.items()}
    worlds["packaged"] = read_baseline().rule_set
    for name, records in worlds.items():
        with editor(records) as (_, visits):
            found[name] = measured(visits, rounds)
        total = sum(len(getattr(records, kind)) for kind in type(records).model_fields if kind != "schema_version")
        print(f"{name} records: {total:,} in all")
    print(f"\nPages of the editor, 95th percentile of {rounds} visits, CPU milliseconds")
    print(f"  promise: {PROMISE_SECONDS * 1e3:.0f}")
    print(f"  {'':28}" + "".join(f"{name:>12}" for name in found) + f"{'growth':>12}")
    for name in found["5,000"]:
        row = [_percentile(one[name]) * 1e3 for one in found.values()]
        growth = statistics.median(found["5,000"][name]) / statistics.median(found["500"][name])
        late = "  LATE" if row[1] > PROMISE_SECONDS * 1e3 else ""
        print(f"  {name:28}" + "".join(f"{value:12.1f}" for value in row) + f"{growth:12.2f}{late}")


def _percentile(seconds: list[float]) -> float:
    return statistics.quantiles(seconds, n=20, method="inclusive")[-1]
