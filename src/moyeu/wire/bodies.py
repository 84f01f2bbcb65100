"""What the bodies of all answers have in common."""

from typing import Any

import msgspec

from moyeu.crm.values.moment import render_ms

Json = dict[str, Any]
"""A JSON object in the key order in which it is sent."""

encode_json = msgspec.json.Encoder().encode


def present(body: Json) -> Json:
    """The fields that have a value: what is absent is not null."""
    return {key: value for key, value in body.items() if value is not None}


def moment(moment_ms: int | None) -> str | None:
    """A time as bodies write it, ISO 8601 in UTC; None for none."""
    return None if moment_ms is None else render_ms(moment_ms)
