"""Makes API keys and sign-in tokens, and takes them apart. It compares nothing: see `access` and `sign_ins`.

Both begin with letters of their own, so that a scanner for lost secrets finds them. 32 random bytes stand behind each.
"""

import hashlib
import secrets
from typing import Final

KEY_PREFIX: Final = "mck_"
SIGN_IN_PREFIX: Final = "mcs_"
_ID_BYTES: Final = 6
_SECRET_BYTES: Final = 32
_SECRET_LENGTH: Final = 43  # of 32 bytes in base64url without padding
_ID_END: Final = len(KEY_PREFIX) + 2 * _ID_BYTES
_KEY_LENGTH: Final = _ID_END + 1 + _SECRET_LENGTH
_SIGN_IN_LENGTH: Final = len(SIGN_IN_PREFIX) + _SECRET_LENGTH


def new_id() -> str:
    """An id for a person or a key: nothing secret."""
    return secrets.token_hex(_ID_BYTES)


def new_key(key_id: str) -> str:
    """A new API key with this id in it."""
    return f"{KEY_PREFIX}{key_id}_{secrets.token_urlsafe(_SECRET_BYTES)}"


def key_id_of(token: str) -> str | None:
    """The id in an API key; none when this has not the form of one."""
    if len(token) == _KEY_LENGTH and token.startswith(KEY_PREFIX) and token[_ID_END] == "_":
        return token[len(KEY_PREFIX) : _ID_END]
    return None


def new_sign_in_token() -> str:
    """A new sign-in token."""
    return SIGN_IN_PREFIX + secrets.token_urlsafe(_SECRET_BYTES)


def sign_in_id_of(token: str) -> str | None:
    """The id under which a sign-in is kept: a digest is enough for a secret that nobody can guess."""
    if len(token) == _SIGN_IN_LENGTH and token.startswith(SIGN_IN_PREFIX):
        return hashlib.sha256(token.encode()).hexdigest()
    return None
