"""The way of a browser to the provider of identities and back: what ties the end of it to its beginning.

The browser keeps a seed in a cookie that is signed. What the provider gets to see (state, nonce, challenge) is derived
from the seed with the secret of this installation, so that only the browser that began can end, and only here.
"""

import base64
import binascii
import hashlib
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Self

from service.application.keyring import Keyring

LASTS: Final = timedelta(minutes=10)
# A page of this service: what comes behind the host is ours whatever it is, and nothing here can name another host.
PLACE: Final = r"^/([A-Za-z0-9_-][A-Za-z0-9/_.-]*)?$"
_COOKIE: Final = re.compile(
    r"(?P<said>(?P<seed>[A-Za-z0-9_-]{43})\.(?P<begun>[0-9]{1,12})\.(?P<fresh>[01])\.(?P<back>[A-Za-z0-9_-]{1,300}))"
    r"\.(?P<key>[0-9a-f]{16})\.(?P<mac>[0-9a-f]{64})"
)


@dataclass(frozen=True, slots=True)
class Journey:
    """One way there and back. ``fresh``: the person is to prove anew who they are, even if the provider knows."""

    seed: str
    begun_at: int
    back: str
    fresh: bool
    state: str
    nonce: str
    # What shows to the provider that whoever brings the code is who asked for it (RFC 7636).
    verifier: str

    @classmethod
    def begin(cls, keyring: Keyring, *, back: str, fresh: bool, now: datetime) -> Self:
        """A new one; ``back`` is where the browser goes when it has come to an end.

        Raises:
            ValueError: that is no place of ours.
        """
        if re.fullmatch(PLACE, back) is None:
            raise ValueError("the way back leads to a page of this service")
        return cls._of(keyring, secrets.token_urlsafe(32), int(now.timestamp()), back, fresh=fresh)

    @classmethod
    def from_cookie(cls, keyring: Keyring, cookie: str, *, now: datetime) -> Self | None:
        """The one that this browser began; none if it began none lately."""
        match = _COOKIE.fullmatch(cookie)
        if match is None or not keyring.verify(_purpose("cookie"), match["said"].encode(), match["key"], match["mac"]):
            return None
        begun_at = int(match["begun"])
        if not 0 <= now.timestamp() - begun_at < LASTS.total_seconds():
            return None
        try:
            back = base64.urlsafe_b64decode(match["back"] + "=" * (-len(match["back"]) % 4)).decode()
        except (binascii.Error, UnicodeDecodeError):
            return None
        return cls._of(keyring, match["seed"], begun_at, back, fresh=match["fresh"] == "1")

    @classmethod
    def _of(cls, keyring: Keyring, seed: str, begun_at: int, back: str, *, fresh: bool) -> Self:
        derived = (keyring.mac(_purpose(what), seed.encode())[1] for what in ("state", "nonce", "verifier"))
        return cls(seed, begun_at, back, fresh, *derived)

    def to_cookie(self, keyring: Keyring) -> str:
        """What the browser keeps."""
        back = base64.urlsafe_b64encode(self.back.encode()).rstrip(b"=").decode()
        said = f"{self.seed}.{self.begun_at}.{int(self.fresh)}.{back}"
        key_id, mac = keyring.mac(_purpose("cookie"), said.encode())
        return f"{said}.{key_id}.{mac}"

    @property
    def id(self) -> str:
        """Under which it is remembered that it has come to an end."""
        return hashlib.sha256(f"journey\0{self.seed}".encode()).hexdigest()

    @property
    def challenge(self) -> str:
        """What the provider gets instead of the verifier."""
        return base64.urlsafe_b64encode(hashlib.sha256(self.verifier.encode()).digest()).rstrip(b"=").decode()


def _purpose(what: str) -> str:
    return f"sign-in-journey/{what}"
