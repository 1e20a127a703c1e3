"""Every test that asks for a database runs on SQLite and on a real PostgreSQL, both brought up by our migrations."""

import os
from collections.abc import Generator, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from service.storage import migration
from service.storage.session import Store
from tests.integration.postgres_server import PostgresUnavailable, fresh_database, running_postgres


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
def sqlite_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'folder' / 'magcheck.sqlite3'}"


@pytest.fixture
def postgresql_url(postgres_server: str) -> str:
    return fresh_database(postgres_server)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """The address of an empty database."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    """A database with the newest schema and nothing in it."""
    migration.upgrade(database_url)
    with Store.open(database_url) as opened:
        yield opened
