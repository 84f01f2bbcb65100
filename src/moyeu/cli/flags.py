"""The flags that every command with settings has: one for each setting, and `--config`."""

import dataclasses
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final, Literal

from cyclopts import Group, Parameter

from moyeu.cli.exits import USAGE, CommandError
from moyeu.settings import DESCRIPTIONS, FILE_NAME, ReadSettings, SettingsError, read_settings

_GROUP: Final = Group("Settings", sort_key=1, help=f"Also as MOYEU_… variables and in {FILE_NAME}.")
_LIMITS: Final = Group(
    "Limits", sort_key=2, help="Rarely needed; also as variables and in the file."
)
_EVERYDAY: Final = (
    "database",
    "host",
    "port",
    "workers",
    "console",
    "control_token",
    "control_hosts",
    "log_level",
    "log_format",
)
_SENTENCES: Final = {each.name: each.sentence for each in DESCRIPTIONS}
_DEFAULTS: Final = {each.name: each.default for each in DESCRIPTIONS}


def setting_flag(name: str, default: str | int | float | None = None) -> Parameter:
    """The flag of a setting; default: what the command has in place of the usual one."""
    group = _GROUP if name in _EVERYDAY else _LIMITS
    value = _DEFAULTS[name] if default is None else default
    if isinstance(value, bool):
        text = f"{_SENTENCES[name]} [default: {'on' if value else 'off'}]"
        negative = f"--no-{name.replace('_', '-')}"
        return Parameter(help=text, group=group, show_default=False, negative=negative)
    shown = "none" if value == "" else value
    text = f"{_SENTENCES[name]} [default: {shown}]"
    return Parameter(help=text, group=group, show_default=False, negative=())


_Level = Literal["debug", "info", "warning", "error"]
_Format = Literal["text", "json"]
_Prepared = Literal["auto", "off"]
JsonFlag = Annotated[bool, Parameter(help="JSON for scripts.", negative=(), show_default=False)]
"""Whether a command answers in JSON."""

CONFIG: Final = Parameter(
    help=f"The TOML file with settings. [default: {FILE_NAME} if it is there]", group=_GROUP
)
"""The flag that names the file of settings."""


@Parameter(name="*")
@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseFlags:
    """What a command is told that opens the database and serves nothing; None: not given."""

    database: Annotated[str | None, setting_flag("database")] = None
    config: Annotated[Path | None, CONFIG] = None


@Parameter(name="*")
@dataclass(frozen=True, slots=True, kw_only=True)
class SettingFlags:
    """All settings as flags; None: not given."""

    database: Annotated[str | None, setting_flag("database")] = None
    host: Annotated[str | None, setting_flag("host")] = None
    port: Annotated[int | None, setting_flag("port")] = None
    workers: Annotated[int | None, setting_flag("workers")] = None
    control_token: Annotated[str | None, setting_flag("control_token")] = None
    control_hosts: Annotated[str | None, setting_flag("control_hosts")] = None
    console: Annotated[bool | None, setting_flag("console")] = None
    console_hosts: Annotated[str | None, setting_flag("console_hosts")] = None
    log_level: Annotated[_Level | None, setting_flag("log_level")] = None
    log_format: Annotated[_Format | None, setting_flag("log_format")] = None
    config: Annotated[Path | None, CONFIG] = None
    body_bytes_max: Annotated[int | None, setting_flag("body_bytes_max")] = None
    header_deadline_s: Annotated[float | None, setting_flag("header_deadline_s")] = None
    body_deadline_s: Annotated[float | None, setting_flag("body_deadline_s")] = None
    keep_alive_s: Annotated[float | None, setting_flag("keep_alive_s")] = None
    connections_max: Annotated[int | None, setting_flag("connections_max")] = None
    write_wait_max_s: Annotated[float | None, setting_flag("write_wait_max_s")] = None
    database_connections: Annotated[int | None, setting_flag("database_connections")] = None
    database_prepared: Annotated[_Prepared | None, setting_flag("database_prepared")] = None
    group_batches_max: Annotated[int | None, setting_flag("group_batches_max")] = None
    readers: Annotated[int | None, setting_flag("readers")] = None
    wal_checkpoint_pages: Annotated[int | None, setting_flag("wal_checkpoint_pages")] = None
    search_rate_limit: Annotated[int | None, setting_flag("search_rate_limit")] = None
    request_log_entries_max: Annotated[int | None, setting_flag("request_log_entries_max")] = None
    request_log_days: Annotated[int | None, setting_flag("request_log_days")] = None


def settings_of(
    flags: DatabaseFlags | SettingFlags | None, defaults: Mapping[str, object] | None = None
) -> ReadSettings:
    """The settings that hold for the flags, the environment and the file.

    defaults: those of the command, in place of the usual ones.
    Refused: CommandError with USAGE, naming each setting that cannot be used.
    """
    given = {} if flags is None else dataclasses.asdict(flags)
    config = given.pop("config", None)
    flagged = {name: value for name, value in given.items() if value is not None}
    try:
        return read_settings(flagged, os.environ, config, defaults)
    except SettingsError as error:
        raise CommandError(str(error), USAGE) from error
