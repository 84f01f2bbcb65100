"""The quick path of batch update and upsert agrees with the reference reader."""

import json
import random
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moyeu.crm.records import RecordInput
from moyeu.wire import decode
from moyeu.wire.decode import decode_batch_update, decode_batch_upsert
from moyeu.wire.jackson import BATCH_UPDATE, BATCH_UPSERT, JsonProblem, Record

names = st.text("abcxyz_0", min_size=1, max_size=6)
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
values = st.one_of(
    texts,
    texts.map(lambda text: f'":{text}":'),
    st.integers(-(10**20), 10**20),
    st.floats(allow_nan=False, allow_infinity=False),
    st.booleans(),
    st.none(),
)
inputs = st.fixed_dictionaries(
    {"id": st.one_of(texts, st.integers(0, 10**12))},
    optional={
        "properties": st.dictionaries(names, values, max_size=5),
        "idProperty": st.one_of(st.none(), names),
        "objectWriteTraceId": st.one_of(st.none(), texts),
        "unknown": st.one_of(values, st.lists(values), st.dictionaries(texts, values)),
    },
)
batches = st.fixed_dictionaries(
    {"inputs": st.lists(inputs, max_size=5)}, optional={"other": values}
)
spacings = st.sampled_from([(",", ":"), (", ", ": "), (" ,\n", "\t: ")])


Read = Callable[[bytes], Sequence[RecordInput] | JsonProblem]

READERS: dict[Read, Record] = {
    decode_batch_update: BATCH_UPDATE,
    decode_batch_upsert: BATCH_UPSERT,
}
"""The shape that the reference reader has for each."""

readers = st.sampled_from(list(READERS))


def reference(body: bytes, read: Read = decode_batch_update) -> list[RecordInput] | JsonProblem:
    found = decode._read_inputs(body, READERS[read])
    return found if isinstance(found, JsonProblem) else list(found)


def quick(body: bytes, read: Read = decode_batch_update) -> list[RecordInput] | JsonProblem:
    found = read(body)
    if isinstance(found, JsonProblem):
        return found
    return [RecordInput(x.id, x.properties, x.id_property, x.trace_id) for x in found]


@given(batches, spacings, st.booleans(), readers)
def test_both_read_every_batch_alike(
    batch: object, spacing: tuple[str, str], ascii_only: bool, read: Read
) -> None:
    body = json.dumps(batch, separators=spacing, ensure_ascii=ascii_only).encode()

    assert quick(body, read) == reference(body, read)


@given(batches, st.randoms(use_true_random=False))
def test_both_say_the_same_of_a_damaged_batch(batch: object, chance: random.Random) -> None:
    body = bytearray(json.dumps(batch).encode())
    for _ in range(chance.randint(1, 3)):
        position = chance.randrange(len(body))
        body[position : position + chance.randint(0, 2)] = chance.choice(
            [b"", b'"', b"{", b"}", b":", b",", b"\\u0000", b"\x00", b"\xff", b"1", b"A", b"[" * 3]
        )

    assert quick(bytes(body)) == reference(bytes(body))


@pytest.mark.parametrize(
    "body",
    [
        '{"inputs":[{"id":"1","id":"2"}]}',
        '{"inputs":[{"id":"1","properties":{"a":"x","a":"y"}}]}',
        '{"inputs":[{"id":"1","properties":{"a":"x","a" : "y"}}]}',
        '{"inputs":[{"id":"1","properties":{"a":"x"}},{"id":"2","properties":{"a":"x","a":"y"}}]}',
        '{"inputs":[{"id":"1"},{"id":"2","properties":{"a":"x","a":"y"}}]}',
        '{"inputs":[],"inputs":[{"id":"1"}]}',
        '{"inputs":[{"id":"1","properties":{"a":"x"},"x":{"b":1,"b":2}}]}',
        '{"inputs":[{"id":"1","properties":{"a":"x","\\u0061":"y"}}]}',
    ],
)
def test_a_field_that_stands_twice_is_refused(body: str) -> None:
    found = decode_batch_update(body.encode())

    assert isinstance(found, JsonProblem)
    assert "Duplicate field" in found.message


def test_the_spelling_of_numbers_is_kept() -> None:
    body = b'{"inputs":[{"id":7,"properties":{"a":12.10,"b":1e2,"c":-0,"d":true,"e":null}}]}'

    assert quick(body) == [
        RecordInput("7", {"a": "12.10", "b": "1e2", "c": "-0", "d": "true", "e": None})
    ]


def test_a_usual_batch_takes_the_quick_path(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object) -> None:
        raise AssertionError("the reference reader was asked")

    monkeypatch.setattr(decode, "_read_inputs", never)
    batch = {"inputs": [{"id": str(n), "properties": {"a": "x: y", "b": 1.5}} for n in range(100)]}

    for spacing in ((",", ":"), (", ", ": ")):
        found = decode_batch_update(json.dumps(batch, separators=spacing).encode())
        assert not isinstance(found, JsonProblem)
        assert len(found) == 100
