"""What the documents say that can be checked: commands, statements, tables, links."""

import re
import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from moyeu.cli.main import make_app

ROOT: Final = Path(__file__).resolve().parents[2]
OPERATIONS: Final = ROOT / "docs" / "operations.md"
COMPOSE_FILES: Final = (ROOT / "compose.yaml", ROOT / "compose.citus.yaml")

_FENCED: Final = re.compile(r"^( *)```(.*)\n((?:.*\n)*?)\1```$", re.MULTILINE)
_PROGRAM: Final = re.compile(r"(?:\S*/)?moyeu")
_IN_CONTAINER: Final = ("docker", "compose", "run", "--rm", "server")
_ENDS: Final = frozenset({"<", ">", "|", "&&", ";"})
"""What stands behind a command and is no part of it."""


def fenced(text: str, kind: str) -> list[str]:
    """The fenced blocks that are marked so, for instance `sql`."""
    return [found[3] for found in _FENCED.finditer(text) if found[2] == kind]


def moyeu_commands(text: str) -> list[list[str]]:
    """The arguments of each moyeu command that stands in a line of its own or in a unit's.

    Lines of comments in compose files count too; a line that ends with a backslash goes on.
    """
    found = []
    for line in re.sub(r"\\\n", " ", text).splitlines():
        words = _words(line.removeprefix("#").strip().removeprefix("ExecStart="))
        while words and re.fullmatch(r"[A-Z_]+=.*", words[0]):
            words = words[1:]
        if tuple(words[: len(_IN_CONTAINER)]) == _IN_CONTAINER:
            found.append(words[len(_IN_CONTAINER) :])
        elif words and _PROGRAM.fullmatch(words[0]):
            found.append(words[1:])
    return found


def _words(line: str) -> list[str]:
    """Those of a command of a shell; none for prose that is no such line."""
    try:
        words = shlex.split(line, comments=True)
    except ValueError:
        return []
    end = next((number for number, word in enumerate(words) if word in _ENDS), len(words))
    return words[:end]


def check_command(arguments: Sequence[str]) -> None:
    """Raises cyclopts' errors for arguments that the command line would refuse."""
    make_app(arguments).parse_args(arguments, exit_on_error=False, print_error=False)


def table_below(text: str, title: str) -> list[list[str]]:
    """The cells of the first table whose title row begins with `| title |`; no title row."""
    lines = text.splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith(f"| {title} |"))
    return list(_rows(lines[start + 2 :]))


def _rows(lines: Sequence[str]) -> Iterator[list[str]]:
    for line in lines:
        if not line.startswith("|"):
            return
        yield [cell.strip() for cell in line.strip("|").split(" | ")]


def code_in(cell: str) -> list[str]:
    """The texts in backticks, one or two, of a cell."""
    pairs = re.findall(r"``\s?(.+?)\s?``|`([^`]+)`", cell)
    return [two or one for two, one in pairs]


def anchors(text: str) -> set[str]:
    """What a link can name behind #: the titles as GitHub writes them."""
    titles = re.findall(r"^#+ (.+)$", _FENCED.sub("", text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def links(text: str) -> list[str]:
    """The targets of all links that name no other site."""
    found = re.findall(r"\]\(([^)\s]+)\)", _FENCED.sub("", text))
    return [each for each in found if "://" not in each]
