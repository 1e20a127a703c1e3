"""A provider of identities under the thumb of a test: it can be right, or wrong in any way one likes.

It looks at what a careless one would let pass: the verifier of the code, the address to go back to, the client's
secret, and that a code is used once.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final
from urllib.parse import parse_qs, unquote_plus, urlencode, urlsplit

from tests.integration.issuer import RSA, key_set, token

CLIENT: Final = "magcheck editor"
SECRET: Final = "ö:/ for a test"

Claims = dict[str, Any]


def half_hash(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()[:16]
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


@dataclass
class Person:
    """Somebody at the provider; ``proved_at`` is when they last proved who they are."""

    subject: str
    claims: Claims
    proved_at: float


@dataclass
class IdentityProviderServer:
    """What it is asked and how it answers. Paths that are overridden answer whatever is said there."""

    issuer: str = ""
    clock: Callable[[], float] = time.time
    discovery: Claims = field(default_factory=dict)
    # What the identity token says besides or otherwise; None takes a claim out.
    claims: Claims = field(default_factory=dict)
    header: Claims = field(default_factory=dict)
    signed: Callable[[Claims], str] | None = None
    userinfo: Claims | None = None
    keys: bytes = field(default_factory=key_set)
    # path: status, headers, content, seconds before it
    overridden: dict[str, tuple[int, dict[str, str], bytes, float]] = field(default_factory=dict)
    visits: list[str] = field(default_factory=list)
    tokens_by: list[str] = field(default_factory=list)
    _codes: dict[str, tuple[dict[str, str], Person]] = field(default_factory=dict)
    _subjects: dict[str, Person] = field(default_factory=dict)

    def signed_in(self, address: str, subject: str, *, proved_at: float | None = None, **claims: Any) -> str:  # noqa: ANN401
        """What the provider does once somebody has signed in there: the address it sends their browser back to."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        assert address.startswith(f"{self.issuer}/authorize?")
        assert asked["response_type"] == "code"
        assert asked["client_id"] == CLIENT
        assert asked["code_challenge_method"] == "S256"
        assert "openid" in asked["scope"].split()
        code = secrets.token_urlsafe(16)
        self._codes[code] = (asked, Person(subject, claims, self.clock() if proved_at is None else proved_at))
        return f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}"

    def metadata(self) -> Claims:
        said = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "userinfo_endpoint": f"{self.issuer}/userinfo",
            "end_session_endpoint": f"{self.issuer}/end",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "code_challenge_methods_supported": ["S256"],
            **self.discovery,
        }
        return {name: value for name, value in said.items() if value is not None}

    def answer(self, method: str, path: str, form: dict[str, str], authorization: str) -> tuple[int, Claims]:
        if path == "/.well-known/openid-configuration":
            return 200, self.metadata()
        if path == "/keys":
            return 200, json.loads(self.keys)
        if path == "/userinfo":
            person = self._subjects.get(authorization.removeprefix("Bearer "))
            return (401, {}) if person is None else (200, {"sub": person.subject, **(self.userinfo or {})})
        if path == "/token" and method == "POST":
            return self._tokens(form, authorization)
        return 404, {}

    def _tokens(self, form: dict[str, str], authorization: str) -> tuple[int, Claims]:
        found = self._codes.pop(form.get("code", ""), None)
        if authorization.startswith("Basic "):
            client, _, secret = base64.b64decode(authorization.removeprefix("Basic ")).decode().partition(":")
            by, client, secret = "basic", unquote_plus(client), unquote_plus(secret)
        else:
            client, secret = form.get("client_id", ""), form.get("client_secret", "")
            by = "form" if secret else "none"
        self.tokens_by.append(by)
        if client != CLIENT or secret not in {SECRET, ""}:
            return 401, {"error": "invalid_client"}
        if found is None:
            return 400, {"error": "invalid_grant"}
        asked, person = found
        verifier = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(verifier).rstrip(b"=").decode()
        if challenge != asked["code_challenge"] or form.get("redirect_uri") != asked["redirect_uri"]:
            return 400, {"error": "invalid_grant"}
        access_token = secrets.token_urlsafe(16)
        self._subjects[access_token] = person
        now = int(self.clock())
        said: Claims = {
            "iss": self.issuer,
            "sub": person.subject,
            "aud": CLIENT,
            "iat": now,
            "exp": now + 300,
            "nonce": asked["nonce"],
            "auth_time": int(person.proved_at),
            "at_hash": half_hash(access_token),
            **person.claims,
            **self.claims,
        }
        said = {name: value for name, value in said.items() if value is not None}
        sign = self.signed or (lambda content: token(content, "RS256", RSA, **{"typ": "JWT", **self.header}))
        return 200, {"token_type": "Bearer", "access_token": access_token, "expires_in": 300, "id_token": sign(said)}


@contextmanager
def identity_provider(**first: Any) -> Generator[IdentityProviderServer]:  # noqa: ANN401 - fields of it
    """A provider on a port of its own."""
    provider = IdentityProviderServer(**first)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer("GET", {})

        def do_POST(self) -> None:
            content = self.rfile.read(int(self.headers["Content-Length"])).decode()
            self._answer("POST", {name: values[0] for name, values in parse_qs(content).items()})

        def _answer(self, method: str, form: dict[str, str]) -> None:
            path = urlsplit(self.path).path
            provider.visits.append(path)
            headers: dict[str, str] = {"Content-Type": "application/json"}
            if path in provider.overridden:
                status, more, content, seconds = provider.overridden[path]
                headers |= more
                time.sleep(seconds)
            else:
                status, said = provider.answer(method, path, form, self.headers.get("Authorization", ""))
                content = json.dumps(said).encode()
            try:
                self.send_response(status)
                for name, value in {"Content-Length": str(len(content)), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(content)
            except OSError:
                return  # whoever asked has gone

        def log_message(self, *_: object) -> None:
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        provider.issuer = provider.issuer or f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield provider
        finally:
            server.shutdown()
            thread.join()
