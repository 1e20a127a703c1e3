"""Version 1 of the interface. Public changes are additions only."""
