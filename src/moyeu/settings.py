"""The settings of a server: one frozen value, and the only reader of environment and TOML.

A flag wins over an environment variable, that over the TOML file, that over the default. The
variable of a setting is `MOYEU_` and its name in capitals; its key in the file is its name.
"""

import difflib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

ENVIRONMENT_PREFIX: Final = "MOYEU_"
FILE_NAME: Final = "moyeu.toml"
"""The file that is read from the working folder when none is named."""

_MIB: Final = 1024 * 1024


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that a server can be told. A name closes with its unit; bounds are inclusive."""

    database: Annotated[
        str,
        Meta(
            min_length=1,
            description="Where the data is: sqlite:///PATH, a path without a leading slash counts"
            " from the working folder; or postgresql://USER@HOST/NAME, the password best in"
            " PGPASSWORD or ~/.pgpass.",
        ),
    ] = "sqlite:///moyeu.db"
    host: Annotated[str, Meta(min_length=1, description="The address or name to listen on.")] = (
        "127.0.0.1"
    )
    port: Annotated[
        int, Meta(ge=0, le=65_535, description="The TCP port to listen on; 0 picks a free one.")
    ] = 8080
    workers: Annotated[
        int,
        Meta(
            ge=1,
            le=64,
            description="Processes that serve one PostgreSQL database together; a SQLite file has"
            " one.",
        ),
    ] = 1
    console: Annotated[
        bool,
        Meta(
            description="Whether the console answers at / and /console: pages for people, which"
            " `moyeu demo` has unless told otherwise."
        ),
    ] = False
    console_hosts: Annotated[
        str,
        Meta(
            description="Names that the console may be called by besides localhost, with commas"
            " between them; for a proxy before the server."
        ),
    ] = ""
    body_bytes_max: Annotated[
        int, Meta(ge=1, description="Bytes that the body of a request may have.")
    ] = 10 * _MIB
    header_deadline_s: Annotated[
        float, Meta(gt=0, description="Seconds in which a client must have sent its headers.")
    ] = 10.0
    body_deadline_s: Annotated[
        float, Meta(gt=0, description="Seconds in which a client must have sent its body.")
    ] = 30.0
    keep_alive_s: Annotated[
        float, Meta(gt=0, description="Seconds that a connection may rest between requests.")
    ] = 75.0
    connections_max: Annotated[
        int, Meta(ge=1, description="Connections that may be open; further ones are answered 503.")
    ] = 2048
    write_wait_max_s: Annotated[
        float,
        Meta(gt=0, description="Seconds that a write waits for its turn before it is refused."),
    ] = 10.0
    database_connections: Annotated[
        int,
        Meta(
            ge=1,
            le=200,
            description="Connections that a process opens to PostgreSQL at most.",
        ),
    ] = 8
    database_prepared: Annotated[
        Literal["auto", "off"],
        Meta(
            description="Whether PostgreSQL keeps prepared statements of a connection; off for a"
            " pooler in transaction mode that does not know them, such as pgbouncer before 1.21.",
        ),
    ] = "auto"
    group_batches_max: Annotated[
        int, Meta(ge=1, le=1_000, description="Writes that share one commit when many wait.")
    ] = 16
    readers: Annotated[
        int, Meta(ge=1, le=64, description="Threads that read beside the writer.")
    ] = 2
    wal_checkpoint_pages: Annotated[
        int,
        Meta(
            ge=1,
            le=1_000_000,
            description="Pages that SQLite's write-ahead log may have before it is moved into the"
            " database.",
        ),
    ] = 1_000
    search_rate_limit: Annotated[
        int,
        Meta(
            ge=0,
            le=1_000,
            description="Searches that a portal may make in a second, further ones are answered"
            " 429; HubSpot's limit is 5, 0 is none.",
        ),
    ] = 0
    request_log_entries_max: Annotated[
        int,
        Meta(
            ge=0,
            le=10_000_000,
            description="Requests of each portal that are kept with their answers for people to"
            " look at, 0 for none; `moyeu demo` keeps 10000.",
        ),
    ] = 0
    request_log_days: Annotated[
        int, Meta(ge=1, le=3_650, description="Days after which such a request is forgotten.")
    ] = 7
    control_token: Annotated[
        str,
        Meta(
            min_length=16,
            max_length=200,
            pattern="^[!-~]*$",
            description="The bearer token of the control plane, a secret of 16 characters or more;"
            " without one there is no control plane, but that `moyeu demo` has one for this"
            " machine.",
        ),
    ] = ""
    control_hosts: Annotated[
        str,
        Meta(
            max_length=2_000,
            description="Names under which the control plane may be called beside those of"
            " loopback, comma-separated and without ports.",
        ),
    ] = ""
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"],
        Meta(description="The least serious messages that are logged."),
    ] = "info"
    log_format: Annotated[
        Literal["text", "json"],
        Meta(description="How a message is logged on standard error: a line for people, or JSON."),
    ] = "text"


SECRETS: Final = frozenset({"control_token"})
"""Settings whose values nobody is shown."""

MASK: Final = "***"
"""What stands in the place of a secret."""


class SettingsError(Exception):
    """Settings that cannot be used; the text names each, where it stands and what is wrong."""


@dataclass(frozen=True, slots=True)
class SettingDescription:
    """A setting for people: its type as text, its default and the sentence about it."""

    name: str
    type: str
    default: str | int | float | bool
    sentence: str

    @property
    def variable(self) -> str:
        """Its environment variable."""
        return ENVIRONMENT_PREFIX + self.name.upper()


@dataclass(frozen=True, slots=True)
class ReadSettings:
    """Settings with the place that each value came from.

    origins: by name, all of them: `default`, `flag`, the name of an environment variable, or the
    path of a file.
    """

    settings: Settings
    origins: Mapping[str, str]


def _describe(field: msgspec.structs.FieldInfo) -> SettingDescription:
    annotated = field.type
    meta: Meta = annotated.__metadata__[0]
    assert meta.description is not None, field.name
    return SettingDescription(
        field.name, _type_name(annotated.__origin__), field.default, meta.description
    )


def _type_name(kind: Any) -> str:
    words = {str: "text", int: "whole number", float: "number", bool: "true or false"}
    return words[kind] if kind in words else " or ".join(kind.__args__)


DESCRIPTIONS: Final = tuple(_describe(field) for field in msgspec.structs.fields(Settings))
"""All settings, in the order in which people are told of them."""

NAMES: Final = tuple(each.name for each in DESCRIPTIONS)


def read_settings(
    flags: Mapping[str, object],
    environment: Mapping[str, str],
    config: Path | None = None,
    defaults: Mapping[str, object] | None = None,
) -> ReadSettings:
    """The settings that hold, with their origins.

    flags: by setting name, those that were given. config: the TOML file; without one `moyeu.toml`
    in the working folder counts where it exists. defaults: what a command has instead of the usual
    defaults.
    Refused: SettingsError for a file that cannot be read, for a key or a `MOYEU_` variable that
    is no setting, and for a value of the wrong type or out of its bounds; all of them at once.
    """
    given: dict[str, tuple[str, object]] = {
        name: ("default", value) for name, value in (defaults or {}).items()
    }
    problems: list[str] = []
    for origin, values in (
        *_file_values(config),
        *_environment_values(environment),
        *(("flag", {name: value}) for name, value in flags.items()),
    ):
        for name, value in values.items():
            if name in NAMES:
                given[name] = (origin, value)
            else:
                problems.append(f"{_place(origin, name)} is no setting{_near(origin, name)}")
    kept: dict[str, object] = {}
    for name, (origin, value) in given.items():
        try:
            kept[name] = _convert(name, value, from_text=origin.startswith(ENVIRONMENT_PREFIX))
        except msgspec.ValidationError as error:
            shown = MASK if name in SECRETS else repr(value)
            problems.append(f"{_place(origin, name)} is {shown}: {_words(error)}")
    if problems:
        raise SettingsError("\n".join(problems))
    origins = {name: given[name][0] if name in given else "default" for name in NAMES}
    return ReadSettings(msgspec.convert(kept, Settings), origins)


def _file_values(config: Path | None) -> list[tuple[str, Mapping[str, object]]]:
    path = config or Path(FILE_NAME)
    if config is None and not path.exists():
        return []
    try:
        return [(str(path), tomllib.loads(path.read_text("utf-8")))]
    except OSError as error:
        raise SettingsError(f"{path} cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} is no TOML: {error}") from error


def _environment_values(
    environment: Mapping[str, str],
) -> list[tuple[str, Mapping[str, object]]]:
    return [
        (variable, {variable.removeprefix(ENVIRONMENT_PREFIX).lower(): text})
        for variable, text in sorted(environment.items())
        if variable.startswith(ENVIRONMENT_PREFIX)
    ]


def _convert(name: str, value: object, *, from_text: bool) -> object:
    """The value in the setting's type; only the environment may give a number as text."""
    kind = Settings.__annotations__[name]
    return msgspec.convert(value, kind, strict=not from_text)


def _place(origin: str, name: str) -> str:
    if origin == "flag":
        return f"--{name.replace('_', '-')}"
    return origin if origin.startswith(ENVIRONMENT_PREFIX) else f"{origin}: {name}"


def _near(origin: str, name: str) -> str:
    found = difflib.get_close_matches(name, NAMES, n=1)
    if not found:
        return ""
    spelled = found[0]
    if origin.startswith(ENVIRONMENT_PREFIX):
        spelled = ENVIRONMENT_PREFIX + spelled.upper()
    return f"; did you mean {spelled}?"


def _words(error: msgspec.ValidationError) -> str:
    text = str(error)
    return text[0].lower() + text[1:]
