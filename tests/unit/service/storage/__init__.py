"""Tests of what keeps things outside the database."""
