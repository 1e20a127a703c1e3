"""Whether the tests of faults run in their short form or, with `FAULTS=long`, as long as the fault plan wants it."""

import os
from typing import Final

LONG: Final = os.environ.get("FAULTS") == "long"
