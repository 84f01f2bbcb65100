"""The console of `moyeu demo` and `moyeu serve`: when it is there, and who is let in."""

import http.client
import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pytest

from tests.cli.conftest import Moyeu, ServerProcess

Serving = Callable[..., ServerProcess]
HTML = {"Accept": "text/html"}


def _ask(
    url: str, headers: dict[str, str] | None = None, fields: dict[str, str] | None = None
) -> tuple[int, http.client.HTTPMessage, str]:
    parts = urlsplit(url)
    assert parts.hostname is not None
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=10)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    sent = HTML | (headers or {})
    if fields is None:
        connection.request("GET", target, headers=sent)
    else:
        sent |= {"Content-Type": "application/x-www-form-urlencoded"}
        sent |= {"Sec-Fetch-Site": "same-origin"}
        connection.request("POST", target, urlencode(fields), sent)
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer.status, answer.headers, text


def test_a_demo_on_this_machine_has_one_that_anybody_here_may_see(
    serving: Serving, folder: Path
) -> None:
    server = serving("demo", "--port", "0", "--records", "30", "--credentials", "c.json")
    told = server.wait_for(folder / "c.json")

    status, _, text = _ask(told["url"])
    refused, _, _ = _ask(told["url"], {"Host": "evil.example"})
    _, _, settings = _ask(f"{told['url']}/console/status")
    _, _, portals = _ask(f"{told['url']}/console/portals")
    ended = server.stop()

    assert (status, refused) == (200, 403)
    assert f"Authorization: Bearer {told['token']}" in text
    assert re.search(r"console +" + re.escape(told["url"]) + "/", ended.out)
    assert re.search(r">port<.*?>0<.*?>flag<", settings.replace("\n", ""))
    assert "A demo serves its own portal alone" in portals


@pytest.mark.parametrize(
    "arguments",
    [("demo", "--no-console", "--records", "0", "--credentials", "c.json"), ("serve",)],
)
def test_there_is_none_where_nobody_asks_for_it(
    serving: Serving, folder: Path, arguments: tuple[str, ...]
) -> None:
    server = serving(*arguments, "--port", "0")
    if arguments[0] == "demo":
        url = server.wait_for(folder / "c.json")["url"]
    else:
        url = server.first_line().split()[-1]

    assert _ask(url)[0] == 404
    ended = server.stop()
    assert "console" not in ended.out


def test_a_served_one_is_opened_by_the_link_that_is_printed(serving: Serving, moyeu: Moyeu) -> None:
    moyeu("portal", "create", "--name", "My company")
    server = serving("serve", "--port", "0", "--console")
    url = server.first_line().split()[-1]
    link = server.first_line().split()[-1]
    assert link.startswith(f"{url}/console/login?code=")

    assert _ask(url)[:1] == (303,)
    code = re.search(r'name="code" value="([^"]+)"', _ask(link)[2])
    assert code is not None
    status, headers, _ = _ask(f"{url}/console/login", fields={"code": code[1]})
    assert status == 303
    cookie = headers["set-cookie"].partition(";")[0]

    status, _, text = _ask(url, {"Cookie": cookie})
    assert (status, "My company" in text) == (200, True)


def test_a_demo_that_others_reach_asks_for_a_login(serving: Serving, folder: Path) -> None:
    server = serving(
        *("demo", "--host", "0.0.0.0", "--port", "0", "--records", "0", "--credentials", "c.json")
    )
    url = server.wait_for(folder / "c.json")["url"].replace("0.0.0.0", "127.0.0.1")

    assert _ask(url)[0] == 303
    assert f"{url}/console/login?code=" in server.stop().out


def test_it_is_for_one_process(moyeu: Moyeu) -> None:
    ended = moyeu(
        *("serve", "--console", "--workers", "2", "--database", "postgresql://nobody@127.0.0.1:1/x")
    )

    assert ended.code == 2
    assert "--console is for one process" in ended.err
