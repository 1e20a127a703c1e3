"""Builds HTML and SVG whose every text is escaped. What is not a piece of `Html` is text, so nothing slips through."""

from collections.abc import Iterable
from html import escape
from typing import Final

# Elements that hold nothing and have no end tag.
_EMPTY: Final = frozenset({"br", "hr", "input", "link", "meta"})


class Html(str):
    """Markup that is finished: it is put into other markup as it stands."""

    __slots__ = ()


Child = str | Html | Iterable["Child"] | None


def tag(name: str, /, *children: Child, **attributes: str | int | None) -> Html:
    """An element. Attributes that Python has other plans for end in an underscore; None leaves one out."""
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(str(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    if name in _EMPTY:
        return Html(f"<{name}{written}>")
    return Html(f"<{name}{written}>{joined(children)}</{name}>")


def joined(children: Child) -> Html:
    """Children one after the other: texts escaped, None left out."""
    if children is None:
        return Html("")
    if isinstance(children, Html):
        return children
    if isinstance(children, str):
        return Html(escape(children))
    return Html("".join(joined(child) for child in children))


def raw(text: str) -> Html:
    """Markup of our own, such as a style sheet; never anything from a record."""
    return Html(text)
