"""A browser without a screen: people who have signed in, pages with their forms, and forms that are filled in and sent.

It sends what a browser would send: the cookie, where a form comes from, and every field of the form, also the hidden
ones. People are those of `control_client`, and all have `tests.entrance.PASSWORD`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from httpx2 import Response
from starlette.testclient import TestClient

from rules.model import RuleSet
from service.api.authentication import COOKIE
from service.application import rule_sets
from service.application.gate_room import GateRoom
from service.storage.session import Store
from tests.entrance import House
from tests.integration.control_room import NOON, judge
from tests.integration.databases import migrated_sqlite
from tests.integration.small_knowledge import small_rule_set
from tests.keys import KEYRING
from tests.unit.api.control_client import PEOPLE

ORIGIN = "https://localhost"
FORM = "application/x-www-form-urlencoded"


@dataclass
class Form:
    """A form as a page has it, with what stands in its fields."""

    action: str
    method: str
    fields: list[tuple[str, str]] = field(default_factory=list)

    def value(self, name: str) -> str | None:
        return next((text for key, text in self.fields if key == name), None)

    def filled(self, **typed: str | list[str] | None) -> list[tuple[str, str]]:
        """The fields with some of them typed over; None leaves a field out, a list ticks several boxes."""
        kept = [(key, text) for key, text in self.fields if key not in typed]
        for name, text in typed.items():
            kept += [(name, one) for one in ([] if text is None else [text] if isinstance(text, str) else text)]
        return kept


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._open: Form | None = None
        self._area: str | None = None
        self._select: str | None = None
        self._text = ""

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        said = dict(attributes)
        if tag == "form":
            self._open = Form(said.get("action") or "", said.get("method") or "get")
            self.forms.append(self._open)
        elif self._open is None or "disabled" in said:
            return
        elif tag == "input" and said.get("name"):
            if said.get("type") not in {"checkbox", "radio"} or "checked" in said:
                self._open.fields.append((said["name"] or "", said.get("value") or ""))
        elif tag == "textarea":
            self._area, self._text = said.get("name"), ""
        elif tag == "select":
            self._select = said.get("name")
        elif tag == "option" and self._select:
            chosen = "selected" in said or all(key != self._select for key, _ in self._open.fields)
            if chosen:
                self._open.fields = [pair for pair in self._open.fields if pair[0] != self._select]
                self._open.fields.append((self._select, said.get("value") or ""))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = None
        elif tag == "select":
            self._select = None
        elif tag == "textarea" and self._open is not None and self._area:
            self._open.fields.append((self._area, self._text.removeprefix("\n")))  # as browsers do
            self._area = None

    def handle_data(self, data: str) -> None:
        if self._area:
            self._text += data


def forms(page: str) -> list[Form]:
    """All forms of a page."""
    reader = _Reader()
    reader.feed(page)
    return reader.forms


def form_to(page: str, action: str) -> Form:
    """The one form of a page that is sent to this address."""
    [found] = [form for form in forms(page) if form.action == action]
    return found


class PageClient(TestClient):
    """Asks for pages and sends forms as one of a few people."""

    house: House
    folder: Path
    tokens: dict[str, str]
    ids: dict[str, str]

    def open(self, who: str | None, path: str, **headers: str) -> Response:
        """A page as somebody sees it; where it leads elsewhere, that is not followed."""
        return self.get(path, headers={**self._cookie(who), **headers}, follow_redirects=False)

    def form(self, who: str | None, path: str, action: str | None = None) -> Form:
        """The form of a page."""
        return form_to(self.open(who, path).text, action or path)

    def sent(
        self,
        who: str | None,
        path: str,
        fields: list[tuple[str, str]],
        *,
        origin: str | None = ORIGIN,
        content_type: str = FORM,
        **headers: str,
    ) -> Response:
        """Send the fields of a form."""
        said = {**self._cookie(who), "content-type": content_type, **headers}
        if origin is not None:
            said["origin"] = origin
        return self.post(path, content=urlencode(fields), headers=said, follow_redirects=False)

    def done(self, who: str, path: str, action: str | None = None, **typed: str | list[str] | None) -> str:
        """Fill in the form of a page and send it; where that leads. It must have been taken."""
        form = self.form(who, path, action)
        response = self.sent(who, form.action, form.filled(**typed))
        assert response.status_code == 303, (response.status_code, response.text)
        return response.headers["location"]

    def sign_in_anew(self, who: str) -> None:
        """Somebody signs in once more; the former sign-in is forgotten here."""
        self.tokens[who] = self.house.signed_in(self.ids[who])

    def _cookie(self, who: str | None) -> dict[str, str]:
        return {} if who is None else {"cookie": f"{COOKIE}={self.tokens[who]}"}


@contextmanager
def page_client(
    folder: Path,
    records: RuleSet | None = None,
    gate: GateRoom | None = None,
    **settings: Any,  # noqa: ANN401 - any setting
) -> Iterator[PageClient]:
    """The client over a database of its own, with ``records`` as what answers."""
    with Store.open(migrated_sqlite(folder / "pages.sqlite3")) as store:
        rule_sets.seed_baseline(store, records or small_rule_set(), keyring=KEYRING, now=NOON, note="for a test")
        house = House(store)
        ids = {name: house.person(name, *roles) for name, roles in PEOPLE.items()}
        with PageClient(house.app(gate=gate or GateRoom(judge), **settings), base_url=ORIGIN) as client:
            client.house, client.ids, client.folder = house, ids, folder
            client.tokens = {name: house.signed_in(person_id) for name, person_id in ids.items()}
            yield client
