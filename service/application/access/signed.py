"""Takes signed tokens (JWT) apart and verifies their signatures, with a key that is known already.

It says nothing about what a token claims, and looks at nothing that its header points to.
"""

import base64
import binascii
import math
from collections.abc import Mapping
from typing import Any, Final

import orjson
from joserfc import jwt
from joserfc.errors import JoseError, UnsupportedAlgorithmError
from joserfc.jws import JWSRegistry

from service.application.access.key_sets import KEY_OF, PublicKey

LEEWAY_SECONDS: Final = 60


class TokenRefused(Exception):
    """A token is not taken; the text is for the log, and of our own words."""


class Algorithms(JWSRegistry):
    """The algorithms that are taken; issuers still write EdDSA, about which the library warns for each token."""

    def get_alg(self, name: str) -> Any:  # noqa: ANN401 - the library keeps the name of the type to itself
        """One of them.

        Raises:
            UnsupportedAlgorithmError: it is not taken.
        """
        if name not in KEY_OF:
            raise UnsupportedAlgorithmError
        return self.algorithms[name]


def header_of(token: str, most_bytes: int) -> tuple[dict[str, Any], str]:
    """The header of a token, of which nothing has been verified, and the algorithm it names.

    Raises:
        TokenRefused: it is no token, or not signed by an algorithm that is taken.
    """
    parts = token.split(".")
    if len(token) > most_bytes or len(parts) != 3 or not token.isascii():  # noqa: PLR2004 - header, claims, signature
        raise TokenRefused("form")
    try:
        header = orjson.loads(base64.b64decode(parts[0] + "=" * (-len(parts[0]) % 4), altchars=b"-_", validate=True))
    except (binascii.Error, ValueError):
        raise TokenRefused("form") from None
    if not isinstance(header, dict):
        raise TokenRefused("form")
    algorithm = header.get("alg")
    if not isinstance(algorithm, str) or algorithm not in KEY_OF:
        raise TokenRefused("algorithm")
    return header, algorithm


def claims_in(token: str, key: PublicKey, algorithm: str, registry: jwt.JWTClaimsRegistry) -> dict[str, Any]:
    """The claims of a token that this key has signed and that are as the registry wants them.

    Raises:
        TokenRefused: they are not.
    """
    try:
        claims = jwt.decode(token, key, algorithms=[algorithm], registry=Algorithms(algorithms=[algorithm])).claims
        registry.validate(claims)
    except JoseError as error:
        raise TokenRefused(type(error).__name__) from None
    except (ValueError, TypeError, OverflowError):
        raise TokenRefused("form") from None
    _require_times(claims, ("exp", "iat", "nbf"))
    return claims


def _require_times(claims: Mapping[str, Any], names: tuple[str, ...]) -> None:
    if not all(math.isfinite(claims[name]) for name in names if name in claims):
        raise TokenRefused("no time")
