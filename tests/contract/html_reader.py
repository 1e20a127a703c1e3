"""Reads an HTML page as far as tests ask: do its elements close, and where does it lead."""

from html.parser import HTMLParser

_EMPTY = frozenset({"br", "hr", "input", "link", "meta"})
_LEVELS = {f"h{level}": level for level in range(1, 7)}


class HtmlReader(HTMLParser):
    """What a page is made of. An element that is not closed, or closed in the wrong place, is unclosed."""

    def __init__(self) -> None:
        super().__init__()
        self.unclosed: list[str] = []
        self.headings: list[int] = []
        self.ids: set[str] = set()
        self.number_of_ids = 0
        self.inside: set[str] = set()
        self.outside: set[str] = set()
        self.loaded: list[str] = []
        self.handlers: list[str] = []
        self.attributes: dict[str, list[dict[str, str]]] = {}
        self.styles = ""
        self._open: list[str] = []

    @property
    def elements(self) -> set[str]:
        """The names of all elements."""
        return set(self.attributes)

    @property
    def scripts(self) -> int:
        """How many scripts there are."""
        return len(self.attributes.get("script", ()))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the element and its attributes."""
        given = {name: value or "" for name, value in attrs}
        self.attributes.setdefault(tag, []).append(given)
        if tag not in _EMPTY:
            self._open.append(tag)
        if tag in _LEVELS:
            self.headings.append(_LEVELS[tag])
        if "id" in given:
            self.ids.add(given["id"])
            self.number_of_ids += 1
        self.handlers += [name for name in given if name.startswith("on")]
        self.loaded += [given[name] for name in ("src", "srcset", "data", "action", "poster") if name in given]
        address = given.get("href")
        if address is not None and address.startswith("#"):
            self.inside.add(address[1:])
        elif address is not None:
            self.outside.add(address)

    def handle_endtag(self, tag: str) -> None:
        """Close the element, which must be the one opened last."""
        if self._open and self._open[-1] == tag:
            self._open.pop()
        else:
            self.unclosed.append(tag)

    def handle_data(self, data: str) -> None:
        """Keep the style sheet."""
        if self._open and self._open[-1] == "style":
            self.styles += data

    def close(self) -> None:
        """What is open at the end is unclosed."""
        super().close()
        self.unclosed += self._open


def read_html(text: str) -> HtmlReader:
    """Read a whole page or a piece of one."""
    reader = HtmlReader()
    reader.feed(text)
    reader.close()
    return reader
