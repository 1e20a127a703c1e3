"""FHIR R4 below `/fhir`: one operation, what this service says of itself, and errors as OperationOutcome."""
