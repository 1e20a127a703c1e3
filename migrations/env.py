"""What Alembic runs for each command: one transaction for all steps, held by one process at a time.

The database comes from `service.storage.migration`, or, for the `alembic` command, from the environment.
"""

from typing import Any, Literal

import sqlalchemy as sa
from alembic import context
from alembic.autogenerate.api import AutogenContext
from alembic.operations import MigrationScript
from alembic.runtime.migration import MigrationContext
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import AutoString

from service.settings import Settings
from service.storage.session import check_foreign_keys, create_migration_engine, take_write_lock
from service.storage.tables import Stored, UtcDateTime


def render_item(kind: str, item: Any, autogen: AutogenContext) -> str | Literal[False]:  # noqa: ANN401, ARG001
    """Write column types of ours in terms of SQLAlchemy, so that old scripts never import today's code."""
    if kind != "type":
        return False
    if isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    if isinstance(item, AutoString):
        return f"sa.String(length={item.length})" if item.length else "sa.String()"
    if isinstance(item, sa.JSON) and not isinstance(item, JSONB):
        # Left alone, Alembic writes the variant with names the script does not import.
        return 'sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), "postgresql")'
    return False


def number_revision(_: MigrationContext, __: Any, directives: list[MigrationScript]) -> None:  # noqa: ANN401
    """Number new scripts 0001, 0002, ...: the service compares revisions to tell an older schema from a newer one."""
    head = context.script.get_current_head()
    for directive in directives:
        directive.rev_id = f"{int(head or 0) + 1:04d}"


def run(connection: sa.Connection) -> None:
    """Run the steps Alembic was asked for."""
    context.configure(
        connection=connection,
        target_metadata=Stored.metadata,
        render_as_batch=connection.dialect.name == "sqlite",
        compare_type=True,
        compare_server_default=True,
        # Both roll DDL back. Alembic believes that SQLite does not, which is true without our way to begin.
        transactional_ddl=True,
        transaction_per_migration=False,
        render_item=render_item,
        process_revision_directives=number_revision,
    )
    with context.begin_transaction():
        # Inside the transaction: a lock taken before makes Alembic roll back without a word. Several pods may start at
        # once; those that come later find nothing left to do.
        take_write_lock(connection, 0)
        context.run_migrations()
        check_foreign_keys(connection)


def main() -> None:
    """Connect and run."""
    if context.is_offline_mode():
        raise SystemExit("writing SQL to a file is not supported: SQLite rebuilds tables by looking at them first")
    given = context.config.attributes.get("database_url")
    url = given or Settings.from_environment().database_url.get_secret_value()
    engine = create_migration_engine(url)
    try:
        with engine.connect() as connection:
            run(connection)
    finally:
        engine.dispose()


main()
