"""How many examples the laws are tried on. Nothing is loaded globally: other tests keep their own settings.

``HYPOTHESIS_PROFILE=thorough`` tries many more, found anew each time; ``HYPOTHESIS_EXAMPLES`` says how many.
"""

import os

from hypothesis import HealthCheck, Phase, settings

_BASE = settings(
    deadline=None,  # machines differ, and a slow example is no fault
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)
PROFILES = {
    # The same examples on every machine and every run, few enough for each commit.
    "ci": settings(_BASE, max_examples=60, derandomize=True, database=None),
    "thorough": settings(_BASE, max_examples=int(os.environ.get("HYPOTHESIS_EXAMPLES", "1000")), print_blob=True),
}
PROFILE = PROFILES[os.environ.get("HYPOTHESIS_PROFILE", "ci")]
# Planted mutants: the same examples each time, no time spent on making a failure small.
HUNT = settings(
    _BASE,
    max_examples=600,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    report_multiple_bugs=False,
)
