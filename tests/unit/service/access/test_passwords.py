"""Which passwords are taken, how they are kept, and that nothing of one is dropped."""

from __future__ import annotations

import time
import unicodedata
from statistics import median

import pytest

from service.application.access.passwords import MAXIMUM, MINIMUM, Passwords, common
from service.errors import PasswordRefused

PASSWORDS = Passwords(memory_kib=64)


@pytest.mark.parametrize(
    "password",
    [
        "seven grey herons wait",
        "x7$Kq!m2Zp9&",  # 12 characters
        "   leading and trailing   ",
        "日本語のパスワードは長い言葉です",
        "🦩" * 3 + "🌾🌊🪨🪵🍂🍄🌲🦆🐟",
        "a long sentence that nobody would think of, " * 5,  # far above 64
    ],
)
def test_good_passwords_are_taken_whole(password: str) -> None:
    hashed = PASSWORDS.hashed(password)
    assert hashed.startswith("$argon2id$")
    assert password not in hashed
    assert PASSWORDS.matches(password, hashed)
    for other in (password[:-1], password + " ", password.swapcase() + "x", password[1:], password.strip() + "!"):
        assert not PASSWORDS.matches(other, hashed)


def test_case_counts_and_nothing_is_cut_off() -> None:
    password = "Seven grey herons " + "w" * (MAXIMUM - 18)
    hashed = PASSWORDS.hashed(password)
    assert not PASSWORDS.matches(password.lower(), hashed)
    assert not PASSWORDS.matches(password[:-1] + "x", hashed)
    assert not PASSWORDS.matches(password[:72], hashed)


def test_both_ways_to_type_an_accent_are_the_same_password() -> None:
    composed = unicodedata.normalize("NFC", "près de la rivière")
    decomposed = unicodedata.normalize("NFD", composed)
    assert composed != decomposed
    assert PASSWORDS.matches(decomposed, PASSWORDS.hashed(composed))
    assert not PASSWORDS.matches("pres de la riviere", PASSWORDS.hashed(composed))


@pytest.mark.parametrize(
    "password",
    [
        *("", "short", "x" * (MINIMUM - 1), "x7$Kq!m2Zp9", "x" * (MAXIMUM + 1)),
        *("123456789012345", "qwerty123456", "passwordpassword", "Password1234!", "PASSWORD12345", "aaaaaaaaaaaaaaa"),
        *("abababababab", "letmein!!!!!!!!", "1qaz2wsx3edc", "counterstrike", "dragon1234567890", "iloveyouiloveyou"),
        *("tab\tin the middle of it", "a line\nand another line", "nul\0in the middle of it"),
    ],
)
def test_what_would_be_guessed_is_refused(password: str) -> None:
    with pytest.raises(PasswordRefused) as refused:
        PASSWORDS.hashed(password)
    assert password == "" or password not in str(refused.value)


def test_all_of_the_three_thousand_most_common_ones_are_refused() -> None:
    """With something to make them long enough, too."""
    taken = []
    for password in common():
        for longer in {password, password + password, password + "1" * MINIMUM, password.upper() + "!" * MINIMUM}:
            try:
                PASSWORDS.hashed(longer)
                taken.append(longer)
            except PasswordRefused:
                pass
    assert len(common()) >= 3000
    assert taken == []


def test_the_parameters_are_not_below_those_owasp_gives() -> None:
    """argon2id with 46 MiB and one pass, the first of its choices."""
    hashed = Passwords().hashed("seven grey herons wait")
    assert "m=47104,t=1,p=1" in hashed
    assert PASSWORDS.outdated(hashed)
    assert not Passwords().outdated(hashed)


def test_no_account_takes_as_long_as_a_wrong_password() -> None:
    passwords = Passwords(memory_kib=8192)
    hashed = passwords.hashed("seven grey herons wait")
    passwords.matches("warm up", None)

    def took(expected: str | None) -> float:
        started = time.perf_counter()
        assert not passwords.matches("a wrong guess", expected)
        return time.perf_counter() - started

    times = [(took(hashed), took(None)) for _ in range(15)]
    # Without hashing, it would be some thousandth.
    assert 0.5 < median(known for known, _ in times) / median(unknown for _, unknown in times) < 2


@pytest.mark.parametrize("broken", ["", "plain text", "$argon2id$v=19$m=64", "$2b$12$abcdefghijklmnopqrstuv"])
def test_a_damaged_hash_lets_nobody_in(broken: str) -> None:
    assert not PASSWORDS.matches("seven grey herons wait", broken or None)
    assert not PASSWORDS.matches("", broken or None)
