"""What was kept on disk is read back whole and exactly as it was written about this database, or not at all."""

from __future__ import annotations

import hashlib
import os
import stat
import zlib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from rules import check
from rules.canonical import canonical_json
from rules.profile import MedicationProfile
from service.application.active import ActiveRuleSet
from service.application.keyring import Keyring
from service.application.last_known_good import FILE, LastKnownGood, LastKnownGoodFile
from service.application.standing import Source
from service.errors import FileRefused, LastKnownGoodRefused
from service.storage.tables import RuleSetRow, TerminologyRow
from tests.integration.small_knowledge import small_rule_set
from tests.keys import ANOTHER_SECRET_KEY, KEYRING, SECRET_KEY
from tests.releases import Rows

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
PLACE = "postgresql://here:5432/magcheck"
PROFILE = MedicationProfile.model_validate_json('{"medications": [{"id": "m1", "text": "Cipro 500 mg tablet"}]}')


def rule_set_row(number: int = 3, title: str = "Another title") -> RuleSetRow:
    canonical = canonical_json(small_rule_set(title=title))
    return RuleSetRow(
        number=number,
        schema_version=1,
        digest=hashlib.sha256(canonical).hexdigest(),
        content=zlib.compress(canonical),
        record_counts={},
        created_at=NOON,
        author="a",
        note="b",
    )


def terminology_row() -> TerminologyRow:
    block = Rows().block()
    return TerminologyRow(
        number=2,
        version="a release",
        digest=hashlib.sha256(block).hexdigest(),
        content=zlib.compress(block),
        counts={},
        created_at=NOON,
        author="a",
        note="b",
    )


def kept(number: int = 3) -> LastKnownGood:
    return LastKnownGood(
        rule_set_row(number), terminology_row(), {"access": b"who may\nask", "empty": b""}, confirmed_at=NOON
    )


def file_in(folder: Path, *, keyring: Keyring = KEYRING, place: str = PLACE) -> LastKnownGoodFile:
    return LastKnownGoodFile(folder, keyring, place)


@pytest.fixture
def written(tmp_path: Path) -> Path:
    file_in(tmp_path).write(kept())
    return tmp_path


def test_everything_comes_back(written: Path) -> None:
    found = file_in(written).read()
    expected = kept()
    assert (found.rule_set.number, found.rule_set.schema_version) == (3, 1)
    assert (found.rule_set.digest, found.rule_set.content) == (expected.rule_set.digest, expected.rule_set.content)
    assert found.terminology is not None
    assert (found.terminology.number, found.terminology.version) == (2, "a release")
    assert found.terminology.content == terminology_row().content
    assert found.parts == {"access": b"who may\nask", "empty": b""}
    assert found.confirmed_at == NOON
    assert found.fingerprint == expected.fingerprint
    active = ActiveRuleSet()
    state = active.load_kept(found)
    assert (state.version, state.source, state.terminology_number, state.degraded) == (
        3,
        Source.LAST_KNOWN_GOOD,
        2,
        None,
    )
    assert check(active.current(), PROFILE)["rule_set"] == {"version": 3, "digest": expected.rule_set.digest}


def test_only_the_owner_reads_it_and_nothing_else_is_left(written: Path) -> None:
    assert [file.name for file in written.iterdir()] == [FILE]
    assert stat.S_IMODE((written / FILE).stat().st_mode) == 0o600
    file_in(written).write(kept(4))
    assert [file.name for file in written.iterdir()] == [FILE]
    assert file_in(written).read().rule_set.number == 4


