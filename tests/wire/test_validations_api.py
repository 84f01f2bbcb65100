"""Validation rules on a running server: what whole requests and answers cannot say."""

import http.client
import json
import threading
from typing import Any
from urllib.parse import urlsplit

from tests.conftest import PortalUnderTest

RULES = "/crm/v3/property-validations/contacts/firstname/rule-type"


def _send(portal: PortalUnderTest, method: str, path: str, body: Any = None) -> int:
    """The status of an answer."""
    connection = http.client.HTTPConnection(urlsplit(portal.url).netloc, timeout=60)
    headers = {"Authorization": f"Bearer {portal.token}", "Content-Type": "application/json"}
    connection.request(method, path, json.dumps(body) if body else None, headers)
    status = connection.getresponse().status
    connection.close()
    return status


def test_others_are_served_while_a_hostile_pattern_is_at_work(portal: PortalUnderTest) -> None:
    rule = {"ruleArguments": ["((a{0,10}){0,10}){0,10}z", "Too slow"]}
    assert _send(portal, "PUT", f"{RULES}/REGEX", rule) == 204
    inputs = [{"properties": {"firstname": "a" * 1000}}] * 100
    ended: list[int] = []

    def write() -> None:
        ended.append(
            _send(portal, "POST", "/crm/v3/objects/contacts/batch/create", {"inputs": inputs})
        )

    writing = threading.Thread(target=write)
    writing.start()
    served = 0
    while writing.is_alive():
        assert _send(portal, "GET", RULES + "/REGEX") == 200
        served += 1
    writing.join()

    assert ended == [400]
    assert served > 5


def test_a_rule_holds_from_the_next_write_on(portal: PortalUnderTest) -> None:
    contact = {"properties": {"firstname": "a"}}
    assert _send(portal, "POST", "/crm/v3/objects/contacts", contact) == 201

    assert _send(portal, "PUT", f"{RULES}/MIN_LENGTH", {"ruleArguments": ["2"]}) == 204
    assert _send(portal, "POST", "/crm/v3/objects/contacts", contact) == 400

    assert _send(portal, "PUT", f"{RULES}/MIN_LENGTH", {"ruleArguments": ["1"]}) == 204
    assert _send(portal, "POST", "/crm/v3/objects/contacts", contact) == 201
