"""CDS Hooks as a client sees it, held against schemas of our own and against what real clients send."""
