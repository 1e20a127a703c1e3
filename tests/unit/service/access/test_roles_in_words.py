"""Which roles allow an operation, in words that somebody without a table of permissions understands."""

from __future__ import annotations

import pytest

from service.application.principals import Permission, roles_for


@pytest.mark.parametrize(
    ("permission", "words"),
    [
        (Permission.REVIEW, "the role reviewer"),
        (Permission.ACCESS, "the role administrator"),
        (Permission.COMMENT, "one of the roles author, reviewer or publisher"),
        (Permission.CHECK, "one of the roles client, viewer, author, reviewer or publisher"),
    ],
)
def test_words(permission: Permission, words: str) -> None:
    assert set(roles_for(permission).replace(",", "").split()) == set(words.replace(",", "").split())
