"""Tests against real neighbours: SQLite files and a PostgreSQL server started here."""
