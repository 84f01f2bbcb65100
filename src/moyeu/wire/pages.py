"""The HTML pages of HubSpot's servlet container, which answers before any application does.

Only the pages and their headers live here, no decision when to send one. A client that gets one
asked for no route at all, with a wrong method or media type, or with bytes that are no request.
"""

from typing import Final

# The words after the status. 404, 405 and 415 are as observed (2022-2024); 414 has the words that
# the edge before HubSpot's container answers (observed 2021-2025). The others were never seen:
# their words are those of the same container's generation, RFC 2616 and RFC 6585.
REASONS: Final[dict[int, str]] = {
    400: "Bad Request",
    404: "Not Found",
    405: "Method Not Allowed",
    408: "Request Timeout",
    413: "Request Entity Too Large",
    414: "Request-URI Too Large",
    415: "Unsupported Media Type",
    431: "Request Header Fields Too Large",
    503: "Service Unavailable",
}

# The header says iso-8859-1 and the page says utf-8; both are as observed in 2024.
CONTAINER_HEADERS: Final[tuple[tuple[bytes, bytes], ...]] = (
    (b"content-type", b"text/html;charset=iso-8859-1"),
    (b"cache-control", b"must-revalidate,no-cache,no-store"),
)

_PAGE: Final = """\
<html>
<head>
<meta http-equiv="Content-Type" content="text/html;charset=utf-8"/>
<title>Error {status} {reason}</title>
</head>
<body><h2>HTTP ERROR {status}</h2>
{explanation}
</body>
</html>
"""
_NOT_FOUND: Final = "<p>Resource not found</p>"
_REASON: Final = "<p>Reason:\n<pre>    {reason}</pre></p>"


def _render(status: int, reason: str) -> bytes:
    explanation = _NOT_FOUND if status == 404 else _REASON.format(reason=reason)
    page = _PAGE.format(status=status, reason=reason, explanation=explanation)
    return page.encode("ascii")


_PAGES: Final[dict[int, bytes]] = {
    status: _render(status, reason) for status, reason in REASONS.items()
}


def container_page(status: int) -> bytes:
    """The body of the page for a status of `REASONS`; send it with `CONTAINER_HEADERS`.

    Source: 404 verbatim from recorded answers (2022-2024), 405 and 415 from threads of HubSpot's
    developer forum (2023-2024, white space reconstructed); the other statuses take the same form.
    """
    return _PAGES[status]
