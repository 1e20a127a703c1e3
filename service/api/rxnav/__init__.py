"""The shape of RxNav's interaction interface, which closed in January 2024, for clients that still ask in it."""
