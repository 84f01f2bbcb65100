"""Templates, and how values look in them."""

from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined

from moyeu import __version__
from moyeu.crm.values.moment import render_ms
from moyeu.operations.overviews import Count

_UNITS: Final = (
    ("year", 31_536_000_000),
    ("day", 86_400_000),
    ("hour", 3_600_000),
    ("minute", 60_000),
    ("second", 1_000),
)


def ago(moment_ms: int, now_ms: int) -> str:
    """How far a moment is from now: `3 days ago`, `in 2 hours`, `now`."""
    distance = abs(now_ms - moment_ms)
    for word, length in _UNITS:
        if distance >= length:
            number = distance // length
            text = f"{number:,} {word}" + ("s" if number > 1 else "")
            return f"{text} ago" if moment_ms < now_ms else f"in {text}"
    return "now"


def count_text(count: Count) -> str:
    """`1,234`, or `10,000+` where nobody counted further."""
    return f"{count.number:,}" + ("+" if count.is_more else "")


def size_text(count: int) -> str:
    """A whole number with commas."""
    return f"{count:,}"


_ENVIRONMENT: Final = Environment(
    loader=PackageLoader("moyeu.wire.console"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    auto_reload=False,
)
_ENVIRONMENT.filters |= {"moment": render_ms, "ago": ago, "count": count_text, "size": size_text}
_ENVIRONMENT.globals |= {"version": __version__}


def render(template: str, context: dict[str, Any]) -> bytes:
    """The page; a name that the context lacks raises."""
    text = _ENVIRONMENT.get_template(template).render(context)
    # A value may hold half of a character; no page can.
    return text.encode("utf-8", "replace")
