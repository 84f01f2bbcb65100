"""Writing to the terminal: results on standard output, progress and warnings on standard error.

Nothing is wrapped or cut: a line may be pasted or read by a script whatever the width is.
"""

import contextlib
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Final

import msgspec
from rich.console import Console
from rich.text import Text

from moyeu.cli.exits import CommandError

_YES: Final = ("y", "yes")


def show(text: str | Text = "", style: str = "") -> None:
    """A line on standard output, styled where that is a terminal."""
    _print(Console(), text, style)


def warn(text: str, style: str = "bold yellow") -> None:
    """A line on standard error."""
    _print(Console(stderr=True), text, style)


def print_error(text: str) -> None:
    """A refusal on standard error, each line after the name of the program."""
    for line in text.splitlines():
        warn(f"moyeu: {line}", "red")


def print_json(value: object) -> None:
    """One JSON value on standard output, indented, for scripts."""
    show(msgspec.json.format(msgspec.json.encode(value), indent=2).decode())


def print_table(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Rows under titles, columns as wide as their longest text."""
    widths = [max(map(len, column)) for column in zip(titles, *rows, strict=True)]
    for number, row in enumerate((titles, *rows)):
        cells = (text.ljust(width) for text, width in zip(row, widths, strict=True))
        show("  ".join(cells).rstrip(), "" if number else "dim")


def ask(*, yes: bool) -> None:
    """Ends the command unless the answer is yes; an input that is at its end says no."""
    if yes:
        return
    show("Go on? [y/N]")
    if sys.stdin.readline().strip().lower() not in _YES:
        raise CommandError("nothing was changed; --yes goes on without asking")


def _print(console: Console, text: str | Text, style: str) -> None:
    console.print(text, style=style, markup=False, highlight=False, emoji=False, soft_wrap=True)


@contextlib.contextmanager
def progress(what: str, total: int) -> Iterator[Callable[[int], None]]:
    """A progress bar on standard error where that is a terminal, nothing elsewhere.

    Yields a function that is told how far the work is; it may be called from any thread.
    """
    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda _: None
        return
    # Imported here: a server that starts on what is there already does not need it.
    from rich.progress import (  # noqa: PLC0415
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(what, total=total)
        yield lambda done: bar.update(task, completed=done)
