"""Verbs that need no database."""
