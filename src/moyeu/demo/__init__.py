"""Invented records of an agency, the same for the same seed, and the demo portal full of them."""
