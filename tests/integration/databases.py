"""Databases with the newest schema for tests: copies of one that the migrations made, once in each process.

Whatever is tested about the migrations themselves runs them; this never brings a database up that is there already.
"""

import tempfile
from functools import cache
from pathlib import Path

from service.storage import migration
from tests.integration.postgres_server import fresh_database


def migrated_sqlite(file: Path) -> str:
    """Make a file with the newest schema and nothing in it; the address of the database."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with file.open("xb") as new:
        new.write(_sqlite_template())
    return f"sqlite:///{file}"


def migrated_postgresql(server_url: str) -> str:
    """Make a database with the newest schema and nothing in it; its address."""
    return fresh_database(server_url, template=_postgresql_template(server_url))


@cache
def _sqlite_template() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "template.sqlite3"
        migration.upgrade(f"sqlite:///{file}")
        (only,) = Path(folder).iterdir()  # all of it is in the file, nothing in a log beside it
        return only.read_bytes()


@cache
def _postgresql_template(server_url: str) -> str:
    url = fresh_database(server_url)
    migration.upgrade(url)
    return url
