"""How long the pages of the editor take at 5,000 records: the 95th percentile of each, in one process, no network.

By the processor, of server and client together, because on a machine that others use a clock would measure them; and
by the clock as well, which counts where the machine is quiet. Beside each stands how it grew from 500 records. The
promise is 300 ms.
"""

from __future__ import annotations

import gc
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from rules.baseline import read_baseline
from service.application.principals import Role
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
        "form of an interaction": f"{draft}/records/interactions/{interaction}/form",
        "form of a substance": f"{draft}/records/substances/{drug}/form",
        "an interaction as YAML": f"{draft}/records/interactions/{interaction}/yaml",
        "suggestions": f"{draft}/type-ahead/substances?text=dr",
        "choice of a draft": f"/admin/records/interactions/{interaction}/change",
    }
    visits: dict[str, Visit] = {name: _reading(pages, "ann", path) for name, path in addresses.items()}
    visits["audit trail"] = _reading(pages, "adi", "/admin/audit")
    pages.ids["ada"] = pages.house.person("ada", Role.ADMINISTRATOR)
    pages.sign_in_anew("ada")
    visits |= {name: _reading(pages, "ada", f"/admin/{name}") for name in ("people", "keys")}
    visits["check of a form"] = _checking(pages, f"{draft}/records/interactions/{interaction}/form")
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


def _checking(pages: PageClient, path: str) -> Visit:
    fields = pages.form("ann", path).filled(do="look")

    def visit() -> None:
        response = pages.sent("ann", path, fields, **{"hx-request": "true"})
        assert response.status_code == 200, (path, response.status_code)

    return visit


class Taken(NamedTuple):
    """Seconds of one visit."""

    processor: float
    clock: float


def measured(visits: Mapping[str, Visit], rounds: int) -> dict[str, list[Taken]]:
    """What each visit took, the pages in turn; what is made at the first visit is made before."""
    for visit in visits.values():
        visit()
    gc.collect()
    gc.freeze()  # as the service does after its start
    seconds: dict[str, list[Taken]] = {name: [] for name in visits}
    for number in range(rounds):
        for name in list(visits) if number % 2 else reversed(list(visits)):
            started, began = time.process_time(), time.perf_counter()
            visits[name]()
            seconds[name].append(Taken(time.process_time() - started, time.perf_counter() - began))
    gc.unfreeze()
    return seconds


def pages(rounds: int) -> None:
    """The 95th percentile of every page, at both sizes and over the packaged knowledge."""
    found: dict[str, dict[str, list[Taken]]] = {}
    worlds = {f"{size:,}": rule_set_of(make_world(rules)) for size, rules in RULES.items()}
    worlds["packaged"] = read_baseline().rule_set
    for name, records in worlds.items():
        with editor(records) as (_, visits):
            found[name] = measured(visits, rounds)
        total = sum(len(getattr(records, kind)) for kind in type(records).model_fields if kind != "schema_version")
        print(f"{name} records: {total:,} in all")
    promise = f"promise: {PROMISE_SECONDS * 1e3:.0f}"
    print(f"\nPages of the editor, 95th percentile of {rounds} visits in milliseconds; {promise}")
    print(f"  {'processor (by the clock)':28}" + "".join(f"{name:>20}" for name in found) + f"{'growth':>10}")
    for name, taken in found["5,000"].items():
        row = [f"{_percentile(one[name], 0):10.1f} ({_percentile(one[name], 1):7.1f})" for one in found.values()]
        few = found["500"][name]
        growth = statistics.median(one.processor for one in taken) / statistics.median(one.processor for one in few)
        late = "  LATE" if _percentile(taken, 1) > PROMISE_SECONDS * 1e3 else ""
        print(f"  {name:28}" + "".join(row) + f"{growth:10.2f}{late}")


def _percentile(taken: list[Taken], which: int) -> float:
    return statistics.quantiles([one[which] for one in taken], n=20, method="inclusive")[-1] * 1e3
