"""Everything that touches the outside: HTTP, the store, logs, the command line. The knowledge lives in `rules`."""
