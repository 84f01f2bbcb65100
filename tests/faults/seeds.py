"""The seed of a run, so that a failing one can be repeated as far as time itself allows."""

import os
import random


def run_seed() -> int:
    """The number in the environment variable FAULT_SEED, or a new one; printed either way."""
    seed = int(os.environ.get("FAULT_SEED") or random.SystemRandom().randrange(10**6))
    print(f"repeat with FAULT_SEED={seed}")
    return seed


def rounds(usual: int) -> int:
    """How often something is to be done: as usual, times the environment variable FAULT_ROUNDS."""
    return usual * int(os.environ.get("FAULT_ROUNDS") or 1)
