"""Passwords of people without an identity provider: what is accepted, and argon2id hashes of them.

No password is shortened, trimmed or folded; it is brought to Unicode's form NFC, because keyboards differ in how they
send an "é". It never stands in a text, an exception or a log.
"""

import threading
import unicodedata
from functools import cache
from importlib.resources import files
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from service.errors import PasswordRefused

# OWASP's checklist (ASVS 5.0, 6.2.1) asks for 8 and advises 15; few of the most common ones have 12.
MINIMUM: Final = 12
ADVISED: Final = 15
# Above the 64 that must be possible; hashing takes the same time for all of them.
MAXIMUM: Final = 256
# OWASP's first choice of parameters for argon2id: 46 MiB, one pass, one lane.
_MEMORY_KIB: Final = 47104
_PASSES: Final = 1
_NO_LETTERS: Final = "0123456789!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~ "
_LEAST_DIFFERENT: Final = 4
_LONGEST_RUN: Final = 8  # at the end of a common password
# So many at once: each takes its memory and a core for some dozen milliseconds, and checks have to go on.
_AT_ONCE: Final = 2


class Passwords:
    """Hashes and verifies passwords. Slow on purpose: call it from a thread."""

    def __init__(self, *, memory_kib: int = _MEMORY_KIB) -> None:
        """Tests may take less memory."""
        self._hasher = PasswordHasher(time_cost=_PASSES, memory_cost=memory_kib, parallelism=1)
        self._turns = threading.BoundedSemaphore(_AT_ONCE)
        self._nobody: str | None = None

    def hashed(self, password: str) -> str:
        """The hash of a new password.

        Raises:
            PasswordRefused: it is too short, too long or too well known.
        """
        normal = unicodedata.normalize("NFC", password)
        _require_good(normal)
        with self._turns:
            return self._hasher.hash(normal)

    def matches(self, password: str, expected: str | None) -> bool:
        """Whether this is the password of a hash. Without a hash it takes as long, and is not."""
        normal = unicodedata.normalize("NFC", password)
        with self._turns:
            try:
                self._hasher.verify(expected or self._hash_of_nobody(), normal)
            except (VerificationError, InvalidHashError):
                return False
        return expected is not None

    def rehashed(self, password: str) -> str:
        """The hash of a password that was accepted before, with today's parameters."""
        with self._turns:
            return self._hasher.hash(unicodedata.normalize("NFC", password))

    def outdated(self, expected: str) -> bool:
        """Whether a hash was made with other parameters than today's."""
        return self._hasher.check_needs_rehash(expected)

    def _hash_of_nobody(self) -> str:
        if self._nobody is None:
            self._nobody = self._hasher.hash("nobody has this password")
        return self._nobody


def _require_good(password: str) -> None:
    """Refuse what would be guessed.

    Raises:
        PasswordRefused: the text says what is wanted.
    """
    if len(password) < MINIMUM:
        raise PasswordRefused(f"must have at least {MINIMUM} characters; {ADVISED} or more are advised")
    if len(password) > MAXIMUM:
        raise PasswordRefused(f"must have at most {MAXIMUM} characters")
    if any(unicodedata.category(character) in {"Cc", "Cs"} for character in password):
        raise PasswordRefused("must hold no control characters")
    folded = password.casefold()
    # "password123!", "passwordpassword" and "password!!!!!!!!" are as well known as "password".
    without_run = folded.rstrip(folded[-1])
    cores = {folded, folded.strip(_NO_LETTERS), _period(folded), _period(folded) * 2}
    cores.update(without_run + folded[-1] * number for number in range(_LONGEST_RUN))
    if cores & common() or len(set(folded)) < _LEAST_DIFFERENT or not folded.strip(_NO_LETTERS):
        raise PasswordRefused("is among the passwords that are tried first; take several words that nobody expects")


def _period(text: str) -> str:
    """What a text repeats; the text itself when it repeats nothing."""
    return text[: (text + text).find(text, 1)]


@cache
def common() -> frozenset[str]:
    """The passwords that are tried first."""
    text = files("service.application.access").joinpath("common_passwords.txt").read_text(encoding="utf-8")
    return frozenset(line for line in text.splitlines() if line and not line.startswith("#"))