def test_one_flipped_bit_anywhere_is_seen(written: Path) -> None:
    good = (written / FILE).read_bytes()
    places = {*range(0, len(good), max(1, len(good) // 220)), *range(40), *range(len(good) - 90, len(good))}
    assert len(places) >= 200
    for place in places:
        content = bytearray(good)
        content[place] ^= 1 << (place % 8)
        (written / FILE).write_bytes(content)
        with pytest.raises(LastKnownGoodRefused):
            file_in(written).read()
    (written / FILE).write_bytes(good)
    file_in(written).read()


def test_a_file_that_is_cut_short_or_goes_on_is_seen(written: Path) -> None:
    good = (written / FILE).read_bytes()
    for size in [*range(0, len(good), max(1, len(good) // 60)), *range(len(good) - 100, len(good))]:
        (written / FILE).write_bytes(good[:size])
        with pytest.raises(LastKnownGoodRefused, match=r"empty|no file of this form|damaged"):
            file_in(written).read()
    for more in (b"\n", b"x", good):
        (written / FILE).write_bytes(good + more)
        with pytest.raises(LastKnownGoodRefused):
            file_in(written).read()


def test_there_is_none_or_it_is_none(tmp_path: Path) -> None:
    with pytest.raises(LastKnownGoodRefused, match="there is none"):
        file_in(tmp_path).read()
    (tmp_path / FILE).mkdir()
    with pytest.raises(LastKnownGoodRefused, match="it cannot be read"):
        file_in(tmp_path).read()


def test_the_file_of_another_key_or_another_database_is_refused(written: Path) -> None:
    with pytest.raises(LastKnownGoodRefused, match="signed with another key"):
        file_in(written, keyring=Keyring(ANOTHER_SECRET_KEY.encode())).read()
    with pytest.raises(LastKnownGoodRefused, match="about another database"):
        file_in(written, place="postgresql://elsewhere:5432/magcheck").read()
    both = Keyring(ANOTHER_SECRET_KEY.encode(), SECRET_KEY.encode())
    assert file_in(written, keyring=both).read().rule_set.number == 3  # after a change of the key


def test_what_is_signed_for_another_purpose_is_no_such_file(written: Path) -> None:
    good = (written / FILE).read_bytes()
    signed = good.removesuffix(b"\n").rpartition(b"\n")[0]
    key_id, signature = KEYRING.mac("back-up", signed)
    (written / FILE).write_bytes(signed + f"\n{key_id} {signature}\n".encode())
    with pytest.raises(LastKnownGoodRefused, match="damaged"):
        file_in(written).read()


@pytest.mark.parametrize(
    "said",
    [
        b"{}",
        b"[]",
        b"no json",
        b'{"place": 1}',
    ],
)
def test_what_another_version_signed_is_refused_in_words(written: Path, said: bytes) -> None:
    signed = b"magcheck last known good, form 1\n" + said + b"\nrest"
    key_id, signature = KEYRING.mac("last-known-good", signed)
    (written / FILE).write_bytes(signed + f"\n{key_id} {signature}\n".encode())
    with pytest.raises(LastKnownGoodRefused, match=r"another version|another database"):
        file_in(written).read()


def test_content_that_does_not_fit_its_digest_is_not_used(tmp_path: Path) -> None:
    """We would not write it; should it happen, it is still not used, and not in part either."""
    wrong = rule_set_row()
    wrong.content = rule_set_row(title="A third title").content
    file_in(tmp_path).write(LastKnownGood(wrong, terminology_row(), confirmed_at=NOON))
    active = ActiveRuleSet()
    state = active.load_kept(file_in(tmp_path).read())
    assert state.version is None
    assert state.terminology is None
    assert state.degraded == "rule set 3 is refused: its content does not match its digest"


def test_an_older_one_never_replaces_what_has_answered(tmp_path: Path) -> None:
    file_in(tmp_path).write(kept(3))
    older = file_in(tmp_path).read()
    file_in(tmp_path).write(kept(5))
    active = ActiveRuleSet()
    assert active.load_kept(file_in(tmp_path).read()).version == 5
    state = active.load_kept(older)
    assert state.version == active.current().version == 5
    assert state.degraded is not None
    assert state.degraded.startswith("rule set 3 is refused: rule set 5 has answered here already")


def test_a_write_that_fails_leaves_what_was_kept(written: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(FileRefused, match="No space left on device"):
        file_in(written).write(kept(4))
    assert file_in(written).read().rule_set.number == 3
    assert [file.name for file in written.iterdir()] == [FILE]


def test_a_folder_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(FileRefused, match="cannot be written"):
        file_in(tmp_path / "file").write(kept())


def test_what_killed_processes_left_behind_is_cleared_away(written: Path) -> None:
    young, old = written / f".{FILE}.young", written / f".{FILE}.old"
    for unfinished in (young, old):
        unfinished.write_bytes(b"half")
    long_ago = (datetime.now(UTC) - timedelta(hours=2)).timestamp()
    os.utime(old, (long_ago, long_ago))
    file_in(written).write(kept(4))
    assert sorted(file.name for file in written.iterdir()) == sorted([FILE, young.name])
