"""What happens when processes die, two want the same, or somebody asks while rule sets change.

Short forms run with the tests; `python -m tests.faults` runs the long ones.
"""
