"""What is answered to a portal that asks too often.

HubSpot lets all apps of a portal together search five times a second (documented); here the limit
is a setting, and there is none without it. The store counts.
"""

from typing import Final

from moyeu.crm.callers import Caller
from moyeu.wire.bodies import Json, encode_json
from moyeu.wire.exchange import Answer

_GROUPS: Final = {
    "TEN_SECONDLY_ROLLING": "publicapi:private_app-api-calls-ten-secondly:{app_id}:{portal_id}"
}
"""The `groupName` of a policy, as observed in its answers."""


def secondly_limit_answer(correlation_id: str) -> Answer:
    """The refusal of a search beyond the limit of a second."""
    return limit_answer("SECONDLY", correlation_id, None)


def limit_answer(policy: str, correlation_id: str, caller: Caller | None) -> Answer:
    """The refusal of a call beyond the limit of a policy; caller: for policies with a group.

    Observed 2026: the text; the keys are documented. Recorded answers have no `Retry-After`.
    """
    body: Json = {
        "status": "error",
        "message": f"You have reached your {policy.lower()} limit.",
        "errorType": "RATE_LIMIT",
        "correlationId": correlation_id,
        "policyName": policy,
    }
    if caller is not None and policy in _GROUPS:
        group = _GROUPS[policy]
        body["groupName"] = group.format(app_id=caller.app_id, portal_id=caller.portal_id)
    return Answer(429, encode_json(body))
