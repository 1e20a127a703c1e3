"""A terminology is imported whole or not at all, comes back byte for byte, and a damaged one is never used."""

from __future__ import annotations

import io
import random
import signal
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from rules.engine import check
from rules.errors import ReleaseInvalid
from rules.profile import MedicationProfile
from rules.rrf import CONCEPTS, RELATIONS
from service.application import rxnorm
from service.application.active import ActiveRuleSet
from service.application.packed import pack
from service.application.rule_sets import seed_baseline
from service.application.rxnorm import read_release, release_date
from service.application.terminologies import Import, keep_terminology, restore_terminology
from service.application.watch import StoreWatch
from service.errors import TerminologyRefused
from service.storage import terminologies
from service.storage.session import Store
from service.storage.tables import TerminologyRow
from tests.integration.small_knowledge import small_rule_set
from tests.keys import KEYRING
from tests.releases import NAME, Rows, concept, write_zip

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
PROFILE = MedicationProfile.model_validate_json(
    '{"medications": [{"id": "m1", "codes": [{"system": "ndc", "code": "0310-0130-10"}]}]}'
)


def kept(store: Store, block: bytes | None = None, version: str = "first") -> Import:
    return keep_terminology(store, block or Rows().block(), version=version, note="for a test", now=NOON)


def other_block() -> bytes:
    rows = Rows()
    rows.concepts.append(concept(900, "IN", "another"))
    return rows.block()


def row_of(store: Store, number: int = 1) -> TerminologyRow:
    with store.reading() as session:
        row = terminologies.by_number(session, number)
    assert row is not None
    return row


# --- keeping ----------------------------------------------------------------------------------------------------------


def test_the_first_import(store: Store) -> None:
    block = Rows().block()
    first = kept(store, block)
    assert (first.number, first.version, first.created, first.activated) == (1, "first", True, True)
    row = row_of(store)
    assert (row.version, row.digest, row.created_at, row.author) == ("first", first.digest, NOON, "import-rxnorm")
    assert (row.counts["IN"], row.counts["ndc"]) == (8, 3)
    assert zlib.decompress(row.content) == block
    terminology = restore_terminology(row)
    assert terminology.reference == {"version": "first", "digest": first.digest}
    assert terminology.by_rxcui("313988")[0].name == "furosemide 40 MG Oral Tablet"


def test_the_same_content_again_changes_nothing(store: Store) -> None:
    first = kept(store)
    assert kept(store, version="second") == Import(1, "first", first.digest, created=False, activated=False)
    with store.reading() as session:
        assert terminologies.last_number(session) == 1
        assert session.connection().scalar(sa.text("select count(*) from terminology_activation")) == 1


def test_the_last_one_imported_is_in_use(store: Store) -> None:
    first = kept(store)
    second = kept(store, other_block(), "second")
    assert (second.number, second.created) == (2, True)
    with store.reading() as session:
        assert terminologies.active_number(session) == 2
    again = kept(store)
    assert again == Import(1, "first", first.digest, created=False, activated=True)
    with store.reading() as session:
        active = terminologies.active(session)
    assert active is not None
    assert active.number == 1


def test_what_cannot_be_loaded_is_not_kept(store: Store) -> None:
    with pytest.raises(TerminologyRefused, match="made of the release is refused: it does not begin as"):
        kept(store, b"nothing")
    with store.reading() as session:
        assert terminologies.last_number(session) == 0
        assert terminologies.active(session) is None


def test_a_killed_import_leaves_the_former_one_in_use(store: Store, database_url: str, tmp_path: Path) -> None:
    """Killed at the worst moment: everything is written, nothing is committed."""
    kept(store)
    (tmp_path / "block").write_bytes(other_block())
    program = (
        "import sys, time\n"
        "from datetime import UTC, datetime\n"
        "from pathlib import Path\n"
        "from service.application.terminologies import keep_terminology\n"
        "from service.storage import terminologies\n"
        "from service.storage.session import Store\n"
        "activate = terminologies.activate\n"
        "def stop(*a, **k):\n"
        "    activate(*a, **k)\n"
        "    print('written', flush=True)\n"
        "    time.sleep(60)\n"
        "terminologies.activate = stop\n"
        f"with Store.open({database_url!r}) as store:\n"
        f"    block = Path({str(tmp_path / 'block')!r}).read_bytes()\n"
        "    keep_terminology(store, block, version='second', note='x', now=datetime.now(UTC))\n"
    )
    process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "written\n"
    process.send_signal(signal.SIGKILL)
    process.communicate()
    with store.reading() as session:
        assert (terminologies.active_number(session), terminologies.last_number(session)) == (1, 1)
    assert kept(store, other_block(), "second").number == 2


