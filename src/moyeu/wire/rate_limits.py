"""What is answered to a portal that searches too often.

HubSpot lets all apps of a portal together search five times a second (documented); here the limit
is a setting, and there is none without it. The store counts.
"""

from moyeu.wire.bodies import encode_json
from moyeu.wire.exchange import Answer


def secondly_limit_answer(correlation_id: str) -> Answer:
    """The refusal of a call beyond the limit of a second.

    Observed 2026: the text; the keys are documented. Recorded answers have no `Retry-After`.
    """
    body = {
        "status": "error",
        "message": "You have reached your secondly limit.",
        "errorType": "RATE_LIMIT",
        "correlationId": correlation_id,
        "policyName": "SECONDLY",
    }
    return Answer(429, encode_json(body))
