"""What nobody sees in a text is found, and only that."""

from __future__ import annotations

import pytest

from rules.unseen import shown, unseen

HIDDEN = [
    *range(0x202A, 0x202F),
    *range(0x2066, 0x206A),
    *(0x00AD, 0x061C, 0x180E, 0x200B, 0x200E, 0x200F, 0x2028, 0x2029, 0x2060, 0x3164, 0xFEFF, 0xE0041),
]


@pytest.mark.parametrize("code", HIDDEN, ids=hex)
def test_found_and_named(code: int) -> None:
    fault = unseen(f"Two hours{chr(code)} apart")
    assert fault is not None
    assert f"U+{code:04X}, character 10" in fault
    with pytest.raises(ValueError, match="is not shown"):
        shown(f"Two hours{chr(code)} apart")


@pytest.mark.parametrize(
    "text",
    [
        "Zwei Stunden für Ödeme, 5 µg",
        "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",  # Persian, with a joiner inside the word
        "\u0915\u094d\u200d\u0937",  # Hindi, with the other
        "магний",
        "マグネシウム",
        "a\u00a0b",
        "a\nb",
    ],
)
def test_what_is_seen_stays(text: str) -> None:
    assert unseen(text) is None
    assert shown(text) == text


@pytest.mark.parametrize("text", [" ", "\u200c", "\u200d \u200d"])
def test_nothing_to_see(text: str) -> None:
    assert unseen(text) is None
    with pytest.raises(ValueError, match="must not be empty"):
        shown(text)
