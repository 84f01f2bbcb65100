"""Numbers that look random and are the same in every run."""

from hashlib import blake2b


def draw(seed: int, number: int, bits: int) -> int:
    """That many bits (256 at most), as a number, that follow from the seed and the number."""
    digest = blake2b(f"{seed}:{number}".encode(), digest_size=32).digest()
    return int.from_bytes(digest) >> (256 - bits)
