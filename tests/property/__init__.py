"""The clinical laws as properties: against a naive second evaluator, on random and on packaged knowledge."""
