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
    """`2026-11-25T00:06:17.250Z warning moyeu.edge: text`; the cause on lines below it."""

    def format(self, record: logging.LogRecord) -> str:
        moment = _moment(record)
        text = record.getMessage().translate(_ESCAPES)
        line = f"{moment} {record.levelname.lower()} {record.name}: {text}"
        if record.exc_info:
            return f"{line}\n{self.formatException(record.exc_info)}"
        return line


class _JsonFormatter(logging.Formatter):
    """One JSON object per line: `time`, `level`, `logger`, `message`, and `cause` if any."""

    def format(self, record: logging.LogRecord) -> str:
        entry = {
            "time": _moment(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            entry["cause"] = self.formatException(record.exc_info)
        return msgspec.json.encode(entry).decode()


def _moment(record: logging.LogRecord) -> str:
    return render_ms(int(record.created * 1000))


def start_logging(settings: Settings) -> None:
    """From now on messages of that level and above go to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_JsonFormatter() if settings.log_format == "json" else _TextFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(settings.log_level.upper())
