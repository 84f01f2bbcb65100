"""Which direction of a label belongs to which, as the names tell or, without names, the order."""

from typing import Any

import pytest

from moyeu.pull.labels import ToldLabel, ToldLabels, paired


def told(*rows: tuple[Any, ...]) -> tuple[ToldLabel, ...]:
    """Labels from (type id, name) and perhaps a category."""
    return tuple(
        ToldLabel(category[0] if category else "USER_DEFINED", type_id, f"Label {type_id}", name)
        for type_id, name, *category in rows
    )


def ids(pairs: list[tuple[ToldLabel, ToldLabel]]) -> list[tuple[int, int]]:
    return sorted((one.type_id, other.type_id) for one, other in pairs)


Labels = tuple[ToldLabel, ...]

BETWEEN_TWO: list[tuple[str, Labels, Labels, list[tuple[int, int]]]] = [
    ("none", (), (), []),
    ("names", told((1, "a"), (4, "b")), told((2, "b"), (3, "a")), [(1, 3), (4, 2)]),
    ("order", told((1, None), (4, None)), told((2, None), (3, None)), [(1, 2), (4, 3)]),
    ("some names", told((1, "a"), (4, None)), told((2, None), (3, "a")), [(1, 3), (4, 2)]),
    ("one way", told((1, "a")), (), []),
    ("more of one way", told((1, None), (3, None)), told((2, None)), [(1, 2)]),
    ("two categories", told((1, "a"), (1, "a", "INTEGRATOR_DEFINED")),
     told((2, "a", "INTEGRATOR_DEFINED"), (5, "a")), [(1, 2), (1, 5)]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("forth", "back", "expected"),
    [row[1:] for row in BETWEEN_TWO],
    ids=[row[0] for row in BETWEEN_TWO],
)
def test_labels_between_two_types(
    forth: Labels, back: Labels, expected: list[tuple[int, int]]
) -> None:
    pairs = paired(ToldLabels(forth, back), is_same_type=False)

    assert ids(pairs) == expected
    assert all(one.category == other.category for one, other in pairs)


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        (told((1, "a"), (2, "a"), (3, "b")), [(1, 2), (2, 1), (3, 3)]),
        (told((1, None), (2, None)), [(1, 1), (2, 2)]),
        (told((1, "a"), (2, "a", "INTEGRATOR_DEFINED")), [(1, 1), (2, 2)]),
        (told((1, "a"), (2, "a"), (3, "a")), [(1, 1), (2, 2), (3, 3)]),
    ],
)
def test_labels_between_records_of_one_type(
    labels: Labels, expected: list[tuple[int, int]]
) -> None:
    assert ids(paired(ToldLabels(labels, labels), is_same_type=True)) == expected
