"""Asking the other side: its limits, its refusals, and when to ask again.

What another try may cure is tried again, a bounded number of times; what it cannot cure ends the
pull with a sentence, and what was copied stays, to be continued.
"""

import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any, Final, Protocol, TypeVar
from urllib.parse import quote, urlencode

import msgspec

from moyeu.crm.null_characters import without_null_characters
from moyeu.pull.pacing import Pacer

T = TypeVar("T")

TRIES_MAX: Final = 8
"""Tries of one request that meets failures of the other side or of the way there."""

LIMIT_WAITS_MAX: Final = 60
"""How often one request waits for a limit. Others may use it up as fast as it is filled."""

_BACKOFF_FIRST_S: Final = 0.5
_BACKOFF_MAX_S: Final = 30.0
_WAIT_MAX_S: Final = 120.0
"""A longer wait is for a person to decide: an account that moves is away for up to 24 hours."""

_POLICY_WAITS_S: Final = {"TEN_SECONDLY_ROLLING": 10.0, "SECONDLY": 1.0}
"""What HubSpot's own clients wait, by `policyName` of a 429."""

_LOCKED: Final = 423
_TOO_MANY: Final = 429
_MIGRATING: Final = 477
_TRIED_AGAIN: Final = frozenset({408, _LOCKED, _MIGRATING})
"""Beside 5xx: what another try may cure (423: a lock lives two seconds, documented)."""


class PullStoppedError(Exception):
    """Ends the pull; what was copied stays, and the same command goes on from there."""


class TokenRefusedError(PullStoppedError):
    """The other side does not know the token (401)."""


class DailyLimitError(PullStoppedError):
    """The account's calls of this day are used up."""


class OtherSideError(PullStoppedError):
    """The other side cannot be reached, keeps failing, or answers what cannot be read."""


class UnreachableError(Exception):
    """One request got no whole answer; another try may."""


@dataclass(frozen=True, slots=True)
class Refused:
    """The other side does not give what was asked, and will not: missing scopes, no such route."""

    status: int
    message: str

    def __str__(self) -> str:
        return f"{self.status} {self.message}".rstrip()


