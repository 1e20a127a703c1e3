"""The contract in FHIR: the same findings as by REST, and resources that others' validators find good."""
