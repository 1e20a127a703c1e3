"""Generators of clients, with their settings."""