@dataclass(frozen=True, slots=True)
class RawAnswer:
    """A whole answer; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Send(Protocol):
    """Sends one request and reads its whole answer, from a thread of its own.

    Raises: UnreachableError; OtherSideError for what no other try cures.
    """

    async def __call__(
        self, method: str, address: str, headers: Mapping[str, str], body: bytes | None
    ) -> RawAnswer:
        """See the class."""
        ...


class _ErrorBody(msgspec.Struct, rename="camel"):
    """What is read of a refusal."""

    message: str = ""
    policy_name: str = ""


_read_error = msgspec.json.Decoder(_ErrorBody).decode


class Upstream:
    """The other side. One request at a time.

    address: scheme, host and perhaps a path, without a slash at the end. clock_s: monotonic.
    on_wait: told the seconds of each longer pause and why.
    """

    def __init__(
        self,
        address: str,
        token: str,
        send: Send,
        *,
        sleep: Callable[[float], Awaitable[Any]],
        clock_s: Callable[[], float],
        on_wait: Callable[[float, str], None],
    ) -> None:
        self.address = address
        self.requests = 0
        self._send = send
        self._sleep = sleep
        self._clock_s = clock_s
        self._on_wait = on_wait
        self._pacer = Pacer()
        self._headers = {
            "authorization": f"Bearer {token}",
            "accept": "application/json",
            "user-agent": "moyeu-pull",
        }

    async def get(self, shape: type[T], path: str, query: Mapping[str, str]) -> T | Refused:
        """What a GET answers, as that shape."""
        text = urlencode(query, quote_via=quote, safe=",")
        return await self._ask(shape, "GET", path + (f"?{text}" if text else ""), None)

    async def post(self, shape: type[T], path: str, query: str, body: object) -> T | Refused:
        """What a POST of a JSON body answers, as that shape. Only for routes that read."""
        encoded = msgspec.json.encode(body)
        return await self._ask(shape, "POST", path + (f"?{query}" if query else ""), encoded)

    async def _ask(
        self, shape: type[T], method: str, target: str, body: bytes | None
    ) -> T | Refused:
        """Raises: PullStoppedError."""
        headers = dict(self._headers)
        if body is not None:
            headers["content-type"] = "application/json"
        tries = waits = 0
        while True:
            await self._pause(self._pacer.take(self._clock_s()), "")
            self.requests += 1
            try:
                answer = await self._send(method, self.address + target, headers, body)
            except UnreachableError as error:
                reason, given_s = str(error), None
            else:
                self._pacer.learn(answer.headers, self._clock_s())
                if answer.status == _TOO_MANY:
                    waits += 1
                    await self._wait_for_limit(answer, waits)
                    continue
                outcome = _outcome(shape, answer)
                if not isinstance(outcome, _Failure):
                    return outcome
                reason, given_s = outcome.reason, _retry_after_s(answer.headers)
            tries += 1
            if tries == TRIES_MAX:
                raise OtherSideError(f"{method} {target.partition('?')[0]}: {reason}")
            await self._pause(_checked(given_s) or _backoff_s(tries), reason)

    async def _wait_for_limit(self, answer: RawAnswer, waits: int) -> None:
        error = _error_of(answer)
        if error.policy_name == "DAILY":
            raise DailyLimitError(
                "the account has used up its calls of this day; they are given out anew at"
                " midnight of its time zone"
            )
        if waits > LIMIT_WAITS_MAX:
            raise OtherSideError(f"its rate limit stays used up: {_plain(error.message)}")
        given_s = _checked(_retry_after_s(answer.headers))
        wait_s = given_s or _POLICY_WAITS_S.get(error.policy_name) or _backoff_s(waits)
        await self._pause(wait_s, error.policy_name or "rate limit")

    async def _pause(self, seconds: float, why: str) -> None:
        if seconds > 0:
            if why:
                self._on_wait(seconds, why)
            await self._sleep(seconds)


@dataclass(frozen=True, slots=True)
class _Failure:
    """An answer that another try may better."""

    reason: str


def _outcome(shape: type[T], answer: RawAnswer) -> T | Refused | _Failure:
    """What an answer other than a 429 comes to."""
    status = answer.status
    if 200 <= status < 300:
        return _decoded(shape, answer)
    if status >= 500 or status in _TRIED_AGAIN:
        return _Failure(f"{status} {_plain(_error_of(answer).message)}".rstrip())
    if status == 401:
        raise TokenRefusedError(
            f"the other side does not accept the token: {_plain(_error_of(answer).message)}"
        )
    if status < 400:
        # Following it would send the token to another place.
        raise OtherSideError(f"it answers {status}, which leads elsewhere; name that place itself")
    return Refused(status, _plain(_error_of(answer).message))


def _decoded(shape: type[T], answer: RawAnswer) -> T | _Failure:
    media_type = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/json":
        return _Failure(f"an answer of type {_plain(media_type) or 'unknown'} where JSON should be")
    try:
        return msgspec.json.decode(without_null_characters(answer.body), type=shape)
    except msgspec.ValidationError as error:
        raise OtherSideError(f"an answer of another shape than documented: {error}") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return _Failure(f"an answer that is no JSON: {error}")


def _error_of(answer: RawAnswer) -> _ErrorBody:
    """What the body of a refusal says; empty for pages and other texts."""
    try:
        return _read_error(answer.body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return _ErrorBody()


def _plain(text: str) -> str:
    """The beginning of a text of the other side, without what would move a terminal."""
    return "".join(each if each.isprintable() else " " for each in text[:300]).strip()


def _backoff_s(tries: int) -> float:
    """Doubles with each try; anything from half of it to all of it."""
    whole = min(_BACKOFF_MAX_S, _BACKOFF_FIRST_S * 2.0 ** (tries - 1))
    return whole * random.uniform(0.5, 1)  # noqa: S311 — spreads load, keeps no secret


def _checked(given_s: float | None) -> float | None:
    if given_s is not None and given_s > _WAIT_MAX_S:
        raise OtherSideError(f"it asks to come back in {given_s / 60:,.0f} minutes")
    return given_s


def _retry_after_s(headers: Mapping[str, str]) -> float | None:
    """`Retry-After` as seconds: digits, or a date beside the answer's own `Date`."""
    text = headers.get("retry-after", "")
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        until, now = parsedate_to_datetime(text), parsedate_to_datetime(headers.get("date", ""))
        return max(0.0, (until - now).total_seconds())
    except (ValueError, TypeError):
        return None
