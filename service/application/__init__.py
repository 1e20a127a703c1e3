"""The verbs of the service: what it does for whoever asks. No HTTP and no SQL here."""
