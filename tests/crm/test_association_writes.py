"""The rules of associating and dissociating records that are there."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moyeu.catalog.associations import AssociationType, TypeKey, standard_associations
from moyeu.crm.association_links import Known, ends_of, needs_of, other_ends, pairs_that_end
from moyeu.crm.association_problems import (
    AssociationLimitExceeded,
    AssociationNameUnknown,
    TypesNotAssociable,
)
from moyeu.crm.association_writes import (
    PairInput,
    PairOutcome,
    PairProblem,
    PairRemovals,
    PairWrites,
    WriteMode,
    WrittenPairs,
)
from moyeu.crm.associations import (
    Association,
    AssociationSpec,
    AssociationTypes,
    InlineAssociation,
    association_types_of,
    both_directions,
)
from moyeu.crm.inline_associations import Links, inline_ways
from moyeu.crm.object_schemas import PortalTypes, portal_types
from moyeu.crm.problems import (
    AssociationTargetsInvalid,
    AssociationTypesUnknown,
    ManyForOneToOne,
    Problem,
)

CONTACTS, COMPANIES, DEALS, TICKETS, LINE_ITEMS = "0-1", "0-2", "0-3", "0-5", "0-8"


def label(type_id: int, from_type: str, to_type: str, inverse_id: int) -> AssociationType:
    return AssociationType(
        category="USER_DEFINED",
        type_id=type_id,
        from_object_type_id=from_type,
        to_object_type_id=to_type,
        kind="labeled",
        name=f"label_{type_id}",
        label=f"Label {type_id}",
        inverse_id=inverse_id,
    )


LABELS: Final = [
    # 1 and 2 are a pair of labels, as manager and employee; 3 is the same in both directions.
    label(1, CONTACTS, CONTACTS, 2),
    label(2, CONTACTS, CONTACTS, 1),
    label(3, CONTACTS, CONTACTS, 3),
    label(4, CONTACTS, COMPANIES, 5),
    label(5, COMPANIES, CONTACTS, 4),
]


def portal(limits: dict[TypeKey, int] | None = None) -> PortalTypes:
    return portal_types(1, [], LABELS, limits or {})


def own(type_id: int) -> TypeKey:
    return "USER_DEFINED", type_id


def hubspot(type_id: int) -> TypeKey:
    return "HUBSPOT_DEFINED", type_id


def pair(from_id: int | str, to_id: int | str, *keys: TypeKey | int) -> PairInput:
    """An input; without types: the default type."""
    specs = tuple(
        AssociationSpec(*(hubspot(each) if isinstance(each, int) else each)) for each in keys
    )
    return PairInput(str(from_id), str(to_id), specs or None)


@dataclass
class Portal:
    """All that is stored of a portal: every record with an id below 1,000 is there but `gone`."""

    types: AssociationTypes = field(default_factory=lambda: association_types_of(portal()))
    gone: set[tuple[str, int]] = field(default_factory=set)
    rows: set[Association] = field(default_factory=set)

    def active(self, object_type_id: str, ids: Iterable[int]) -> frozenset[int]:
        return frozenset(
            each for each in ids if each < 1_000 and (object_type_id, each) not in self.gone
        )

    def write(
        self,
        from_type: str,
        to_type: str,
        inputs: Sequence[PairInput],
        mode: WriteMode = "add",
    ) -> WrittenPairs | Problem:
        """Plans and applies a call, with nothing read but what it says it needs."""
        writes = PairWrites(self.types, from_type, to_type, inputs)
        if writes.refusal is not None:
            return writes.refusal
        there = {key: self.active(key, ids) for key, ids in ends_of(writes.ways).items()}
        needs = needs_of(self.types, writes.ways, there)
        held = [
            row
            for (from_id, to_id), (keys, ids) in needs.held.items()
            for row in self.rows
            if (row.from_object_type_id, row.to_object_type_id) == (from_id, to_id)
            and (row.category, row.type_id) in keys
            and row.from_record_id in ids
        ]
        ending = pairs_that_end(self.types, held)
        found = [
            row
            for row in self.rows
            for pairs in (needs.pairs, ending)
            if (row.from_record_id, row.to_record_id)
            in pairs.get((row.from_object_type_id, row.to_object_type_id), {})
        ]
        for key, ids in other_ends(held).items():
            there[key] = there.get(key, frozenset()) | self.active(key, ids)
        counted = {
            (record_id, key)
            for keys, ids in needs.counted.values()
            for key in keys
            for record_id in ids
        }
        counts = Counter[tuple[int, TypeKey]](
            (row.from_record_id, (row.category, row.type_id)) for row in self.rows
        )
        known = Known(there, [*held, *found], {key: counts[key] for key in counted})
        written, linker = writes.plan(known, mode)
        assert self.rows.issuperset(linker.removed)
        assert self.rows.isdisjoint(linker.added)
        self.rows = (self.rows - {*linker.removed}) | {*linker.added}
        return written

    def done(
        self,
        from_type: str,
        to_type: str,
        *inputs: PairInput,
        mode: WriteMode = "add",
    ) -> tuple[PairOutcome, ...]:
        """The outcomes of a call without any problem."""
        written = self.write(from_type, to_type, inputs, mode)
        assert isinstance(written, WrittenPairs), written
        assert written.problems == ()
        return written.outcomes

    def problems(
        self, from_type: str, to_type: str, *inputs: PairInput
    ) -> list[tuple[int, Problem]]:
        """(index, problem) of the inputs that have one."""
        written = self.write(from_type, to_type, inputs)
        assert isinstance(written, WrittenPairs), written
        assert len(written.outcomes) + len(written.problems) == len(inputs)
        return [(each.index, each.problem) for each in written.problems]

    def remove(
        self, from_type: str, to_type: str, *inputs: PairInput, all_types: bool = False
    ) -> tuple[PairProblem, ...]:
        removals = PairRemovals(self.types, from_type, to_type, inputs, all_types=all_types)
        found = [
            row
            for row in self.rows
            if (row.from_record_id, row.to_record_id)
            in removals.pairs.get((row.from_object_type_id, row.to_object_type_id), {})
        ]
        self.rows -= set(removals.removed(found))
        return removals.problems

    def of(self, from_type: str, from_id: int, to_type: str) -> list[tuple[int, TypeKey]]:
        """(to-record, type) of a record, ascending."""
        return sorted(
            (row.to_record_id, (row.category, row.type_id))
            for row in self.rows
            if (row.from_object_type_id, row.from_record_id, row.to_object_type_id)
            == (from_type, from_id, to_type)
        )


def kinds(outcome: PairOutcome) -> tuple[list[TypeKey], list[TypeKey]]:
    return [each.key for each in outcome.types], [each.key for each in outcome.inverses]


# --- adding ----------------------------------------------------------------------------------


def test_the_first_company_becomes_primary_and_the_second_does_not() -> None:
    there = Portal()

    (outcome,) = there.done(DEALS, COMPANIES, pair(50, 7))
    there.done(DEALS, COMPANIES, pair(50, 8))

    assert there.of(DEALS, 50, COMPANIES) == [(7, hubspot(5)), (7, hubspot(341)), (8, hubspot(341))]
    assert there.of(COMPANIES, 7, DEALS) == [(50, hubspot(6)), (50, hubspot(342))]
    assert there.of(COMPANIES, 8, DEALS) == [(50, hubspot(342))]
    assert kinds(outcome) == ([hubspot(341)], [hubspot(342)])
    assert (outcome.from_id, outcome.to_id) == (50, 7)


def test_the_first_company_becomes_primary_from_the_side_of_the_company_too() -> None:
    there = Portal()

    there.done(COMPANIES, CONTACTS, pair(7, 50), pair(8, 50), pair(7, 51))

    assert there.of(CONTACTS, 50, COMPANIES) == [
        (7, hubspot(1)),
        (7, hubspot(279)),
        (8, hubspot(279)),
    ]
    assert there.of(CONTACTS, 51, COMPANIES) == [(7, hubspot(1)), (7, hubspot(279))]


def test_a_primary_moves_to_the_company_that_asks_for_it() -> None:
    there = Portal()
    there.done(CONTACTS, COMPANIES, pair(50, 7), pair(50, 8))

    there.done(CONTACTS, COMPANIES, pair(50, 8, 1))

    assert there.of(CONTACTS, 50, COMPANIES) == [
        (7, hubspot(279)),
        (8, hubspot(1)),
        (8, hubspot(279)),
    ]
    assert there.of(COMPANIES, 7, CONTACTS) == [(50, hubspot(280))]

    there.done(COMPANIES, CONTACTS, pair(7, 50, 2))

    assert (7, hubspot(1)) in there.of(CONTACTS, 50, COMPANIES)
    assert (8, hubspot(1)) not in there.of(CONTACTS, 50, COMPANIES)


def test_a_primary_that_is_archived_does_not_count_and_gives_way() -> None:
    there = Portal()
    there.done(CONTACTS, COMPANIES, pair(50, 7))
    there.gone.add((COMPANIES, 7))

    there.done(CONTACTS, COMPANIES, pair(50, 8))

    assert there.of(CONTACTS, 50, COMPANIES) == [
        (7, hubspot(279)),
        (8, hubspot(1)),
        (8, hubspot(279)),
    ]


def test_a_label_brings_the_unlabelled_type_and_its_inverse_stands_on_the_other_side() -> None:
    there = Portal()

    (outcome,) = there.done(CONTACTS, CONTACTS, pair(50, 51, own(2)))

    assert there.of(CONTACTS, 50, CONTACTS) == [(51, hubspot(449)), (51, own(2))]
    assert there.of(CONTACTS, 51, CONTACTS) == [(50, hubspot(449)), (50, own(1))]
    assert kinds(outcome) == ([own(2)], [own(1)])


def test_adding_keeps_the_labels_that_are_there() -> None:
    there = Portal()
    there.done(CONTACTS, CONTACTS, pair(50, 51, own(1), own(3)))

    there.done(CONTACTS, CONTACTS, pair(50, 51, own(2)), pair(50, 51))

    assert [key for _, key in there.of(CONTACTS, 50, CONTACTS)] == [
        hubspot(449),
        own(1),
        own(2),
        own(3),
    ]


def test_a_line_item_leaves_its_deal_for_another() -> None:
    there = Portal()
    there.done(LINE_ITEMS, DEALS, pair(60, 7))

    there.done(LINE_ITEMS, DEALS, pair(60, 8))

    assert there.of(LINE_ITEMS, 60, DEALS) == [(8, hubspot(20))]
    assert there.of(DEALS, 7, LINE_ITEMS) == []


@pytest.mark.parametrize("name", ["contact_to_company", "1"])
def test_a_type_may_be_named_as_v3_does(name: str) -> None:
    there = Portal()

    (outcome,) = there.done(CONTACTS, COMPANIES, PairInput("50", "7", None, name))

    assert kinds(outcome) == ([hubspot(1)], [hubspot(2)])
    assert there.of(CONTACTS, 50, COMPANIES) == [(7, hubspot(1)), (7, hubspot(279))]


def test_the_type_id_decides_the_object_types() -> None:
    there = Portal()

    (outcome,) = there.done(DEALS, COMPANIES, pair(50, 7, 1))

    assert (outcome.from_type_id, outcome.to_type_id) == (CONTACTS, COMPANIES)
    assert there.of(CONTACTS, 50, COMPANIES) == [(7, hubspot(1)), (7, hubspot(279))]
    assert there.of(DEALS, 50, COMPANIES) == []


# --- replacing -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ([own(2)], [hubspot(449), own(2)]),
        ([own(1), own(3)], [hubspot(449), own(1), own(3)]),
        ([hubspot(449)], [hubspot(449)]),
        ([], [hubspot(449)]),
    ],
)
def test_replacing_leaves_the_given_labels_and_the_unlabelled_type(
    given: list[TypeKey], expected: list[TypeKey]
) -> None:
    there = Portal()
    there.done(CONTACTS, CONTACTS, pair(50, 51, own(1), own(3)), pair(50, 52, own(1)))

    there.done(CONTACTS, CONTACTS, pair(50, 51, *given), mode="replace")

    assert there.of(CONTACTS, 50, CONTACTS) == [(51, key) for key in expected] + [
        (52, hubspot(449)),
        (52, own(1)),
    ]


def test_replacing_takes_the_primary_where_another_record_gets_it() -> None:
    there = Portal()
    there.done(CONTACTS, COMPANIES, pair(50, 7), pair(50, 8, 1, own(4)))

    there.done(CONTACTS, COMPANIES, pair(50, 7, 1), mode="replace")
    there.done(CONTACTS, COMPANIES, pair(50, 8, own(4)), mode="replace")

    assert there.of(CONTACTS, 50, COMPANIES) == [
        (7, hubspot(1)),
        (7, hubspot(279)),
        (8, hubspot(279)),
        (8, own(4)),
    ]


def test_replacing_leaves_no_record_without_a_primary() -> None:
    there = Portal()
    there.done(CONTACTS, COMPANIES, pair(50, 7))

    there.done(CONTACTS, COMPANIES, pair(50, 7, own(4)), mode="replace")

    assert there.of(CONTACTS, 50, COMPANIES) == [(7, hubspot(1)), (7, hubspot(279)), (7, own(4))]


# --- removing --------------------------------------------------------------------------------


def two_pairs() -> Portal:
    there = Portal()
    there.done(CONTACTS, COMPANIES, pair(50, 7, 1, own(4)), pair(50, 8, own(4)))
    return there


KEPT: Final = [(8, hubspot(279)), (8, own(4))]


@pytest.mark.parametrize(
    ("keys", "left"),
    [
        ([own(4)], [(7, hubspot(1)), (7, hubspot(279))]),
        ([1], [(7, hubspot(279)), (7, own(4))]),
        ([1, own(4)], [(7, hubspot(279))]),
        ([279], []),
        ([279, own(4)], []),
        # Types that the pair does not have.
        ([own(3)], [(7, hubspot(1)), (7, hubspot(279)), (7, own(4))]),
        # No type at all is the unlabelled one.
        ([], []),
    ],
)
def test_removing_types(keys: list[TypeKey | int], left: list[tuple[int, TypeKey]]) -> None:
    there = two_pairs()

    assert there.remove(CONTACTS, COMPANIES, pair(50, 7, *keys)) == ()

    assert there.of(CONTACTS, 50, COMPANIES) == left + KEPT
    assert_whole(there)


def test_removing_all_types_of_pairs() -> None:
    there = two_pairs()

    there.remove(
        COMPANIES, CONTACTS, pair(7, 50, own(5)), pair("x", 50), pair(7, 9), all_types=True
    )

    assert there.of(CONTACTS, 50, COMPANIES) == KEPT
    assert_whole(there)


def test_removing_types_that_do_not_exist_is_a_problem_of_the_input() -> None:
    there = two_pairs()

    problems = there.remove(
        CONTACTS,
        COMPANIES,
        pair(50, 7, own(4)),
        pair(50, 7, own(99)),
        PairInput("50", "8", None, "test"),
        PairInput("50", "8", None, "label_4"),
    )

    assert problems == (
        PairProblem(1, AssociationTypesUnknown((own(99),))),
        PairProblem(2, AssociationNameUnknown("test", CONTACTS, COMPANIES)),
    )
    assert there.of(CONTACTS, 50, COMPANIES) == [
        (7, hubspot(1)),
        (7, hubspot(279)),
        (8, hubspot(279)),
    ]


def test_a_removed_primary_is_nobodys_until_the_next_write() -> None:
    there = two_pairs()

    there.remove(CONTACTS, COMPANIES, pair(50, 7))
    assert there.of(CONTACTS, 50, COMPANIES) == KEPT

    there.done(CONTACTS, COMPANIES, pair(50, 8))
    assert there.of(CONTACTS, 50, COMPANIES) == [(8, hubspot(1)), *KEPT]


# --- problems --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (pair(50, 7, own(99), own(98), own(99)), AssociationTypesUnknown((own(99), own(98)))),
        (pair(5_000, 7, own(99)), AssociationTypesUnknown((own(99),))),
        (PairInput("50", "7", None, "nope"), AssociationNameUnknown("nope", CONTACTS, COMPANIES)),
        (pair(5_000, 7), AssociationTargetsInvalid((("CONTACT", "5000"),))),
        (pair(50, 7_000), AssociationTargetsInvalid((("COMPANY", "7000"),))),
        # The from-record is told first.
        (pair(5_000, 7_000), AssociationTargetsInvalid((("CONTACT", "5000"),))),
        (pair("05", 7), AssociationTargetsInvalid((("CONTACT", "05"),))),
        (pair(50, "seven"), AssociationTargetsInvalid((("COMPANY", "seven"),))),
        (pair(50, ""), AssociationTargetsInvalid((("COMPANY", ""),))),
        # The type id says that 50 is to be a deal.
        (pair(5_000, 7, 5), AssociationTargetsInvalid((("DEAL", "5000"),))),
        (pair(50, 50, own(1)), AssociationTargetsInvalid((("CONTACT", "50"),))),
        (pair(50, 9), AssociationTargetsInvalid((("COMPANY", "9"),))),
    ],
)
def test_an_input_with_a_problem_changes_nothing_and_others_are_carried_out(
    given: PairInput, expected: Problem
) -> None:
    there = Portal(gone={(COMPANIES, 9)})

    assert there.problems(CONTACTS, COMPANIES, pair(60, 7), given, pair(61, 8)) == [(1, expected)]

    assert {row.from_record_id for row in there.rows} == {60, 61, 7, 8}


def test_types_that_have_no_association_type_cannot_be_associated() -> None:
    there = Portal()

    assert there.problems(CONTACTS, "2-77", pair(50, 7)) == [
        (0, TypesNotAssociable(CONTACTS, "2-77"))
    ]


@pytest.mark.parametrize(
    ("inputs", "expected"),
    [
        ([pair(60, 1, 20), pair(61, 2, 20)], None),
        ([pair(60, 1, 20), pair(60, 1, 20)], None),
        (
            [pair(60, 1, 20), pair(61, 2, 20), pair(60, 2, 20)],
            ManyForOneToOne(("1", "2"), hubspot(20)),
        ),
        ([pair(60, 1), pair(60, 2)], ManyForOneToOne(("1", "2"), hubspot(20))),
    ],
)
def test_several_records_for_a_one_to_one_type_refuse_the_call(
    inputs: list[PairInput], expected: Problem | None
) -> None:
    there = Portal()

    written = there.write(LINE_ITEMS, DEALS, inputs)

    if expected is None:
        assert isinstance(written, WrittenPairs)
        assert there.rows
    else:
        assert written == expected
        assert there.rows == set()


def test_many_line_items_of_a_deal_are_fine() -> None:
    there = Portal()

    assert there.problems(DEALS, LINE_ITEMS, pair(1, 60, 19), pair(1, 61, 19)) == []


# --- limits ----------------------------------------------------------------------------------


def limited(limits: dict[TypeKey, int]) -> Portal:
    return Portal(association_types_of(portal(limits)))


def exceeded(
    name: str, record_id: int, to_type: str, key: TypeKey, limit: int
) -> AssociationLimitExceeded:
    return AssociationLimitExceeded(name, str(record_id), to_type, key, limit)


def test_a_limit_of_the_portal_holds_for_its_direction() -> None:
    there = limited({hubspot(279): 2})
    there.done(CONTACTS, COMPANIES, pair(50, 1))

    found = there.problems(CONTACTS, COMPANIES, pair(50, 2), pair(50, 3), pair(50, 1), pair(51, 3))

    assert found == [(1, exceeded("CONTACT", 50, COMPANIES, hubspot(279), 2))]
    assert there.problems(COMPANIES, CONTACTS, pair(3, 50)) == [
        (0, exceeded("CONTACT", 50, COMPANIES, hubspot(279), 2))
    ]
    # A company may have any number of contacts.
    assert there.problems(COMPANIES, CONTACTS, *(pair(1, each) for each in range(60, 90))) == []


def test_a_limit_holds_for_a_label_alone() -> None:
    there = limited({own(4): 1})

    found = there.problems(
        CONTACTS, COMPANIES, pair(50, 1, own(4)), pair(50, 2, own(4)), pair(50, 3)
    )

    assert found == [(1, exceeded("CONTACT", 50, COMPANIES, own(4), 1))]
    assert there.of(CONTACTS, 50, COMPANIES)[-1] == (3, hubspot(279))


@pytest.mark.parametrize("key", [hubspot(449), own(3)])
def test_between_records_of_one_type_one_limit_holds_for_both_directions(key: TypeKey) -> None:
    there = limited({key: 1})
    there.done(CONTACTS, CONTACTS, pair(50, 51, key))

    assert there.problems(CONTACTS, CONTACTS, pair(51, 52, key), pair(52, 50, key)) == [
        (0, exceeded("CONTACT", 51, CONTACTS, key, 1)),
        (1, exceeded("CONTACT", 50, CONTACTS, key, 1)),
    ]
    assert there.problems(CONTACTS, CONTACTS, pair(51, 50, key)) == []


def test_a_limit_that_was_set_later_takes_nothing_away() -> None:
    there = Portal()
    there.done(CONTACTS, COMPANIES, pair(50, 1), pair(50, 2), pair(50, 3))
    there.types = association_types_of(portal({hubspot(279): 1}))

    assert there.problems(CONTACTS, COMPANIES, pair(50, 2), pair(50, 3, own(4))) == []
    assert there.problems(CONTACTS, COMPANIES, pair(50, 4)) == [
        (0, exceeded("CONTACT", 50, COMPANIES, hubspot(279), 1))
    ]


def test_what_moves_is_not_counted_twice() -> None:
    there = limited({hubspot(1): 1})
    there.done(CONTACTS, COMPANIES, pair(50, 1, 1))

    there.done(CONTACTS, COMPANIES, pair(50, 2, 1))

    assert (2, hubspot(1)) in there.of(CONTACTS, 50, COMPANIES)


def test_a_company_at_its_limit_of_primary_contacts_is_not_made_primary_unasked() -> None:
    there = limited({hubspot(2): 1})
    there.done(CONTACTS, COMPANIES, pair(50, 1), pair(51, 1))

    assert there.of(CONTACTS, 51, COMPANIES) == [(1, hubspot(279))]
    assert there.problems(CONTACTS, COMPANIES, pair(51, 1, 1)) == [
        (0, exceeded("COMPANY", 1, CONTACTS, hubspot(2), 1))
    ]


def test_every_record_has_at_most_50_000_of_a_type() -> None:
    types = association_types_of(portal())
    writes = PairWrites(types, COMPANIES, CONTACTS, [pair(1, 50), pair(1, 51)])
    there = {COMPANIES: frozenset({1}), CONTACTS: frozenset({50, 51})}

    written, linker = writes.plan(Known(there, (), {(1, hubspot(280)): 49_999}), "add")

    assert [each.to_id for each in written.outcomes] == [50]
    assert written.problems == (
        PairProblem(1, exceeded("COMPANY", 1, CONTACTS, hubspot(280), 50_000)),
    )
    assert {each.to_record_id for each in linker.added} == {1, 50}


def test_limits_hold_for_new_records_too() -> None:
    types = association_types_of(portal({hubspot(280): 1, own(4): 1}))

    def wanted(to_id: int, key: TypeKey) -> InlineAssociation:
        return InlineAssociation(str(to_id), (AssociationSpec(*key),))

    def links(*counted: int) -> Links:
        counts = {(each, hubspot(280)): 1 for each in counted}
        there = {COMPANIES: frozenset({1, 2})}
        return Links(types, CONTACTS, Known(there, (), counts))

    one = [wanted(1, hubspot(279))]
    ways = inline_ways(types, CONTACTS, one)
    assert needs_of(types, ways, {COMPANIES: frozenset({1})}).counted == {
        (COMPANIES, CONTACTS): ((hubspot(280),), {1: None})
    }
    assert needs_of(types, ways, {COMPANIES: frozenset({2})}).counted == {}
    assert links().problem_of(one) is None
    assert links(1).problem_of(one) == exceeded("COMPANY", 1, CONTACTS, hubspot(280), 1)
    both = [wanted(1, own(4)), wanted(2, own(4))]
    assert links().problem_of(both) == AssociationLimitExceeded("CONTACT", "", COMPANIES, own(4), 1)
    made = links()
    made.link(900, one)
    assert made.problem_of(one) == exceeded("COMPANY", 1, CONTACTS, hubspot(280), 1)


# --- laws ------------------------------------------------------------------------------------

FROM_TYPES: Final = [CONTACTS, COMPANIES, DEALS, TICKETS, LINE_ITEMS]
PAIRS: Final = {
    (from_id, to_id): [each.key for each in association_types_of(portal()).between(from_id, to_id)]
    for from_id in FROM_TYPES
    for to_id in FROM_TYPES
}


@st.composite
def calls(draw: st.DrawFn) -> tuple[str, str, list[PairInput], WriteMode | None]:
    """A call on a few records; None as the mode removes the types."""
    from_id, to_id = draw(st.sampled_from(sorted(PAIRS)))
    ids = st.integers(1, 3)
    keys = st.lists(st.sampled_from(PAIRS[from_id, to_id]), max_size=2)
    one = st.builds(lambda a, b, types: pair(a, b, *types), ids, ids, keys)
    modes: list[WriteMode | None] = ["add", "replace", None]
    mode = draw(st.sampled_from(modes))
    return from_id, to_id, draw(st.lists(one, min_size=1, max_size=4)), mode


def assert_whole(there: Portal) -> None:
    """Every row has its inverse, every pair its unlabelled type, and one to one is kept."""
    held = Counter[tuple[str, int, TypeKey]]()
    for row in there.rows:
        kind = there.types.find(row.category, row.type_id)
        assert kind is not None
        assert set(both_directions(there.types, kind, row.from_record_id, row.to_record_id)) <= (
            there.rows
        )
        default = there.types.default(row.from_object_type_id, row.to_object_type_id)
        assert default is not None
        assert row._replace(category=default.category, type_id=default.type_id) in there.rows
        if kind.one_to_one:
            held[row.from_object_type_id, row.from_record_id, kind.key] += 1
    assert max(held.values(), default=1) == 1


def carry_out(there: Portal, call: tuple[str, str, list[PairInput], WriteMode | None]) -> object:
    from_id, to_id, inputs, mode = call
    if mode is None:
        return there.remove(from_id, to_id, *inputs)
    return there.write(from_id, to_id, inputs, mode)


@given(st.lists(calls(), max_size=6))
def test_what_is_stored_is_whole_after_any_calls(
    sequence: list[tuple[str, str, list[PairInput], WriteMode | None]],
) -> None:
    there = Portal(gone={(COMPANIES, 3)})
    for call in sequence:
        carry_out(there, call)
        assert_whole(there)


@given(st.lists(calls(), max_size=4), calls())
def test_the_same_pair_again_changes_nothing(
    before: list[tuple[str, str, list[PairInput], WriteMode | None]],
    call: tuple[str, str, list[PairInput], WriteMode | None],
) -> None:
    from_id, to_id, inputs, mode = call
    there = Portal()
    for each in before:
        carry_out(there, each)
    first = carry_out(there, (from_id, to_id, inputs[:1], mode))
    once = set(there.rows)

    again = carry_out(there, (from_id, to_id, inputs[:1], mode))

    assert again == first
    assert there.rows == once


@given(st.lists(calls(), max_size=3), calls())
def test_a_batch_is_its_inputs_one_by_one(
    before: list[tuple[str, str, list[PairInput], WriteMode | None]],
    call: tuple[str, str, list[PairInput], WriteMode | None],
) -> None:
    from_id, to_id, inputs, mode = call
    together, alone = Portal(), Portal()
    for each in before:
        carry_out(together, each)
    alone.rows = set(together.rows)

    if not isinstance(carry_out(together, call), Problem):
        for one in inputs:
            carry_out(alone, (from_id, to_id, [one], mode))

    assert together.rows == alone.rows


def test_every_standard_type_can_be_written() -> None:
    for kind in standard_associations().by_key.values():
        there = Portal()
        pair_types = kind.from_object_type_id, kind.to_object_type_id

        there.done(*pair_types, PairInput("1", "2", (AssociationSpec(*kind.key),)))

        found = there.of(pair_types[0], 1, pair_types[1])
        assert (2, kind.key) in found
        assert_whole(there)
