"""The real command and the real server, from outside."""
