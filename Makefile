# Aliases for people who type `make`; the tasks themselves are in dev.py.
TASKS := setup serve test lint bench screenshots openapi contract sdk guide knowledge image lock clean

.PHONY: help $(TASKS)
help:
	@python3 dev.py
$(TASKS):
	@python3 dev.py $@
