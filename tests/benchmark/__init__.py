"""Benchmarks: ratios within one run, never absolute times. Run with `python3 dev.py bench`."""
