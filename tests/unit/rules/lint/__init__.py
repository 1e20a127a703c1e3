"""Each house rule is broken once, and the fault has its place; a clean set has none."""
