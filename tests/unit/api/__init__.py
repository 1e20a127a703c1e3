"""Tests of the HTTP interface over a handful of made-up records."""
