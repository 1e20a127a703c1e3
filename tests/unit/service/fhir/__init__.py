"""Tests of reading and writing FHIR resources."""
