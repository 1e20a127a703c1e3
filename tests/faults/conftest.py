"""The databases of the integration tests."""

from tests.integration.conftest import database_url, postgres_server, postgresql_url, sqlite_url, store

__all__ = ["database_url", "postgres_server", "postgresql_url", "sqlite_url", "store"]
