"""Filters of lists that only look like filters."""

import pytest

from moyeu.crm.lists.problems import FilterShapeInvalid
from moyeu.wire.list_bodies import decode_filters

TOO_DEEP = FilterShapeInvalid("", "the filter branches are too deep")


def filters(text: str) -> object:
    return decode_filters(f'{{"filterBranch": {text}}}'.encode())


def test_filters_are_kept_without_blanks_and_in_their_order() -> None:
    assert filters('{ "b" : [1, 2.50, "Ä"],  "a": null }') == '{"b":[1,2.5,"Ä"],"a":null}'


@pytest.mark.parametrize("depth", [150, 900])
def test_filters_that_are_too_deep_are_refused(depth: int) -> None:
    assert filters("[" * depth + "]" * depth) == TOO_DEEP
    assert filters('{"a":' * depth + "1" + "}" * depth) == TOO_DEEP


def test_filters_of_some_depth_are_taken() -> None:
    assert filters("[" * 50 + "]" * 50) == "[" * 50 + "]" * 50


def test_a_number_out_of_range_is_refused() -> None:
    assert filters('{"value": 1e400}') == FilterShapeInvalid("", "a number is out of range")
