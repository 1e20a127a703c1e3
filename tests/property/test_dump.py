"""Whatever a record holds, written as YAML and read again it is the same, and writing it again changes nothing."""

from __future__ import annotations

import yaml
from hypothesis import given
from hypothesis import strategies as st

from rules.canonical import digest
from rules.documents import Record
from rules.dump import WIDTH, family_text, record_text
from rules.load import FOLDERS, read_texts
from rules.model import RuleSet
from tests import factories as make
from tests.property.profiles import PROFILE
from tests.strategies import World, worlds

FOLDER_OF = {kind: folder for folder, (_, kind) in FOLDERS.items()}
# Marks that mean something in YAML, words and numbers that look like something else, and any other letters.
_PIECES = st.one_of(
    st.sampled_from([*":#-?,[]{}&*!|>'\"%@`~=\\ \n\t", ": ", " #", "- ", "\n\n", "yes", "null", "012", "1e3", "12:30"]),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=12),
    st.integers(1, 130).map(lambda length: "w" * length),
)
TEXTS = st.lists(_PIECES, min_size=1, max_size=40).map("".join)


def texts_of(rule_set: RuleSet) -> dict[str, str]:
    """Every record in a file of its own."""
    files: dict[str, str] = {}
    for folder, (kind, _) in FOLDERS.items():
        for record in getattr(rule_set, kind):
            files[f"{folder}/{record.id}.yaml"] = record_text(record)
    return files


def back(record: Record) -> tuple[Record, ...]:
    folder = FOLDER_OF[type(record)]
    found = read_texts({f"{folder}/{record.id}.yaml": record_text(record)})
    records: tuple[Record, ...] = getattr(found.rule_set, FOLDERS[folder][0])
    return records


@PROFILE
@given(worlds())
def test_a_rule_set_comes_back_with_its_digest(world: World) -> None:
    files = texts_of(world.rule_set)
    found = read_texts(files).rule_set
    assert digest(found) == digest(world.rule_set)
    assert texts_of(found) == files


@PROFILE
@given(worlds())
def test_families_come_back_with_the_digest(world: World) -> None:
    files = {
        f"{folder}/all.yaml": family_text(records[::-1])
        for folder, (kind, _) in FOLDERS.items()
        if (records := getattr(world.rule_set, kind))
    }
    assert digest(read_texts(files).rule_set) == digest(world.rule_set)


@PROFILE
@given(TEXTS.map(lambda text: text.strip()[:3000].strip()).filter(lambda text: len(text) >= 3))
def test_any_text_comes_back(text: str) -> None:
    record = make.guidance("page", text=text)
    assert back(record) == (record,)
    # Other readers of YAML understand it too: pure Python and libyaml do not share their scanners.
    written = record_text(record)
    assert yaml.load(written, Loader=yaml.BaseLoader)["text"] == record.text  # noqa: S506 - text only
    for line in written.splitlines():
        assert len(line) <= WIDTH or not line.startswith("  ") or " " not in line.strip() or "  " in line.strip()
        assert line == line.rstrip()


@PROFILE
@given(TEXTS.map(lambda text: text[:200]).filter(bool), TEXTS.map(lambda text: text[:60]))
def test_any_text_of_a_profile_comes_back(text: str, key: str) -> None:
    record = make.case(
        "case",
        profile={"medications": [{"id": "a", "text": text}], "symptoms": [text]},
        expect={"states": {key: "recognised", "other": "unrecognised"}},
    )
    assert back(record) == (record,)


def test_every_packaged_record_is_read_by_other_readers_alike(knowledge: RuleSet) -> None:
    """What a plain value means is decided by the model; that it is one value, and this one, is YAML's matter."""
    for text in texts_of(knowledge).values():
        pure = yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506 - text only
        assert pure == yaml.load(text, Loader=yaml.CBaseLoader)  # noqa: S506
