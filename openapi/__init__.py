"""The contract, and what is made of it. Nothing of the product is in here, and the product imports nothing of it."""
