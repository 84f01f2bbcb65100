"""The statements of an engine by name, whichever module they stand in."""

from types import ModuleType
from typing import Any, NoReturn


class Statements:
    """A frozen namespace: `PORTALS` and the like.

    A statement is a text, or a tuple of texts that belong together.
    """

    def __init__(self, by_name: dict[str, str | tuple[str, ...]]) -> None:
        self.__dict__.update(by_name)

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"the engine has no statement {name}")

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"statements do not change: {name}")


def statements_of(*modules: ModuleType) -> Statements:
    """What modules of statements say in upper case, all together.

    Refused with ValueError: a name that stands in two of them.
    """
    found: dict[str, str | tuple[str, ...]] = {}
    for module in modules:
        for name, value in vars(module).items():
            if not name.isupper() or name.startswith("_"):
                continue
            if name in found:
                raise ValueError(f"two modules have a statement {name}")
            found[name] = value
    return Statements(found)
