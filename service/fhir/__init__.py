"""FHIR R4, read leniently and written strictly: pure translation from and to the words of `rules`, on plain objects."""