# --- in use -----------------------------------------------------------------------------------------------------------


def tamper(store: Store, content: bytes) -> None:
    """What somebody with every right on the database could do."""
    with store.engine.begin() as connection:
        if connection.dialect.name == "sqlite":
            for action in ("update", "delete", "replace"):
                connection.execute(sa.text(f"drop trigger if exists terminology_append_only_{action}"))
        else:
            connection.execute(sa.text("alter table terminology disable trigger user"))
        connection.execute(sa.text("update terminology set content = :c where number = 2"), {"c": content})


def answered(active: ActiveRuleSet) -> tuple[object, str]:
    report = check(active.current(), PROFILE)
    return report["terminology"], report["medications"][0]["state"]


def test_a_running_service_takes_it_over(store: Store) -> None:
    seed_baseline(store, small_rule_set(), keyring=KEYRING, now=NOON, note="x")
    active = ActiveRuleSet()
    watch = StoreWatch(store, active, KEYRING)
    watch.look()
    assert answered(active) == (None, "unrecognised")
    kept(store)
    watch.look()
    reference = {"version": "first", "digest": row_of(store).digest}
    assert answered(active) == (reference, "no_magnesium_relevance")
    assert active.state.terminology == reference
    unchanged = active.current()
    watch.look()
    assert active.current() is unchanged


def test_a_terminology_imported_before_the_first_rule_set(store: Store) -> None:
    kept(store)
    active = ActiveRuleSet()
    assert active.load(store, KEYRING).version is None
    seed_baseline(store, small_rule_set(), keyring=KEYRING, now=NOON, note="x")
    assert active.load(store, KEYRING).terminology_number == 1
    assert active.current().terminology is not None


def test_a_tampered_one_never_replaces_a_good_one(store: Store) -> None:
    seed_baseline(store, small_rule_set(), keyring=KEYRING, now=NOON, note="x")
    kept(store)
    active = ActiveRuleSet()
    active.load(store, KEYRING)
    kept(store, other_block(), "second")
    good = row_of(store, 2).content
    for content, reason in (
        (pack(Rows().block()), "its content does not match its digest"),
        (good[:-9], "its content is too long, cut short or followed by something else"),
        (b"x" * 9, "its content cannot be unpacked"),
    ):
        tamper(store, content)
        state = active.load(store, KEYRING)
        assert state.degraded == f"terminology 2 is refused: {reason}"
        assert (state.version, state.terminology_number) == (1, 1)
        assert check(active.current(), PROFILE)["terminology"] == state.terminology
    tamper(store, good)
    state = active.load(store, KEYRING)
    assert (state.degraded, state.terminology_number) == (None, 2)


# --- the file ---------------------------------------------------------------------------------------------------------


