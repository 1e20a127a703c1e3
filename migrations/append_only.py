"""Triggers that refuse to change or delete rows, on both databases.

Migrations call these for each table that they create or rebuild: on SQLite a batch operation drops the triggers with
the old table. What is written here is history: change the wording of an error at most.
"""

from collections.abc import Sequence

from alembic import op

_FUNCTION = "magcheck_refuse_change"


def create_function() -> None:
    """Create what the triggers of all tables call (PostgreSQL only)."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"""
            create function {_FUNCTION}() returns trigger language plpgsql as $$
            begin
                raise exception 'table % is append-only: % refused', tg_table_name, tg_op
                    using errcode = 'integrity_constraint_violation';
            end $$
        """)


def drop_function() -> None:
    """Undo `create_function`."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"drop function {_FUNCTION}()")


def protect(table: str, *, unique_columns: Sequence[str]) -> None:
    """Refuse UPDATE, DELETE, INSERT OR REPLACE and TRUNCATE on a table.

    ``unique_columns`` are those by which INSERT OR REPLACE could find a row to replace, each unique on its own.
    """
    _protect(table, " or ".join(f"{column} = new.{column}" for column in unique_columns), ("update", "delete"))


def protect_key(table: str, *, key: Sequence[str]) -> None:
    """As `protect`, for a table whose columns of the ``key`` are unique only together."""
    _protect(table, _same_key(key), ("update", "delete"))


def refuse_updates(table: str, *, key: Sequence[str]) -> None:
    """Refuse UPDATE and INSERT OR REPLACE; rows may go, as a whole, when their time is over."""
    _protect(table, _same_key(key), ("update",))


def _same_key(key: Sequence[str]) -> str:
    return " and ".join(f"{column} = new.{column}" for column in key)


def _protect(table: str, same: str, actions: Sequence[str]) -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"""
            create trigger {table}_append_only before {" or ".join(actions)} on {table}
            for each row execute function {_FUNCTION}()
        """)
        if "delete" in actions:
            # Row triggers do not fire on TRUNCATE.
            op.execute(f"""
                create trigger {table}_append_only_truncate before truncate on {table}
                for each statement execute function {_FUNCTION}()
            """)
        return
    refuse = f"begin select raise(abort, 'table {table} is append-only'); end"
    for action in actions:
        op.execute(f"create trigger {table}_append_only_{action} before {action} on {table} {refuse}")
    # INSERT OR REPLACE asks the delete trigger only on connections with recursive_triggers=ON; it always asks this one.
    exists = f"exists (select 1 from {table} where {same})"  # noqa: S608 - names written in the migrations
    op.execute(f"create trigger {table}_append_only_replace before insert on {table} when {exists} {refuse}")


def unprotect(table: str) -> None:
    """Undo `protect`, for a migration that drops or rebuilds the table."""
    if op.get_bind().dialect.name == "postgresql":
        for trigger in ("append_only", "append_only_truncate"):
            op.execute(f"drop trigger {table}_{trigger} on {table}")
        return
    for trigger in ("update", "delete", "replace"):
        op.execute(f"drop trigger {table}_append_only_{trigger}")
