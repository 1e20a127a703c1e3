"""Each law on random rule sets and questions. What a law says stands in its function in `tests.property.laws`.

I7 needs worked cases and is tried on the packaged knowledge, in `test_packaged`; I4 across processes has its own file.
"""

import pytest

from tests.property.laws.registry import LAWS, try_law
from tests.property.profiles import PROFILE


@pytest.mark.parametrize("name", LAWS)
def test_law(name: str) -> None:
    try_law(LAWS[name], PROFILE)
