"""Pages of the rule editor, without a browser."""
