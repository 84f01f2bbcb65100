"""The address of a database: which engine it names, and what people may see of it."""

import re
from pathlib import Path
from typing import Final
from urllib.parse import unquote

from moyeu.cli.exits import USAGE, CommandError

_SQLITE: Final = "sqlite:///"
_POSTGRESQL: Final = ("postgresql://", "postgres://")
_SECRETS: Final = frozenset({"password", "sslpassword"})
"""Query parameters of PostgreSQL that nobody shall see."""

_USER: Final = re.compile(r"(?P<user>[^:@/]*)(:[^@/]*)?@")
_HOST: Final = re.compile(r"(\[[^\]@]*\]|[^:\[\]@]*)(:[0-9]*)?")
_WRONG_ESCAPE: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")


def is_postgresql(url: str) -> bool:
    """Whether the address names a PostgreSQL server; which one, libpq makes out of it."""
    return url.startswith(_POSTGRESQL)


def database_path(url: str, flag: str = "--database") -> Path:
    """The file of a `sqlite:///PATH` address; `sqlite:////PATH` is an absolute path.

    flag: what gave the address.
    Refused: CommandError with USAGE for anything else.
    """
    path = url.removeprefix(_SQLITE)
    if path == url or path.strip("/") == "" or path.startswith(":"):
        raise CommandError(
            f"{flag} is {database_shown(url)!r}: expected sqlite:///PATH or"
            " postgresql://USER@HOST/NAME",
            USAGE,
        )
    return Path(path)


def check_postgresql(url: str, flag: str = "--database") -> None:
    """Refuses, with USAGE, what libpq would read otherwise than it was meant, or not at all.

    It would tell parts of a password then.
    """
    if _parts(url) is None:
        raise CommandError(
            f"{flag} is {database_shown(url)!r}: expected postgresql://USER:PASSWORD@HOST/NAME;"
            " in a name or a password write % as %25, @ as %40, : as %3A, / as %2F and ? as %3F",
            USAGE,
        )


def database_shown(url: str) -> str:
    """What a database is called before people: of SQLite its path, else its address."""
    return without_password(url).removeprefix(_SQLITE)


def without_password(url: str) -> str:
    """The address as people may see it."""
    scheme, colon, _ = url.partition("://")
    if not colon or url.startswith(_SQLITE):
        return url
    parts = _parts(url)
    if parts is None:
        return f"{scheme}://…"
    user, place, parameters = parts
    shown = f"{scheme}://{user}{place}"
    kept = [each for each in parameters if unquote(each.partition("=")[0]) not in _SECRETS]
    return f"{shown}?{'&'.join(kept)}" if kept else shown


def _parts(url: str) -> tuple[str, str, list[str]] | None:
    """The user with its @, hosts and name, and the parameters; None for what is no address."""
    rest = url.partition("://")[2]
    found = _USER.match(rest)
    user = f"{found['user']}@" if found else ""
    place, _, query = rest[found.end() if found else 0 :].partition("?")
    parameters = query.split("&") if query else []
    hosts, _, name = place.partition("/")
    is_address = (
        all(_HOST.fullmatch(each) for each in hosts.split(","))
        and "@" not in name
        and all("=" in each for each in parameters)
        and not _WRONG_ESCAPE.search(rest)
    )
    return (user, place, parameters) if is_address else None
