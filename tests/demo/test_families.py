"""Children shared out among parents."""

from hypothesis import given
from hypothesis import strategies as st

from moyeu.demo.families import Family


@given(st.integers(1, 300), st.integers(0, 900))
def test_every_child_has_one_parent_and_both_sides_agree(parents: int, children: int) -> None:
    family = Family(parents, children)

    found = [child for parent in range(parents) for child in family.children_of(parent)]

    assert found == list(range(children))
    for parent in range(parents):
        assert {family.parent_of(child) for child in family.children_of(parent)} <= {parent}


def test_some_parents_have_several_times_as_many_children_as_others() -> None:
    family = Family(80, 320)

    counts = {len(family.children_of(parent)) for parent in range(80)}

    assert min(counts) == 2
    assert max(counts) == 10
