"""The generated clients against a running server; `python3 dev.py sdk` makes them and runs these tests."""