def test_reading_a_release(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    rows = Rows()
    rows.attributes.append(rows.attributes[0].replace("00093500456", "12345"))
    read = read_release(write_zip(tmp_path, rows.members()), lambda done, whole: told.append((done, whole)))
    assert read.block == Rows().block()
    assert read.skipped_ndc == 1
    assert told[-1][0] == told[-1][1] == sum(map(len, rows.members().values()))
    assert [done for done, _ in told] == sorted(done for done, _ in told)


def test_retired_codes_of_a_full_release(tmp_path: Path) -> None:
    rows = Rows()
    rows.replaced, rows.archived = ["700|a|b|1|4603|"], ["1||o|x|x|x|701||ENG|20|||701|RXNORM|SCD|4603|"]
    assert read_release(write_zip(tmp_path, rows.members())).block == rows.block()


def test_the_folder_named_rrf_counts(tmp_path: Path) -> None:
    members = Rows().members()
    more = {f"prescribe/{name}": "damaged" for name in members}
    assert read_release(write_zip(tmp_path, {**more, **members})).block == Rows().block()
    elsewhere = {f"RxNorm/{name}": content for name, content in members.items()}
    assert read_release(write_zip(tmp_path, elsewhere)).block == Rows().block()


def changed(change: Callable[[dict[str, str | bytes]], object]) -> dict[str, str | bytes]:
    members: dict[str, str | bytes] = {**Rows().members()}
    change(members)
    return members


REFUSED: dict[str, tuple[dict[str, str | bytes], str]] = {
    "a file is missing": (
        changed(lambda members: members.pop(f"rrf/{RELATIONS}")),
        rf"{NAME}: rrf/RXNREL.RRF is not in it; allowed is a release of RxNorm",
    ),
    "another zip": ({"readme.txt": "hello"}, rf"{NAME}: rrf/RXNCONSO.RRF is not in it"),
    "cut short within a row": (
        changed(lambda members: members.update({f"rrf/{CONCEPTS}": Rows().members()[f"rrf/{CONCEPTS}"][:-20]})),
        r"RXNCONSO.RRF, line \d+: \d+ columns instead of 18",
    ),
    "not UTF-8": (
        changed(lambda members: members.update({f"rrf/{CONCEPTS}": b"\xff\xfe" * 50})),
        "RXNCONSO.RRF: it is not written in UTF-8",
    ),
    "empty": (changed(lambda members: members.update({f"rrf/{CONCEPTS}": ""})), "RXNCONSO.RRF: it is empty"),
    "one endless row": (
        changed(lambda members: members.update({f"rrf/{RELATIONS}": random.Random(1).randbytes(30_000).hex()})),
        "RXNREL.RRF, line 1: a row has at most 20000 characters",
    ),
    "a bomb": (
        changed(lambda members: members.update({f"rrf/{RELATIONS}": b"x" * 5_000_000})),
        "RXNREL.RRF: it would unpack to 5000000 bytes, which no release does",
    ),
    "twice in other folders": (
        {f"{folder}/{name}": content for folder in "ab" for name, content in Rows().members().items()},
        rf"{NAME}: RXNCONSO.RRF is in it 2 times",
    ),
}


@pytest.mark.parametrize("which", REFUSED)
def test_what_is_no_release(which: str, tmp_path: Path) -> None:
    members, message = REFUSED[which]
    with pytest.raises(ReleaseInvalid, match=f"^{message}"):
        read_release(write_zip(tmp_path, members))


def test_every_truncation_of_the_file_is_refused(tmp_path: Path) -> None:
    whole = write_zip(tmp_path, Rows().members()).read_bytes()
    file = tmp_path / "short.zip"
    for length in range(0, len(whole), max(1, len(whole) // 60)):
        file.write_bytes(whole[:length])
        with pytest.raises(ReleaseInvalid, match="it is no zip file, or is cut short or damaged"):
            read_release(file)


def test_a_changed_byte_of_the_file_is_refused_or_says_the_same(tmp_path: Path) -> None:
    """The check sums of the zip hold; bytes that it does not read, such as times, may change."""
    whole = write_zip(tmp_path, Rows().members()).read_bytes()
    file, good = tmp_path / "changed.zip", Rows().block()
    for position in range(0, len(whole), max(1, len(whole) // 200)):
        damaged = bytearray(whole)
        damaged[position] ^= 1 << (position % 8)
        file.write_bytes(damaged)
        try:
            assert read_release(file).block == good
        except ReleaseInvalid:
            continue


def test_an_encrypted_file_and_none_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ReleaseInvalid, match=r"^none.zip: it cannot be read \(No such file or directory\)"):
        read_release(tmp_path / "none.zip")
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in Rows().members().items():
            archive.writestr(name, content)
    data = bytearray(buffer.getvalue())
    place = data.index(b"PK\x01\x02")
    data[place + 8] |= 1  # the flag in the directory of the zip
    (tmp_path / "locked.zip").write_bytes(data)
    with pytest.raises(ReleaseInvalid, match=r"RXNCONSO\.RRF: it is encrypted"):
        read_release(tmp_path / "locked.zip")
    monkeypatch.setattr(rxnorm, "_MAXIMUM_BYTES", 100)
    with pytest.raises(ReleaseInvalid, match=r"RXNCONSO\.RRF: it would unpack to"):
        read_release(write_zip(tmp_path, Rows().members()))


@pytest.mark.parametrize(
    ("name", "day"),
    [
        ("RxNorm_full_prescribe_10062025.zip", date(2025, 10, 6)),
        ("RxNorm_prescribe_20251006_without_A.zip", date(2025, 10, 6)),
        ("RxNorm_weekly_12312025.zip", date(2025, 12, 31)),
        ("rxnorm.zip", None),
        ("rxnorm_99999999.zip", None),
        ("rxnorm_01011999.zip", None),
        ("rxnorm_123456789.zip", None),
    ],
)
def test_the_day_in_the_name(name: str, day: date | None) -> None:
    assert release_date(name) == day
