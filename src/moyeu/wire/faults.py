"""What a client gets to see of the faults that testers set for a portal.

Evidence stands at each row. Where an edge answers in HubSpot's place, the headers of the
application are there all the same, so that a tester finds the request by its correlation id.
"""

from collections.abc import Callable, Mapping
from typing import Final

import msgspec

from moyeu.crm.callers import Caller
from moyeu.crm.controls.faults import FaultAction, FaultKind
from moyeu.crm.problems import RecordsLocked
from moyeu.crm.values.moment import render_ms
from moyeu.wire.bodies import Json, encode_json
from moyeu.wire.encode import batch_body
from moyeu.wire.errors import INTERNAL_ERROR, Refusal, render_refusal
from moyeu.wire.exchange import Answer
from moyeu.wire.moments import Moment
from moyeu.wire.rate_limits import limit_answer
from moyeu.wire.record_words import batch_entry, word_problem

Make = Callable[[FaultAction, Caller, Moment], Answer]

_EDGE_HTML: Final = b"text/html"


def fault_answer(moment: Moment, caller: Caller) -> Answer | None:
    """The answer that a fault gives in the place of the operation's; None where it gives none."""
    if moment.fault is None or moment.fault.kind not in _ANSWERS:
        return None
    return _ANSWERS[moment.fault.kind](moment.fault, caller, moment)


def _limit(policy: str) -> Make:
    # Observed: SECONDLY, TEN_SECONDLY_ROLLING. Documented: DAILY.
    return lambda _action, caller, moment: limit_answer(policy, moment.correlation_id, caller)


def _expired(_action: FaultAction, _caller: Caller, moment: Moment) -> Answer:
    # Observed 2023. The token expires at the moment of the call.
    context = {"expire time": [render_ms(moment.now_ms)]}
    message = "The OAuth token used to make this call expired 0 second(s) ago."
    refusal = Refusal(401, message, "EXPIRED_AUTHENTICATION", last={"context": context})
    return render_refusal(refusal, moment.correlation_id)


def _locked(_action: FaultAction, caller: Caller, moment: Moment) -> Answer:
    # Status and category are documented; the text is ours.
    refusal = word_problem(RecordsLocked(), caller.portal_id, "")
    return render_refusal(refusal, moment.correlation_id)


def _migration(action: FaultAction, _caller: Caller, moment: Moment) -> Answer:
    # Documented: the status and `Retry-After` in seconds. The body is a guess.
    refusal = Refusal(477, "Migration in progress.", "MIGRATION_IN_PROGRESS")
    answer = render_refusal(refusal, moment.correlation_id)
    answer.headers = ((b"retry-after", b"%d" % action.retry_after_s),)
    return answer


def _internal(_action: FaultAction, _caller: Caller, moment: Moment) -> Answer:
    # Observed 2023.
    return render_refusal(INTERNAL_ERROR, moment.correlation_id)


def _edge_page(status: int, reason: str) -> Make:
    # Observed 2020 for 502; 503 and 504 take its form.
    title = f"{status} {reason}"
    page = (
        f"<html>\n<head><title>{title}</title></head>\n"
        f'<body bgcolor="white">\n<center><h1>{title}</h1></center>\n</body>\n</html>'
    ).encode("ascii")
    return lambda _action, _caller, _moment: Answer(status, page, _EDGE_HTML)


_ANSWERS: Final[Mapping[FaultKind, Make]] = {
    FaultKind.RATE_LIMIT_SECONDLY: _limit("SECONDLY"),
    FaultKind.RATE_LIMIT_TEN_SECONDLY: _limit("TEN_SECONDLY_ROLLING"),
    FaultKind.RATE_LIMIT_DAILY: _limit("DAILY"),
    FaultKind.EXPIRED: _expired,
    FaultKind.LOCKED: _locked,
    FaultKind.MIGRATION: _migration,
    FaultKind.INTERNAL_ERROR: _internal,
    FaultKind.BAD_GATEWAY: _edge_page(502, "Bad Gateway"),
    FaultKind.UNAVAILABLE: _edge_page(503, "Service Unavailable"),
    FaultKind.GATEWAY_TIMEOUT: _edge_page(504, "Gateway Timeout"),
}


# --- some inputs of a batch ------------------------------------------------------------------

_read_fields = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_read_list = msgspec.json.Decoder(list[msgspec.Raw]).decode


class _Input(msgspec.Struct, rename="camel"):
    """What a fault asks of an input."""

    id: str | int | None = None
    object_write_trace_id: str | None = None


_read_input = msgspec.json.Decoder(_Input).decode


class SplitBatch(msgspec.Struct, frozen=True):
    """The body of a batch without the inputs that a fault refuses, and their errors.

    body: None where nothing is left to carry out.
    """

    body: bytes | None
    errors: list[Json]


def split_batch(
    body: bytes, action: FaultAction, portal_id: int, type_id: str
) -> SplitBatch | None:
    """The body in two parts; None where it is no batch, or the fault refuses none of it."""
    try:
        fields = _read_fields(body)
        inputs = _read_list(fields["inputs"])
    except (msgspec.DecodeError, UnicodeDecodeError, KeyError):
        # What is wrong with it the operation tells.
        return None
    left: list[msgspec.Raw] = []
    errors: list[Json] = []
    for index, each in enumerate(inputs):
        known = _known(each)
        name = None if known.id is None else str(known.id)
        if index in action.input_indexes or name in action.input_ids:
            # What HubSpot answers then is not recorded: a lock, in the form of other errors.
            entry = batch_entry(RecordsLocked(), known.object_write_trace_id, portal_id, type_id)
            if name is not None:
                entry["context"] = {"ids": [name], **entry["context"]}
            errors.append(entry)
        else:
            left.append(each)
    if not errors:
        return None
    fields["inputs"] = msgspec.Raw(msgspec.json.encode(left))
    return SplitBatch(msgspec.json.encode(fields) if left else None, errors)


def _known(raw: msgspec.Raw) -> _Input:
    try:
        return _read_input(raw)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return _Input()


def joined_batch(answer: Answer | None, errors: list[Json], moment: Moment) -> Answer:
    """The answer to what was carried out, with the errors of what was not; 207.

    answer: None where nothing was left. A refusal of the rest stays as it is.
    """
    if answer is None or answer.status == 204:
        return Answer(207, batch_body([], errors, moment.now_ms, moment.clock()))
    if answer.status >= 400:
        return answer
    fields = _read_fields(answer.body)
    others = _read_list(fields["errors"]) if "errors" in fields else []
    body: Json = {**fields, "errors": [*others, *errors], "numErrors": len(others) + len(errors)}
    return Answer(207, encode_json(body), answer.content_type, answer.headers)
