"""Previews of the bodies of activities."""

import html
from html.parser import HTMLParser
from typing import Final

from moyeu.catalog.object_types import object_type_named
from moyeu.crm.type_rules.draft import Draft, Step

PREVIEW: Final = "hs_body_preview"
PREVIEW_HTML: Final = "hs_body_preview_html"
IS_TRUNCATED: Final = "hs_body_preview_is_truncated"
PREVIEWS: Final = (PREVIEW, PREVIEW_HTML, IS_TRUNCATED)

_SILENT: Final = frozenset({"head", "script", "style", "title"})
_BLOCKS: Final = frozenset({"blockquote", "br", "div", "hr", "li", "ol", "p", "pre", "ul"})
_HEADINGS: Final = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_CELLS: Final = frozenset({"table", "td", "th", "tr"})
_BREAKING: Final = _BLOCKS | _HEADINGS | _CELLS


def preview_of_html(name: str) -> Step:
    """The previews of a body that is HTML.

    The frame around it is that of 2026-03 (observed on notes and tasks; until 2025 its lines were
    indented). Guesses, as only bodies without markup are recorded: markup stays as it is written,
    the text is what a reader of it sees, and no body is too long for its preview.
    """

    def follow(draft: Draft) -> None:
        if draft.changes(name):
            body = draft.text(name)
            _put(draft, text_of_html(body), _framed(body) if body else "")

    return follow


def preview_of_text(name: str) -> Step:
    """The previews of a body that is plain text: both are the text (observed 2025-02 on emails)."""

    def follow(draft: Draft) -> None:
        if draft.changes(name):
            _put(draft, draft.text(name), draft.text(name))

    return follow


def _put(draft: Draft, text: str, markup: str) -> None:
    draft.put(PREVIEW, text)
    draft.put(PREVIEW_HTML, markup)
    draft.put(IS_TRUNCATED, "false" if markup else "")


def _framed(body: str) -> str:
    inner = body if "<" in body else html.escape(html.unescape(body), quote=False)
    return f"<html>\n<head></head>\n<body>\n{inner}\n</body>\n</html>"


def text_of_html(body: str) -> str:
    """What a reader of the markup sees, on one line."""
    reader = _Reader()
    reader.feed(body)
    reader.close()
    return " ".join("".join(reader.parts).split())


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        self._silent += tag in _SILENT
        self._break_at(tag)

    def handle_endtag(self, tag: str) -> None:
        self._silent = max(0, self._silent - (tag in _SILENT))
        self._break_at(tag)

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.parts.append(data)

    def _break_at(self, tag: str) -> None:
        if tag in _BREAKING:
            self.parts.append(" ")


def coordinates(type_name: str) -> Step:
    """Type and id of the record in one text, `0-46-478016441536`.

    Observed on notes and tasks (2026-03) and calls (2025-05).
    """
    type_id = object_type_named(type_name).id

    def follow(draft: Draft) -> None:
        if draft.changes("hs_object_id"):
            draft.put("hs_obj_coords", f"{type_id}-{draft.text('hs_object_id')}")

    return follow
