"""F34: many checks, a back-up, a restoration into an empty database, and every answer once more, byte for byte.

The questions are the profiles of the worked cases, their medications in other orders each time, so that hardly one
comes twice. Half of them are answered from one rule set and half from the next, which says it in other words.
"""

from __future__ import annotations

import json
import random
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from rules.baseline import read_baseline
from rules.model import RuleSet
from service.api.rendering import Renderer
from service.application import rule_sets
from service.application.backup import back_up, opened, restore_archive
from service.application.replays import Render, Replay, replay_all
from service.storage import migration
from service.storage.session import Store
from tests.integration.decision_client import decision_client
from tests.keys import KEYRING

_NOON: Final = datetime(2026, 11, 22, 12, tzinfo=UTC)
_FAULTS_TOLD: Final = 20


@dataclass
class Restoration:
    """What came of one run."""

    seed: int
    answered: int = 0
    rule_sets: int = 0
    rows: int = 0
    replayed: int = 0
    seconds: float = 0.0
    faults: list[str] = field(default_factory=list)

    def line(self) -> str:
        """All of it as JSON."""
        return json.dumps(asdict(self))


def restore_and_replay(url: str, into: str, decisions: int, *, seed: int, spoil: bool = False) -> Restoration:
    """F34: from one empty database into another. ``spoil`` plants a fault, which must be found."""
    told, began = Restoration(seed), time.monotonic()
    baseline = read_baseline().rule_set
    questions = _questions(baseline, random.Random(seed))
    answers: dict[str, str] = {}
    with tempfile.TemporaryDirectory(prefix="magcheck-faults-") as folder:
        migration.upgrade(url)
        with Store.open(url) as store:
            rule_sets.seed_baseline(store, baseline, keyring=KEYRING, now=_NOON, note="first")
            with decision_client(store, Path(folder), keep_requests=True) as client:
                for number in range(decisions):
                    if number == decisions // 2:
                        _publish_another(store, baseline)
                        client.watch.look()
                    answer = client.check(next(questions)).json()
                    answers[answer["check_id"]] = answer["rule_set"]["digest"]
            back_up(store, Path(folder) / "backup.zip", keyring=KEYRING, now=_NOON)
        migration.upgrade(into)
        with Store.open(into) as other:
            with opened(Path(folder) / "backup.zip", keyring=KEYRING) as archive:
                restore_archive(other, archive)
                told.rows = archive.manifest.rows
            render = Renderer().render
            if spoil:
                answers["one that is gone"] = ""
            _replay(other, answers, (lambda answer: render(answer) + b" ") if spoil else render, told)
    told.answered, told.rule_sets = len(answers), len({digest for digest in answers.values() if digest})
    if told.replayed != decisions or told.rule_sets != min(2, decisions):
        told.faults.append(f"{decisions} checks, {told.replayed} replayed, of {told.rule_sets} rule sets")
    told.seconds = round(time.monotonic() - began, 1)
    return told


def _questions(baseline: RuleSet, chance: random.Random) -> Iterator[object]:
    profiles = [json.loads(case.profile.model_dump_json(exclude_unset=True)) for case in baseline.cases]
    while True:
        chance.shuffle(profiles)
        for profile in profiles:
            yield {**profile, "medications": chance.sample(profile["medications"], len(profile["medications"]))}


def _publish_another(store: Store, baseline: RuleSet) -> None:
    """The same rules, with titles that say that they are of another rule set."""
    interactions = [one.model_copy(update={"title": f"{one.title} (second)"}) for one in baseline.interactions]
    changed = baseline.model_copy(update={"interactions": tuple(interactions)})
    rule_sets.publish(store, changed, based_on=1, author="tests", note="second", now=_NOON, keyring=KEYRING)


def _replay(store: Store, answers: dict[str, str], render: Render, told: Restoration) -> None:
    missing = set(answers)
    for one in replay_all(store, render, since=None, sample=None):
        decision, why = (one.decision, "the bytes differ") if isinstance(one, Replay) else (one[0], str(one[1]))
        told.replayed += 1
        missing.discard(decision.id)
        good = isinstance(one, Replay) and one.identical and decision.rule_set_digest == answers.get(decision.id)
        if not good and len(told.faults) < _FAULTS_TOLD:
            told.faults.append(f"decision {decision.id}: {why}")
    if missing:
        told.faults.append(f"{len(missing)} decisions are not there after the restoration")
