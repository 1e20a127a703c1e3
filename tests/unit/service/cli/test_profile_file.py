"""A profile is read strictly, and every fault is told with line, column and pointer."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.cli.profile_file import ProfileInvalid, _places, read_profile


def faults(raw: str | bytes) -> list[tuple[int, int, str, str]]:
    with pytest.raises(ProfileInvalid) as caught:
        read_profile(raw if isinstance(raw, bytes) else raw.encode())
    return [(one.line, one.column, one.pointer, one.detail) for one in caught.value.problems]


def test_a_good_profile() -> None:
    profile = read_profile(b'\xef\xbb\xbf{"medications": [{"id": "m1", "text": "aspirin \xc3\xa9"}]}')
    assert profile.medications[0].text == "aspirin é"


def test_every_fault_is_told_in_the_order_of_the_file() -> None:
    text = """{
  "medications": [
    {"id": "m1", "txt": "furosemide"},
    {"id": "m2", "text": "x", "times_per_day": "2"}
  ],
  "patient": {"age_years": 1.5,
              "egfr": {"value": 38}}
}"""
    assert [(line, column, pointer) for line, column, pointer, _ in faults(text)] == [
        (3, 18, "/medications/0/txt"),
        (4, 31, "/medications/1/times_per_day"),
        (6, 15, "/patient/age_years"),
        (7, 15, "/patient/egfr/unit"),
        (7, 24, "/patient/egfr/value"),
    ]


def test_an_unknown_key_is_named_with_the_allowed_ones() -> None:
    ((*_, pointer, detail),) = faults('{"medications": [{"id": "m1", "text": "x", "a/b~c": 1}]}')
    assert pointer == "/medications/0/a~1b~0c"
    assert detail.startswith("unknown key; allowed: as_needed, codes, dose,")


def test_something_missing_at_the_top() -> None:
    assert faults("\n\n{}") == [(3, 1, "/medications", "is required")]


def test_a_value_of_another_kind_at_the_top() -> None:
    assert faults("[1]") == [(1, 1, "", "must be an object")]


def test_a_key_that_stands_twice_names_both_places() -> None:
    """With an ordinary parser the second list would silently replace the first."""
    text = '{"medications": [{"id": "m1", "text": "digoxin"}],\n "medications": []}'
    assert faults(text) == [(2, 2, "/medications", "the key stands twice, first in line 1; which of the two is meant?")]


def test_a_key_twice_by_an_escape() -> None:
    ((line, _, pointer, _),) = faults('{"medications": [],\n"medic\\u0061tions": []}')
    assert (line, pointer) == (2, "/medications")


def test_the_same_key_in_two_objects_is_fine() -> None:
    text = '{"medications": [{"id": "m1", "text": "a"}, {"id": "m2", "text": "{\\"id\\": [,:"}]}'
    assert len(read_profile(text.encode()).medications) == 2


@pytest.mark.parametrize(
    ("raw", "place", "words"),
    [
        (b'{"medications": [}', (1, 18), "expecting value"),
        (b'{"medications": []\n', (2, 1), "expecting ',' delimiter"),
        (b"", (0, 0), "nothing in it"),
        (b" \r\n", (0, 0), "nothing in it"),
        (b'{"medications": []} {}', (1, 21), "extra data"),
        (b'{"medications": [NaN]}', (0, 0), "NaN is not a JSON number"),
        (b'{"medications": [-Infinity]}', (0, 0), "-Infinity is not a JSON number"),
        (b'{"medications": [' + b"9" * 5000 + b"]}", (0, 0), "not readable as JSON"),
        (b'{"medications":\n["caf\xe9"]}', (2, 0), "not UTF-8"),
        ('{"medications": []}'.encode("utf-16"), (1, 0), "not UTF-8"),
        (b"[" * 100_000, (0, 0), "too deeply"),
        (b'{"medications": ["\\ud800"]}', (1, 1), "hex escape"),
    ],
)
def test_what_is_no_json(raw: bytes, place: tuple[int, int], words: str) -> None:
    ((line, column, _, detail),) = faults(raw)
    assert (line, column) == place
    assert words in detail


def test_numbers_too_large_to_count_are_no_crash() -> None:
    ((*_, pointer, _),) = faults('{"medications": [], "patient": {"age_years": 1e999}}')
    assert pointer == "/patient/age_years"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(value=json_values, indent=st.sampled_from([None, 1]), ascii_only=st.booleans())
def test_places_point_at_what_stands_there(value: object, indent: int | None, *, ascii_only: bool) -> None:
    """For any JSON: each pointer leads to a value or key of the document, and every value has a place."""
    text = json.dumps(value, indent=indent, ensure_ascii=ascii_only)
    places = _places(text)
    assert not places.duplicates
    lines = text.split("\n")
    pointers = dict(_values(value, ""))
    assert places.found.keys() == pointers.keys()
    for pointer, (line, column) in places.found.items():
        rest = lines[line - 1][column - 1 :]
        if pointer and _parent_is_object(value, pointer):
            start = json.dumps(_key(pointer.rpartition("/")[2]), ensure_ascii=ascii_only)  # a member stands at its key
        elif isinstance(pointers[pointer], dict | list):
            start = "{" if isinstance(pointers[pointer], dict) else "["
        else:
            start = json.dumps(pointers[pointer], ensure_ascii=ascii_only)
        assert rest.startswith(start)


def _parent_is_object(value: object, pointer: str) -> bool:
    return isinstance(dict(_values(value, ""))[pointer.rpartition("/")[0]], dict)


def _values(value: object, pointer: str) -> list[tuple[str, object]]:
    found = [(pointer, value)]
    if isinstance(value, dict):
        for key, inner in value.items():
            found += _values(inner, f"{pointer}/{key.replace('~', '~0').replace('/', '~1')}")
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            found += _values(inner, f"{pointer}/{index}")
    return found


def _key(step: str) -> str:
    return step.replace("~1", "/").replace("~0", "~")
