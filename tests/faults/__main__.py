"""`python -m tests.faults kill|retry|propagation|restore [--database sqlite|postgresql|both] [--seed N] …`.

The long forms: a thousand landed kills each, a hundred publishes under load, ten thousand decisions restored. Prints
what happened as JSON, a line for each database, and ends with 1 where anything was not as it must be.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.faults.killing import Tally, kill_publishers, retry_with_one_key
from tests.faults.propagation import Propagation, publish_under_load
from tests.faults.restoring import Restoration, restore_and_replay
from tests.integration.postgres_server import fresh_database, running_postgres


def databases(kind: str, url: str | None) -> Iterator[str]:
    """Empty databases of the kinds that are asked for."""
    if url is not None:
        yield url
        return
    if kind in ("sqlite", "both"):
        with tempfile.TemporaryDirectory(prefix="magcheck-faults-") as folder:
            yield f"sqlite:///{Path(folder) / 'magcheck.sqlite3'}"
    if kind in ("postgresql", "both"):
        with running_postgres() as server:
            yield fresh_database(server)


def main() -> int:
    """Run what is asked for."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("what", choices=["kill", "retry", "propagation", "restore"])
    parser.add_argument("--landed", type=int, default=1000, help="kills inside a transaction")
    parser.add_argument("--publishes", type=int, default=100, help="publishes under load")
    parser.add_argument("--decisions", type=int, default=10_000, help="checks that are answered again")
    parser.add_argument("--database", choices=["sqlite", "postgresql", "both"], default="both")
    parser.add_argument("--url", help="an empty database, instead")
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--mutant", choices=["early", "two-transactions"], help="plant a fault, which must be found")
    arguments = parser.parse_args()
    seed = random.SystemRandom().randrange(2**31) if arguments.seed is None else arguments.seed
    good = True
    for url in databases(arguments.database, arguments.url):
        tally: Tally | Propagation | Restoration
        if arguments.what == "propagation":
            tally = publish_under_load(url, arguments.publishes)
        elif arguments.what == "restore":
            with tempfile.TemporaryDirectory(prefix="magcheck-faults-") as folder:
                into = f"sqlite:///{Path(folder) / 'restored.sqlite3'}"
                tally = restore_and_replay(url, into, arguments.decisions, seed=seed)
        elif arguments.what == "kill":
            tally = kill_publishers(url, arguments.landed, seed=seed, mutant=arguments.mutant)
        else:
            tally = retry_with_one_key(url, arguments.landed, seed=seed)
        print(f"{url.partition(':')[0]} {tally.line()}", flush=True)
        good = good and not tally.faults
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
