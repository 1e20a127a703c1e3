"""Tests of magcheck, by purpose: unit, property, integration, contract, e2e, benchmark."""
