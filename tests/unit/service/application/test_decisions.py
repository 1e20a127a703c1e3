"""The digest of a question is that of its JSON as RFC 8785 writes it, whatever way it was written."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from service.application.decisions import canonical_question

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | TEXT,
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["a", "b", "medications", "id", "_x9"]), inner),
)
QUESTIONS = st.dictionaries(st.sampled_from(["a", "b", "medications", "id", "_x9"]), VALUES)


@given(question=QUESTIONS, lots=st.randoms())
def test_it_is_the_same_however_it_was_written(question: dict[str, Any], lots: Any) -> None:  # noqa: ANN401
    # The standard library sorts and escapes as RFC 8785 asks for, for keys in ASCII and whole numbers.
    expected = json.dumps(question, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    for ascii_only in (True, False):
        written = json.dumps(shuffled(question, lots), indent=lots.choice([None, 1, "\t"]), ensure_ascii=ascii_only)
        assert canonical_question(written.encode()) == expected


def shuffled(value: Any, lots: Any) -> Any:  # noqa: ANN401
    """The same with the keys of every object in another order."""
    if isinstance(value, dict):
        keys = list(value)
        lots.shuffle(keys)
        return {key: shuffled(value[key], lots) for key in keys}
    return [shuffled(item, lots) for item in value] if isinstance(value, list) else value


def test_escapes_are_the_shortest() -> None:
    body = (
        rb'{"b":"\u0000\u0008\u0009\u000a\u000c\u000d\u001f\u007f\u0022\u005c\u002f\/\u00e9\ud83d\udc8a\u2028","a":1}'
    )
    expected = '{"a":1,"b":"\\u0000\\b\\t\\n\\f\\r\\u001f\x7f\\"\\\\//é💊\u2028"}'
    assert canonical_question(body) == expected.encode()
