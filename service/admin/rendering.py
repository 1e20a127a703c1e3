"""Makes pages from templates. Every text is escaped, and a name that a template gets wrong is an error, not a blank.

Nothing from a record is ever a template. The template engine is loaded when a page is first asked for: a process that
only answers checks does without.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from starlette.responses import HTMLResponse

from service.admin import words
from service.admin.assets import address_of
from service.admin.reading import path_of
from service.markup import Html

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

_TEMPLATES: Final = Path(__file__).parent / "templates"
_DIGITS_SHOWN: Final = 12


@cache
def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # noqa: PLC0415 - see above

    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.globals |= {"asset": address_of, "path_of": path_of}
    environment.filters |= {
        "markup": _finished,
        "term": words.term,
        "short": words.short_term,
        "day": words.day,
        "moment": words.moment,
        "kind": words.kind_one,
        "kinds": words.kind_many,
        "capital": words.capital,
        "counted": words.counted,
        "field": words.field,
        "digest": lambda text: text[:_DIGITS_SHOWN],
    }
    return environment


def _finished(html: Html) -> Markup:
    """Markup of ours, put into a page as it stands.

    Raises:
        TypeError: it is a text, which has to be escaped.
    """
    from markupsafe import Markup  # noqa: PLC0415 - as above

    if not isinstance(html, Html):
        raise TypeError(f"only finished markup is put into a page as it stands, and this is {type(html).__name__}")
    return Markup(html)  # noqa: S704 - every text in it was escaped when it was built


def written(template: str, /, **values: Any) -> str:  # noqa: ANN401 - whatever a template shows
    """A template with its values."""
    return _environment().get_template(template).render(**values)


def page(template: str, /, *, status: int = 200, **values: Any) -> HTMLResponse:  # noqa: ANN401
    """An answer made from a template; nobody may keep it."""
    headers = {"Cache-Control": "no-store", "Vary": "HX-Request"}
    return HTMLResponse(written(template, **values), status_code=status, headers=headers)
