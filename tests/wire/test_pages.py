"""The pages are byte for byte what HubSpot's container sends."""

import pytest

from moyeu.wire.pages import CONTAINER_HEADERS, REASONS, container_page

PAGES = {
    404: (
        b'<html>\n<head>\n<meta http-equiv="Content-Type" content="text/html;charset=utf-8"/>\n'
        b"<title>Error 404 Not Found</title>\n</head>\n<body><h2>HTTP ERROR 404</h2>\n"
        b"<p>Resource not found</p>\n</body>\n</html>\n"
    ),
    405: (
        b'<html>\n<head>\n<meta http-equiv="Content-Type" content="text/html;charset=utf-8"/>\n'
        b"<title>Error 405 Method Not Allowed</title>\n</head>\n<body><h2>HTTP ERROR 405</h2>\n"
        b"<p>Reason:\n<pre>    Method Not Allowed</pre></p>\n</body>\n</html>\n"
    ),
    415: (
        b'<html>\n<head>\n<meta http-equiv="Content-Type" content="text/html;charset=utf-8"/>\n'
        b"<title>Error 415 Unsupported Media Type</title>\n</head>\n"
        b"<body><h2>HTTP ERROR 415</h2>\n"
        b"<p>Reason:\n<pre>    Unsupported Media Type</pre></p>\n</body>\n</html>\n"
    ),
}


@pytest.mark.parametrize("status", PAGES)
def test_an_observed_page_is_exact(status: int) -> None:
    assert container_page(status) == PAGES[status]


@pytest.mark.parametrize("status", REASONS)
def test_every_page_names_its_status_twice(status: int) -> None:
    page = container_page(status)

    assert b"<title>Error %d %s</title>" % (status, REASONS[status].encode()) in page
    assert b"<h2>HTTP ERROR %d</h2>" % status in page


def test_the_headers_are_those_of_the_container() -> None:
    assert dict(CONTAINER_HEADERS) == {
        b"content-type": b"text/html;charset=iso-8859-1",
        b"cache-control": b"must-revalidate,no-cache,no-store",
    }
