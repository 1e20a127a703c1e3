"""Linting the contract, and comparing it with the released one."""
