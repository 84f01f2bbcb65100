"""`moyeu explain`."""

import asyncio
from collections.abc import Iterator
from typing import Annotated

from cyclopts import Parameter

from moyeu.cli.console import print_json, show
from moyeu.cli.databases import opened
from moyeu.cli.exits import CommandError
from moyeu.cli.flags import DatabaseFlags, JsonFlag, settings_of
from moyeu.crm.values.moment import render_ms
from moyeu.operations.explaining import Explanation, Reason, explain_request
from moyeu.operations.request_log import RequestNotFound, find_request
from moyeu.storage.contract import NO_PORTAL, LoggedRequest, Store, StoreInUseError
from moyeu.wire.control.explanations import explanation_body


def explain(
    correlation_id: Annotated[str, Parameter(help="That of an answer: its correlationId.")],
    /,
    *,
    flags: DatabaseFlags | None = None,
    json: JsonFlag = False,
) -> None:
    """Explain why a request was answered so.

    It tells each rule that decided, with its evidence and source, and what was changed. Requests
    are logged by `moyeu demo`, and by `moyeu serve --request-log-entries-max 10000`. A SQLite
    database must be open nowhere else; one of PostgreSQL may be served meanwhile.

    Example: moyeu explain 019ab0c2-7d11-7c3e-9d55-0f6a3f1c2b4d
    """
    try:
        with opened(settings_of(flags).settings, must_exist=True) as store:
            found = asyncio.run(_explained(store, correlation_id))
    except CommandError as error:
        if isinstance(error.__cause__, StoreInUseError):
            raise CommandError(
                f"{error}\nthe console and the control plane of that server explain its requests"
            ) from error
        raise
    if isinstance(found, RequestNotFound):
        raise CommandError(
            f"no request with correlation id {correlation_id} is logged;"
            " `moyeu settings` shows how many are kept: request_log_entries_max"
        )
    if json:
        print_json(explanation_body(found))
    else:
        for line in _lines(found):
            show(line)


async def _explained(store: Store, correlation_id: str) -> Explanation | RequestNotFound:
    found = await find_request(store, correlation_id)
    if isinstance(found, RequestNotFound):
        return found
    return await explain_request(store, found)


def _lines(found: Explanation) -> Iterator[str]:
    request = found.request
    query = f"?{request.query}" if request.query else ""
    yield f"{request.method} {request.path}{query} → {request.status}"
    yield f"  {_place(request)} at {render_ms(request.at_ms)}"
    yield f"  {_times(request)}"
    if found.inputs:
        yield f"  {request.inputs_ok} of {len(found.inputs)} inputs carried out"
    for reason in found.reasons:
        yield ""
        yield from _reason_lines("the call", reason)
    for each in found.inputs:
        for reason in each.reasons:
            yield ""
            name = f" ({each.keys[0]})" if each.keys else ""
            yield from _reason_lines(f"input {each.place + 1}{name}", reason)
    for change in found.changes:
        yield ""
        yield f"record {change.record_id}, write {change.number}"
        for value in change.values:
            before = "nothing" if value.before is None else repr(value.before)
            yield f"  {value.name}: {before} → {value.after!r}"


def _place(request: LoggedRequest) -> str:
    if request.portal_id == NO_PORTAL:
        return "reached no portal"
    what = f", {request.version} {request.operation}" if request.operation else ""
    return f"portal {request.portal_id}{what}, token {request.token_hint or 'unknown'}"


def _times(request: LoggedRequest) -> str:
    parts = ", ".join(f"{name} {us / 1_000:.1f}" for name, us in request.stages.items())
    stages = f" ({parts})" if parts else ""
    return f"{request.duration_us / 1_000:.1f} ms{stages}, {request.statements} statements"


def _reason_lines(what: str, reason: Reason) -> Iterator[str]:
    rule = reason.rule
    of_property = f" in {reason.property}" if reason.property else ""
    yield f"{what}: {rule.rule}{of_property}"
    yield f"  {rule.sentence}"
    yield f"  {rule.evidence}: {rule.source}"
    if rule.cases:
        yield f"  cases: {', '.join(rule.cases)}"
