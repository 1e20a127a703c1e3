"""The files pages are made of: style sheets, scripts and the icon, served from here: hospital networks are closed.

Only the files named here are served. Each stands under the digest of its content, so a browser may keep it for good.
"""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Final

_STATIC: Final = Path(__file__).parent / "static"
ASSETS_PATH: Final = "/admin/assets"
_CSS, _JS, _SVG = "text/css; charset=utf-8", "text/javascript; charset=utf-8", "image/svg+xml"
_FILES: Final = {
    "tabler.css": ("vendor/tabler/tabler.min.css", _CSS),
    "editor.css": ("editor.css", _CSS),
    "day-plan.css": ("../../day_plan/drawing.css", _CSS),
    "htmx.js": ("vendor/htmx/htmx.min.js", _JS),
    "theme.js": ("theme.js", _JS),
    "editor.js": ("editor.js", _JS),
    "posting.js": ("posting.js", _JS),
    "keeping.js": ("keeping.js", _JS),
    "bench.js": ("bench.js", _JS),
    "beside.js": ("beside.js", _JS),
    "form.js": ("form.js", _JS),
    "type-ahead.js": ("type-ahead.js", _JS),
    "icon.svg": ("icon.svg", _SVG),
}
_DIGITS: Final = 16


@dataclass(frozen=True, slots=True)
class Asset:
    """A file as it is sent."""

    path: str
    media_type: str
    content: bytes
    compressed: bytes


@cache
def assets() -> Mapping[str, Asset]:
    """All files by their names; read when a page is first asked for."""
    found = {}
    for name, (file, media_type) in _FILES.items():
        content = (_STATIC / file).read_bytes()
        digest = hashlib.sha256(content).hexdigest()[:_DIGITS]
        compressed = gzip.compress(content, 9, mtime=0)
        found[name] = Asset(f"{ASSETS_PATH}/{digest}/{name}", media_type, content, compressed)
    return MappingProxyType(found)


def address_of(name: str) -> str:
    """Where a file is."""
    return assets()[name].path
