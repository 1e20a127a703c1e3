"""Tests of the rules package, one module of tests for each module of the package."""
