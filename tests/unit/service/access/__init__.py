"""Who asks: passwords, tokens, counting."""
