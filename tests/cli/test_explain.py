"""`moyeu explain`."""

import http.client
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.cli.conftest import Moyeu, ServerProcess

SERVICES = "/crm/v3/objects/partner_services"
DATABASE = ("--database", "sqlite:///var/demo.db")


def send(
    demo: dict[str, Any], method: str, path: str, body: object = None
) -> tuple[int, str, dict[str, Any]]:
    """Status, correlation id and body of an answer."""
    address = urlsplit(demo["url"])
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=60)
    headers = {"Authorization": f"Bearer {demo['token']}", "Content-Type": "application/json"}
    connection.request(method, path, json.dumps(body), headers)
    answer = connection.getresponse()
    read = json.loads(answer.read())
    connection.close()
    return answer.status, answer.headers["x-hubspot-correlation-id"], read


@pytest.fixture
def asked(serving: Callable[..., ServerProcess]) -> str:
    """The correlation id of an update that was answered 207 by a demo, which has stopped."""
    file = Path("credentials.json")
    server = serving("demo", "--records", "20", "--port", "0", "--credentials", str(file))
    demo = server.wait_for(file)
    _, _, page = send(demo, "GET", f"{SERVICES}?limit=1")
    inputs = [
        {"id": page["results"][0]["id"], "properties": {"monthly_fee": "17"}},
        {"id": "77", "properties": {"monthly_fee": "1"}},
    ]
    path = f"{SERVICES}/batch/update?a=1"
    status, correlation_id, _ = send(demo, "POST", path, {"inputs": inputs})
    assert status == 207
    assert server.stop().code == 0
    return correlation_id


def test_an_answer_is_explained_once_the_server_has_stopped(moyeu: Moyeu, asked: str) -> None:
    ended = moyeu("explain", asked, *DATABASE)

    assert ended.code == 0
    lines = ended.out.splitlines()
    assert lines[0] == f"POST {SERVICES}/batch/update?a=1 → 207"
    assert "1 of 2 inputs carried out" in lines[3]
    assert "input 2 (77): missing-records" in lines
    assert re.search(r"^  observed: ", ended.out, re.MULTILINE)
    assert re.search(r"^  monthly_fee: .* → '17'$", ended.out, re.MULTILINE)

    told = moyeu("explain", asked, *DATABASE, "--json").json
    assert told["inputs"][0]["reasons"] == []
    assert [each["rule"] for each in told["inputs"][1]["reasons"]] == ["missing-records"]
    (change,) = told["changes"]
    assert change["values"]["monthly_fee"]["after"] == "17"


def test_a_request_that_is_not_logged_is_told(moyeu: Moyeu) -> None:
    moyeu("portal", "create")

    ended = moyeu("explain", "none")

    assert ended.code == 1
    assert "no request with correlation id none is logged" in ended.err


def test_a_database_that_is_open_elsewhere_is_told(
    moyeu: Moyeu, serving: Callable[..., ServerProcess]
) -> None:
    moyeu("portal", "create")
    serving("serve", "--port", "0").first_line()

    ended = moyeu("explain", "none")

    assert ended.code == 1
    assert "is in use by another process" in ended.err
    assert "the control plane of that server" in ended.err
