"""What is promised to callers: the committed description, generated requests, replayed examples."""
