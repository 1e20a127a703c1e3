"""The secret of this installation, and the keys that are derived from it, one for each purpose.

Nobody gets the secret itself, and what one purpose signed is worth nothing for another. Nothing here decides who may
sign, or keeps anything but the secret of a development machine.
"""

import hashlib
import hmac
import os
import secrets
from contextlib import suppress
from pathlib import Path
from typing import Final

from service.errors import SettingsInvalid
from service.settings import Environment, Settings, faults_of_secret

DEVELOPMENT_SECRET: Final = "development-secret"  # noqa: S105 - the name of a file
_DIGITS_OF_KEY_ID: Final = 16
_MISSING: Final = (
    "MAGCHECK_SECRET_KEY: missing; rule sets, keys and sign-ins are signed with it. Make one with `openssl rand -hex "
    "32`, keep it where you keep passwords, and give the same to every process of this installation (for a trial on "
    "this machine alone, MAGCHECK_ENVIRONMENT=development makes one by itself)"
)


class Keyring:
    """Signs with the current secret; accepts what the current or the former one signed."""

    __slots__ = ("_current", "_known")

    def __init__(self, current: bytes, former: bytes | None = None) -> None:
        """Both are secrets that the settings have accepted."""
        self._current = _Key(current)
        known = [self._current] if former is None else [self._current, _Key(former)]
        self._known = {key.id: key for key in reversed(known)}

    @property
    def key_id(self) -> str:
        """Names the current secret and says nothing about it."""
        return self._current.id

    @property
    def key_ids(self) -> frozenset[str]:
        """The names of all secrets whose signatures are accepted."""
        return frozenset(self._known)

    def mac(self, purpose: str, content: bytes) -> tuple[str, str]:
        """Sign something: the name of the key, and the signature (HMAC-SHA-256, hexadecimal)."""
        return self._current.id, self._current.mac(purpose, content).hex()

    def verify(self, purpose: str, content: bytes, key_id: str, signature: str) -> bool:
        """Whether a known key signed exactly this for exactly this purpose; takes as long for a wrong signature."""
        key = self._known.get(key_id)
        expected = (self._current if key is None else key).mac(purpose, content).hex()
        same = hmac.compare_digest(expected.encode(), signature.encode("utf-8", "replace"))
        return same and key is not None


class _Key:
    __slots__ = ("_secret", "_subkeys", "id")

    def __init__(self, secret: bytes) -> None:
        self._secret = secret
        self._subkeys: dict[str, bytes] = {}
        self.id = self._derived("key-id").hex()[:_DIGITS_OF_KEY_ID]

    def mac(self, purpose: str, content: bytes) -> bytes:
        subkey = self._subkeys.get(purpose)
        if subkey is None:
            subkey = self._subkeys[purpose] = self._derived(f"purpose/{purpose}")
        return hmac.digest(subkey, content, hashlib.sha256)

    def _derived(self, name: str) -> bytes:
        return hmac.digest(self._secret, f"magcheck/1/{name}".encode(), hashlib.sha256)


def keyring_of(settings: Settings) -> Keyring:
    """The keyring of this installation. For development a secret is made and kept where none is given.

    Raises:
        SettingsInvalid: there is no secret, or the one in the development file cannot be used.
    """
    former = settings.former_secret_key
    return Keyring(_current(settings), None if former is None else former.get_secret_value().encode())


def keyring_at_hand(settings: Settings) -> Keyring | None:
    """The keyring where there is one already: for what only looks, and can do without. Nothing is made.

    Raises:
        SettingsInvalid: the secret in the development file cannot be used.
    """
    kept = settings.environment is Environment.DEVELOPMENT and (settings.data_dir / DEVELOPMENT_SECRET).exists()
    return keyring_of(settings) if settings.secret_key is not None or kept else None


def _current(settings: Settings) -> bytes:
    if settings.secret_key is not None:
        return settings.secret_key.get_secret_value().encode()
    if settings.environment is not Environment.DEVELOPMENT:
        raise SettingsInvalid([_MISSING])
    file = settings.data_dir / DEVELOPMENT_SECRET
    try:
        secret = _kept_or_made(file)
    except OSError as error:
        raise SettingsInvalid([f"MAGCHECK_DATA_DIR: the development secret cannot be kept in {file}"]) from error
    if faults_of_secret(secret):
        raise SettingsInvalid([f"MAGCHECK_SECRET_KEY: {file} holds no usable secret; remove it and another is made"])
    return secret.encode()


def _kept_or_made(file: Path) -> str:
    """The secret in a file. Several processes may start at once: one makes it, whole, and all read the same."""
    if not file.exists():
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = file.with_name(f"{file.name}.{secrets.token_hex(8)}")
        try:
            with os.fdopen(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w", encoding="ascii") as made:
                made.write(secrets.token_hex(32))
                made.flush()
                os.fsync(made.fileno())
            with suppress(FileExistsError):  # another process was faster
                os.link(draft, file)
        finally:
            draft.unlink(missing_ok=True)
    return file.read_text(encoding="utf-8", errors="replace").strip()
