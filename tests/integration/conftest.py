"""Every test that asks for a database runs on SQLite and on a real PostgreSQL, both brought up by our migrations."""

import os
from collections.abc import Generator, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from service.storage.session import Store
from tests.integration.databases import migrated_postgresql, migrated_sqlite
from tests.integration.postgres_server import PostgresUnavailable, drop_database, fresh_database, running_postgres


@pytest.fixture(scope="session")
def postgres_server() -> Generator[str]:
    """A PostgreSQL server of this test run. Missing, it is a reason to skip for a person and to fail for CI."""
    with ExitStack() as stack:
        try:
            url = stack.enter_context(running_postgres())
        except PostgresUnavailable as unavailable:
            if os.environ.get("CI") == "true":
                raise
            pytest.skip(str(unavailable))
        yield url


@pytest.fixture
def sqlite_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    file = tmp_path / "folder" / "magcheck.sqlite3"
    return migrated_sqlite(file) if _is_for_store(request) else f"sqlite:///{file}"


@pytest.fixture
def postgresql_url(request: pytest.FixtureRequest, postgres_server: str) -> Iterator[str]:
    make = migrated_postgresql if _is_for_store(request) else fresh_database
    url = make(postgres_server)
    yield url
    # Hundreds of them, kept to the end, would all be written to the disk, and take half a minute to delete.
    drop_database(postgres_server, url)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """The address of an empty database; beside `store`, that of the store."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


def _is_for_store(request: pytest.FixtureRequest) -> bool:
    return "store" in request.fixturenames


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    """A database with the newest schema and nothing in it."""
    with Store.open(database_url) as opened:
        yield opened
