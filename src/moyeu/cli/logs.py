"""What the server says while it runs: one line per message on standard error."""

import logging
import sys
from typing import Final

import msgspec

from moyeu.crm.values.moment import render_ms
from moyeu.settings import Settings

# Control characters but the tab: a client's text must not begin a line of its own.
_ESCAPES: Final = {code: f"\\x{code:02x}" for code in (*range(9), *range(10, 32), 127)}


class _TextFormatter(logging.Formatter):
    """`2026-11-25T00:06:17.250Z warning moyeu.edge: text`; the cause on lines below it.

    with_process: whether the id of the process stands in brackets behind the logger.
    """

    def __init__(self, *, with_process: bool) -> None:
        super().__init__()
        self._with_process = with_process

    def format(self, record: logging.LogRecord) -> str:
        moment = _moment(record)
        text = record.getMessage().translate(_ESCAPES)
        process = f"[{record.process}]" if self._with_process else ""
        line = f"{moment} {record.levelname.lower()} {record.name}{process}: {text}"
        if record.exc_info:
            return f"{line}\n{self.formatException(record.exc_info)}"
        return line


class _JsonFormatter(logging.Formatter):
    """One JSON object per line: `time`, `level`, `logger`, `message`, and `cause` if any.

    with_process: whether it has `process` too, the id of the process.
    """

    def __init__(self, *, with_process: bool) -> None:
        super().__init__()
        self._with_process = with_process

    def format(self, record: logging.LogRecord) -> str:
        entry: dict[str, object] = {
            "time": _moment(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if self._with_process:
            entry["process"] = record.process
        if record.exc_info:
            entry["cause"] = self.formatException(record.exc_info)
        return msgspec.json.encode(entry).decode()


def _moment(record: logging.LogRecord) -> str:
    return render_ms(int(record.created * 1000))


def start_logging(settings: Settings) -> None:
    """From now on messages of that level and above go to standard error.

    Where several processes write there, each message tells which one it is from.
    """
    handler = logging.StreamHandler(sys.stderr)
    formatter = _JsonFormatter if settings.log_format == "json" else _TextFormatter
    handler.setFormatter(formatter(with_process=settings.workers > 1))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(settings.log_level.upper())
