"""`moyeu wait`."""

import http.server
import socket
import threading

import pytest

from tests.cli.conftest import Moyeu


class _NotFound(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_error(404)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 — the library's name
        pass


def test_any_answer_is_an_answer(moyeu: Moyeu) -> None:
    with http.server.HTTPServer(("127.0.0.1", 0), _NotFound) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()

        ended = moyeu("wait", "--url", f"http://127.0.0.1:{server.server_port}", "--timeout", "10")

        thread.join()
    assert (ended.code, ended.out, ended.err) == (0, "", "")


def test_it_gives_up_when_the_time_is_over(moyeu: Moyeu) -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{bound.getsockname()[1]}"

        ended = moyeu("wait", "--url", url, "--timeout", "0.2")

    assert ended.code == 1
    assert ended.err == f"moyeu: {url} did not answer within 0.2 s\n"


@pytest.mark.parametrize("url", ["127.0.0.1:8080", "ftp://127.0.0.1", "http://", "http://x:y"])
def test_what_is_no_url_is_a_wrong_command_line(moyeu: Moyeu, url: str) -> None:
    ended = moyeu("wait", "--url", url)

    assert ended.code == 2
    assert "expected http://HOST:PORT" in ended.err
