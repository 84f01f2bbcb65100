"""Where the next page of a list begins, as answers say it."""

from urllib.parse import quote, unquote_plus

from moyeu.wire.bodies import Json


def paging_body(after: str, link: str) -> Json:
    """The `paging` of an answer that is not the last page."""
    return {"next": {"after": after, "link": link}}


def next_query(query_text: str, after: str) -> str:
    """The request's own query in its own order, `after` replaced in place or appended.

    Observed April 2026 on records: commas are encoded, unknown parameters kept.
    """
    parts = []
    replaced = False
    for part in filter(None, query_text.split("&")):
        name, _, value = part.partition("=")
        if unquote_plus(name) != "after":
            parts.append(f"{_requote(name)}={_requote(value)}")
        elif not replaced:
            parts.append(f"after={after}")
            replaced = True
    if not replaced:
        parts.append(f"after={after}")
    return "&".join(parts)


def _requote(text: str) -> str:
    return quote(unquote_plus(text), safe="")
