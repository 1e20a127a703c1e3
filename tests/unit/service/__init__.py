"""Single parts of the service, without a database or a network."""
