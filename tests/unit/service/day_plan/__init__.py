"""Tests of the drawing of a day plan."""
