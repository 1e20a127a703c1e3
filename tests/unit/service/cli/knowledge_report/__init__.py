"""The report on a small made-up knowledge, with every figure worked out by hand."""
