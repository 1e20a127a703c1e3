"""A second evaluator, slow and obviously right, that shares no code with the engine."""
