"""An issuer of access tokens and an address with its keys, both under the thumb of a test."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

from joserfc.jwk import ECKey, Key, KeySet, OctKey, OKPKey, RSAKey
from joserfc.jws import JWSRegistry, serialize_compact

ISSUER: Final = "https://issuer.example"
AUDIENCE: Final = "https://magcheck.example"
RSA: Final = RSAKey.generate_key(2048, {"kid": "rsa-1", "use": "sig"})
EC: Final = ECKey.generate_key("P-256", {"kid": "ec-1", "use": "sig"})
ED: Final = OKPKey.generate_key("Ed25519", {"kid": "ed-1", "use": "sig"})
OTHER_RSA: Final = RSAKey.generate_key(2048, {"kid": "rsa-1", "use": "sig"})  # another key under the same name
SIGNING: Final[dict[str, Key]] = {"RS256": RSA, "ES256": EC, "EdDSA": ED, "Ed25519": ED}


def key_set(*keys: Key) -> bytes:
    return json.dumps(KeySet(list(keys or (RSA, EC, ED))).as_dict(private=False)).encode()


class _Any(JWSRegistry):
    """Every algorithm that the library has: what it warns of is what tests are about."""

    def get_alg(self, name: str) -> Any:  # noqa: ANN401 - the library keeps the name of the type to itself
        return self.algorithms[name]


def claims(now: float, **changed: Any) -> dict[str, Any]:  # noqa: ANN401 - any claim
    """Those of a good token; None takes one out."""
    good = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": "ward-3",
        "iat": int(now),
        "exp": int(now) + 300,
        "jti": "token-0001",
        "roles": ["client"],
    }
    return {name: value for name, value in {**good, **changed}.items() if value is not None}


def token(
    content: dict[str, Any],
    algorithm: str = "RS256",
    key: Key | None = None,
    **header: Any,  # noqa: ANN401
) -> str:
    """A token as the issuer makes it."""
    key = key or SIGNING[algorithm]
    full = {"alg": algorithm, "kid": key.kid, "typ": "at+jwt", **header}
    written = {name: value for name, value in full.items() if value is not None}
    return serialize_compact(written, json.dumps(content), key, registry=_Any())


def segment(content: object) -> str:
    written = content if isinstance(content, bytes) else json.dumps(content).encode()
    return base64.urlsafe_b64encode(written).rstrip(b"=").decode()


def by_hand(header: dict[str, Any], content: dict[str, Any], signature: str | bytes = b"") -> str:
    """A token that no library would make."""
    kept = signature if isinstance(signature, str) else segment(signature)
    return f"{segment(header)}.{segment(content)}.{kept}"


def signed_with_public_key(content: dict[str, Any]) -> str:
    """Signed with the public key as if it were a shared secret."""
    header = {"alg": "HS256", "kid": "rsa-1", "typ": "at+jwt"}
    unsigned = f"{segment(header)}.{segment(content)}"
    secret = RSA.as_pem(private=False)
    return f"{unsigned}.{segment(hmac.digest(secret, unsigned.encode(), hashlib.sha256))}"


def shared_secret() -> OctKey:
    return OctKey.import_key("0" * 64, {"kid": "oct-1"})


@dataclass
class Address:
    """A server on this machine: what it answers, and how often anybody came."""

    url: str = ""
    content: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    visits: int = 0


@contextmanager
def address(**first: Any) -> Generator[Address]:  # noqa: ANN401 - fields of the address
    """A server on a port of its own."""
    served = Address(**first)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            served.visits += 1
            self.send_response(served.status)
            for name, value in {"Content-Length": str(len(served.content)), **served.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            for start in range(0, len(served.content), 65536):
                try:
                    self.wfile.write(served.content[start : start + 65536])
                except OSError:
                    return
                time.sleep(served.seconds)

        def log_message(self, *_: object) -> None:
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        served.url = f"http://127.0.0.1:{server.server_address[1]}/keys.json"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield served
        finally:
            server.shutdown()
            thread.join()
