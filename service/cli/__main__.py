"""Lets `python -m service.cli` do what `magcheck` does, wherever that was installed."""

from service.cli import main

main()
