"""The public keys of an issuer of access tokens: from a file, or from exactly one address; read in the background.

Nothing a token says leads anywhere: no address, certificate or file named in one is ever looked at. A request never
waits for the issuer.
"""

import threading
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any, Final

import orjson
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey

from service.application.access.fetching import MOST_BYTES, NotFetched, fetched
from service.application.access.trust import TokenIssuer
from service.telemetry import get_logger

PublicKey = RSAKey | ECKey | OKPKey

# A kind of key for each algorithm that is taken: no secret that is shared, and nothing weaker.
KEY_OF: Final[Mapping[str, tuple[type[PublicKey], str | None]]] = {
    "RS256": (RSAKey, None),
    "ES256": (ECKey, "P-256"),
    "EdDSA": (OKPKey, "Ed25519"),
    "Ed25519": (OKPKey, "Ed25519"),  # its newer name (RFC 9864)
}
_LEAST_RSA_BITS: Final = 2048
_MOST_KEYS: Final = 100
_EVERY_SECONDS: Final = 300.0
_UNTIL_KNOWN_SECONDS: Final = 5.0
# A token with a key that is not known makes us look again, but not more often: anybody can make one up.
_AT_MOST_EVERY_SECONDS: Final = 60.0

_log = get_logger(__name__)


class KeySetRefused(Exception):
    """What came is no set of keys that can be used. The text is ours."""


class IssuerKeys:
    """The keys by their ids; swapped whole."""

    def __init__(self, issuer: TokenIssuer, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        """Nothing is read yet."""
        self._issuer = issuer
        self._monotonic = monotonic
        self._keys: Mapping[str, PublicKey] = {}
        self._tried_at = float("-inf")
        self._wanted = threading.Event()
        self._stopped = False

    @property
    def known(self) -> bool:
        """Whether any key was ever read."""
        return bool(self._keys)

    def find(self, key_id: str, algorithm: str) -> PublicKey | None:
        """The key of this id, if it is one for this algorithm; for one that is not known, the keys are read again."""
        key = self._keys.get(key_id)
        if key is None:
            if self._monotonic() - self._tried_at >= _AT_MOST_EVERY_SECONDS:
                self._wanted.set()
            return None
        return key if is_for(key, algorithm) else None

    @contextmanager
    def running(self) -> Generator[None]:
        """Read the keys now and then, in a thread of its own."""
        thread = threading.Thread(target=self._run, name="issuer-keys", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._stopped = True
            self._wanted.set()
            thread.join(timeout=1.0)

    def read(self) -> bool:
        """Read the keys; whether they could be used. Those that are known stay where they could not."""
        self._tried_at = self._monotonic()
        try:
            keys = keys_in(self._content())
        except (OSError, KeySetRefused, NotFetched) as error:
            reason = type(error).__name__ if isinstance(error, OSError) else str(error)
            _log.warning("issuer_keys_not_read", reason=reason, kept=len(self._keys))
            return False
        if keys.keys() != self._keys.keys():
            _log.info("issuer_keys_read", keys=len(keys))
        self._keys = keys
        return True

    def _run(self) -> None:
        while not self._stopped:
            try:
                self.read()
            except Exception:  # noqa: BLE001 - the thread must live on, and the line below logs what it was
                _log.exception("issuer_keys_failed")
            self._wanted.wait(_EVERY_SECONDS if self.known else _UNTIL_KNOWN_SECONDS)
            self._wanted.clear()

    def _content(self) -> bytes:
        if self._issuer.key_file is not None:
            with self._issuer.key_file.open("rb") as file:
                return _limited(file.read(MOST_BYTES + 1))
        return key_set_at(self._issuer.key_url or "")


def is_for(key: PublicKey, algorithm: str) -> bool:
    """Whether a key is one for this algorithm."""
    kind, curve = KEY_OF[algorithm]
    return isinstance(key, kind) and (curve is None or key.as_dict().get("crv") == curve)


def key_set_at(url: str) -> bytes:
    """What is at this address.

    Raises:
        KeySetRefused: it is not what was asked for.
        NotFetched: nothing is.
    """
    status, content = fetched(url)
    if status != HTTPStatus.OK:
        raise KeySetRefused(f"the address answers with status {status}")
    return content


def _limited(content: bytes) -> bytes:
    if len(content) > MOST_BYTES:
        raise KeySetRefused(f"it has more than {MOST_BYTES} bytes")
    return content


def keys_in(content: bytes) -> dict[str, PublicKey]:
    """The keys of a set that can be used to verify: public ones, of the kinds that are taken, each with an id.

    Raises:
        KeySetRefused: there is none.
    """
    try:
        written = orjson.loads(content)
        entries = written["keys"]
    except (orjson.JSONDecodeError, KeyError, TypeError) as error:
        raise KeySetRefused("it is no JSON Web Key Set") from error
    if not isinstance(entries, list) or len(entries) > _MOST_KEYS:
        raise KeySetRefused(f"it must be a list of at most {_MOST_KEYS} keys")
    keys: dict[str, PublicKey] = {}
    for entry in entries:
        key = _key_of(entry)
        if key is not None:
            keys.setdefault(entry["kid"], key)
    if not keys:
        raise KeySetRefused("it has no key that can be used: RSA of 2048 bits or more, P-256 or Ed25519, with a kid")
    return keys


def _key_of(entry: Any) -> PublicKey | None:  # noqa: ANN401 - anything that JSON can hold
    if not isinstance(entry, dict) or not isinstance(entry.get("kid"), str):
        return None
    if entry.get("use", "sig") != "sig" or "d" in entry or entry.get("alg", "RS256") not in KEY_OF:
        return None
    kinds: dict[Any, type[PublicKey]] = {"RSA": RSAKey, "EC": ECKey, "OKP": OKPKey}
    kind = kinds.get(entry.get("kty"))
    if kind is None:
        return None
    # In base64 six bits a letter; a shorter key only makes the library complain.
    if kind is RSAKey and len(str(entry.get("n", ""))) * 6 < _LEAST_RSA_BITS:
        return None
    try:
        return kind.import_key({name: value for name, value in entry.items() if name in _PUBLIC})
    except (JoseError, ValueError, TypeError):
        return None


# Of a key, what verifying needs: certificates and addresses in it are of no interest.
_PUBLIC: Final = frozenset({"kty", "kid", "n", "e", "crv", "x", "y"})
