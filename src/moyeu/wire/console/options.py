"""What the console is told when the server starts."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ShownSetting:
    """A setting as the status page shows it; origin: flag, variable, file or `default`."""

    name: str
    value: str
    origin: str


@dataclass(frozen=True, slots=True)
class ConsoleOptions:
    """How the console is run.

    hosts: names that it answers to besides those of this machine, lower case, without a port.
    login_code: what the first visitor has to bring, None where nobody has to log in.
    started_ms: milliseconds since 1970, UTC; the code is good for ten minutes from then on.
    secret_bits: that many random bits that nobody can guess. engine, database: of the store, for
    people. settings: without secrets. demo_token: the public one of a demo portal, None elsewhere.
    """

    hosts: frozenset[str]
    login_code: str | None
    started_ms: int
    secret_bits: Callable[[int], int]
    engine: str
    database: str
    settings: tuple[ShownSetting, ...] = ()
    demo_token: str | None = None
