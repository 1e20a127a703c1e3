"""Which databases a test is run on, where that is not every one.

What is refused before anything is asked of a store is refused alike whatever the store is; next to each such test stand
others, on every database, in which the store answers.
"""

from __future__ import annotations

from typing import Final

import pytest

BEFORE_ANY_STORE: Final = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
