"""Who asks, how they prove it, and who may: keys, people, sign-ins, tokens of services."""
