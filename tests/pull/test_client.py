"""Asking again: how long, how often, and what is never asked again."""

import asyncio
from collections.abc import Mapping

import pytest

from moyeu.pull.client import (
    LIMIT_WAITS_MAX,
    TRIES_MAX,
    OtherSideError,
    RawAnswer,
    Refused,
    UnreachableError,
    Upstream,
)
from moyeu.pull.pacing import Pacer

JSON = {"content-type": "application/json;charset=utf-8"}


class Scripted:
    """Answers one after the other, the last one for ever."""

    def __init__(self, *answers: RawAnswer | Exception) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[str, str]] = []
        self.waited: list[float] = []
        self.upstream = Upstream(
            "http://localhost",
            "secret",
            self,
            sleep=self._sleep,
            clock_s=lambda: 0.0,
            on_wait=lambda _seconds, _why: None,
        )

    async def __call__(
        self, method: str, address: str, headers: Mapping[str, str], body: bytes | None
    ) -> RawAnswer:
        self.asked.append((method, address))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def _sleep(self, seconds: float) -> None:
        self.waited.append(seconds)

    def get(self) -> dict[str, int] | Refused:
        """Asks once."""
        return asyncio.run(self.upstream.get(dict[str, int], "/x", {"a": "1,2", "b": "ä&"}))


GOOD = RawAnswer(200, JSON, b'{"n":1}')


def test_a_good_answer_is_read() -> None:
    scripted = Scripted(GOOD)

    assert scripted.get() == {"n": 1}
    assert scripted.asked == [("GET", "http://localhost/x?a=1,2&b=%C3%A4%26")]
    assert scripted.waited == []


def test_failures_are_met_with_a_bounded_number_of_tries() -> None:
    scripted = Scripted(UnreachableError("no way"))

    with pytest.raises(OtherSideError, match="GET /x: no way"):
        scripted.get()

    assert len(scripted.asked) == TRIES_MAX
    assert sum(scripted.waited) < 60


def test_a_limit_that_is_never_free_again_ends() -> None:
    body = b'{"policyName":"TEN_SECONDLY_ROLLING","message":"ten \\u001b[31m"}'
    scripted = Scripted(RawAnswer(429, JSON, body))

    with pytest.raises(OtherSideError) as stopped:
        scripted.get()

    assert len(scripted.asked) == LIMIT_WAITS_MAX + 1
    assert "\x1b" not in str(stopped.value)


def test_waiting_for_a_limit_takes_no_try() -> None:
    limit = RawAnswer(429, JSON, b'{"policyName":"SECONDLY"}')
    scripted = Scripted(*[limit] * (TRIES_MAX + 3), GOOD)

    assert scripted.get() == {"n": 1}
    assert set(scripted.waited) == {1.0}


@pytest.mark.parametrize("status", [400, 403, 404, 405, 409, 414, 415])
def test_a_refusal_is_told_and_not_asked_again(status: int) -> None:
    scripted = Scripted(RawAnswer(status, JSON, b'{"message":"because"}'))

    assert scripted.get() == Refused(status, "because")
    assert len(scripted.asked) == 1


@pytest.mark.parametrize(
    ("headers", "waited"),
    [
        ({"retry-after": "4"}, 4.0),
        ({"retry-after": "Wed, 25 Nov 2026 10:00:09 GMT",
          "date": "Wed, 25 Nov 2026 10:00:00 GMT"}, 9.0),
    ],
)  # fmt: skip
def test_a_given_time_is_kept(headers: dict[str, str], waited: float) -> None:
    scripted = Scripted(RawAnswer(503, headers, b""), GOOD)

    assert scripted.get() == {"n": 1}
    assert scripted.waited == [waited]


@pytest.mark.parametrize("text", ["soon", "", "-1", "Wed, 25 Nov 2026 10:00:09 GMT"])
def test_a_time_that_cannot_be_read_is_as_none(text: str) -> None:
    scripted = Scripted(RawAnswer(503, {"retry-after": text}, b""), GOOD)

    assert scripted.get() == {"n": 1}
    assert 0.25 <= scripted.waited[0] <= 0.5


def _told(limit: int, remaining: int) -> dict[str, str]:
    return {
        "x-hubspot-ratelimit-interval-milliseconds": "10000",
        "x-hubspot-ratelimit-max": str(limit),
        "x-hubspot-ratelimit-remaining": str(remaining),
    }


def test_a_pacer_never_uses_up_a_rolling_interval() -> None:
    pacer, now_s, sent = Pacer(), 0.0, []
    pacer.learn(_told(100, 99), now_s)

    for _ in range(400):
        now_s += pacer.take(now_s)
        sent.append(now_s)

    fullest = max(sum(start <= each < start + 10 for each in sent) for start in sent)
    assert 80 <= fullest <= 90


def test_a_pacer_leaves_a_limit_that_others_use_up() -> None:
    pacer = Pacer()
    pacer.learn(_told(100, 3), 0.0)

    assert pacer.take(0.0) == pytest.approx(1.0)


def test_a_pacer_without_headers_does_not_wait() -> None:
    pacer = Pacer()
    pacer.learn({"x-hubspot-ratelimit-max": "many"}, 0.0)

    assert [pacer.take(0.0) for _ in range(1000)] == [0.0] * 1000
