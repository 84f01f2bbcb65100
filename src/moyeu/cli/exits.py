"""How a command ends: its exit codes, and the exception that carries one."""

from typing import Final

REFUSED: Final = 1
"""The command was understood and could not be carried out; nothing was changed."""

USAGE: Final = 2
"""The command line, a setting or a file of settings is wrong."""

BROKEN: Final = 74
"""The store broke; what it wrote last may or may not be there. EX_IOERR of sysexits.h."""


class CommandError(Exception):
    """Ends the command with an exit code and a text on standard error, a sentence a line."""

    def __init__(self, text: str, code: int = REFUSED) -> None:
        super().__init__(text)
        self.code = code


def no_portal(portal_id: int) -> str:
    """What is said of a portal that is not there."""
    return f"there is no portal {portal_id}; `moyeu portal list` shows those that are"
