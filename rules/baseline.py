"""The reviewed knowledge that ships with the package. It only says where the files are; `rules.load` reads them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rules.load import Knowledge

FOLDER = Path(__file__).parent / "knowledge"


def read_baseline() -> Knowledge:
    """Read the packaged knowledge.

    Raises:
        KnowledgeError: the packaged files are damaged.
    """
    # Imported here because the serving process reads a published rule set and needs no YAML.
    from rules.load import read_folder  # noqa: PLC0415

    return read_folder(FOLDER)
