"""Alembic migrations, one history for SQLite and PostgreSQL. Run them with `magcheck db upgrade`."""
