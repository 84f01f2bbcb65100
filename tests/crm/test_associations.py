"""Association types of a portal, and the rules of associations that a create brings along."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moyeu.catalog.associations import AssociationType, standard_associations
from moyeu.crm.association_links import Known, ends_of, needs_of
from moyeu.crm.associations import (
    Association,
    AssociationSpec,
    AssociationTypes,
    InlineAssociation,
    association_types_of,
    default_associations,
    displaced_by_merge,
    one_to_one_rows,
)
from moyeu.crm.inline_associations import Links, inline_ways
from moyeu.crm.object_schemas import (
    ObjectSchema,
    PortalTypes,
    SchemaAssociation,
    portal_types,
)
from moyeu.crm.problems import (
    AssociationTargetsInvalid,
    AssociationTypesUnknown,
    ManyForOneToOne,
    Problem,
    WrongAssociationDirection,
)

CONTACTS, COMPANIES, DEALS, LINE_ITEMS, NOTES = "0-1", "0-2", "0-3", "0-8", "0-46"
CATS: Final = "2-2000001"


def schema(*associations: SchemaAssociation) -> ObjectSchema:
    return ObjectSchema(
        object_type_id=CATS,
        name="cat",
        label="Cat",
        label_plural="Cats",
        primary_display_property="name",
        associations=associations,
        created_at_ms=0,
        updated_at_ms=0,
    )


def one_way(id_: int, from_id: str, to_id: str, name: str | None = None) -> SchemaAssociation:
    return SchemaAssociation(
        id=str(id_), from_object_type_id=from_id, to_object_type_id=to_id, name=name
    )


STANDARD: Final = portal_types(1, [])
WITH_CATS: Final = portal_types(
    1,
    [
        schema(
            one_way(11, CATS, CONTACTS, "cat_to_contact"),
            one_way(12, CONTACTS, CATS, "cat_to_contact"),
            one_way(13, CATS, CONTACTS, "owner"),
            one_way(14, CONTACTS, CATS, "owner"),
            one_way(15, CATS, CATS, "friends"),
        )
    ],
)


def to(to_id: int | str, *type_ids: int, category: str = "HUBSPOT_DEFINED") -> InlineAssociation:
    return InlineAssociation(
        str(to_id), tuple(AssociationSpec(category, type_id) for type_id in type_ids)
    )


def links(
    from_type_id: str,
    wanted: Sequence[InlineAssociation],
    there: Iterable[int],
    stored: Iterable[Association] = (),
    object_types: PortalTypes = STANDARD,
) -> Links:
    """What is read of a portal that has the records `there`, of whatever type is asked."""
    types = association_types_of(object_types)
    ways = inline_ways(types, from_type_id, wanted)
    active = {key: frozenset(ids) & frozenset(there) for key, ids in ends_of(ways).items()}
    needs = needs_of(types, ways, active)
    held = [
        row
        for keys, ids in needs.held.values()
        for row in stored
        if (row.category, row.type_id) in keys and row.from_record_id in ids
    ]
    for row in held:
        other = active.get(row.to_object_type_id, frozenset())
        active[row.to_object_type_id] = other | {row.to_record_id}
    return Links(types, from_type_id, Known(active, held))


def linked(
    from_type_id: str,
    wanted: Sequence[InlineAssociation],
    stored: Sequence[Association] = (),
    record_id: int = 900,
) -> Links:
    """The outcome of one create whose targets are all there."""
    made = links(from_type_id, wanted, [int(each.to_id) for each in wanted], stored)
    assert made.problem_of(wanted) is None
    made.link(record_id, wanted)
    return made


def forth(made: Links, record_id: int = 900) -> list[tuple[int, int]]:
    """(to-record, type id) of the rows added from a record."""
    return [
        (each.to_record_id, each.type_id) for each in made.added if each.from_record_id == record_id
    ]


def refusal(
    from_type_id: str, wanted: Sequence[InlineAssociation], there: Iterable[int] = ()
) -> Problem | None:
    return links(from_type_id, wanted, there).problem_of(wanted)


# --- the types of a portal -------------------------------------------------------------------


def test_hubspots_own_types_are_found_by_category_and_id() -> None:
    types = association_types_of(STANDARD)

    found = types.find("HUBSPOT_DEFINED", 202)

    assert found is not None
    assert (found.from_object_type_id, found.to_object_type_id) == (NOTES, CONTACTS)
    assert types.find("USER_DEFINED", 202) is None
    assert types.find("HUBSPOT_DEFINED", 123_456) is None


def test_the_types_of_a_snapshot_are_made_once() -> None:
    assert association_types_of(WITH_CATS) is association_types_of(WITH_CATS)
    assert association_types_of(WITH_CATS) is not association_types_of(STANDARD)


def cats() -> AssociationTypes:
    return association_types_of(WITH_CATS)


def test_the_lowest_id_of_a_custom_pair_is_the_unlabelled_type() -> None:
    found = [
        (each.type_id, each.kind, each.name, each.inverse_id)
        for each in cats().between(CATS, CONTACTS)
    ]

    assert found == [(11, "unlabeled", "cat_to_contact", 12), (13, "labeled", "owner", 14)]
    assert all(each.category == "USER_DEFINED" for each in cats().between(CATS, CONTACTS))


def test_the_unlabelled_type_of_a_custom_pair_is_named_after_its_direction() -> None:
    names = [each.name for each in cats().between(CONTACTS, CATS)]

    assert names == ["contact_to_cat", "owner"]


def test_a_custom_type_with_itself_is_its_own_inverse() -> None:
    (way,) = cats().between(CATS, CATS)

    assert cats().inverse(way) is way


def test_a_custom_type_without_a_schema_association_cannot_be_associated() -> None:
    assert cats().default(CATS, DEALS) is None
    with pytest.raises(LookupError, match="no association type from 2-2000001 to 0-3"):
        default_associations(WITH_CATS, CATS, 1, DEALS, 2)


@pytest.mark.parametrize(
    ("name", "type_id"),
    [("contact_to_company", 1), ("contact_to_company_unlabeled", 279), ("279", 279)],
)
def test_a_type_is_found_by_its_name_in_v3_or_its_id(name: str, type_id: int) -> None:
    found = association_types_of(STANDARD).named(CONTACTS, COMPANIES, name)

    assert [each.type_id for each in found] == [type_id]


def test_a_name_belongs_to_its_direction() -> None:
    types = association_types_of(STANDARD)

    assert types.named(COMPANIES, CONTACTS, "contact_to_company") == ()


def test_default_associations_are_a_row_each_way() -> None:
    rows = default_associations(STANDARD, DEALS, 1, COMPANIES, 2)

    assert rows == [
        Association(DEALS, 1, COMPANIES, 2, "HUBSPOT_DEFINED", 341),
        Association(COMPANIES, 2, DEALS, 1, "HUBSPOT_DEFINED", 342),
    ]


def test_a_primary_is_added_on_demand_from_either_side() -> None:
    from_deal = default_associations(STANDARD, DEALS, 1, COMPANIES, 2, primary=True)
    from_company = default_associations(STANDARD, COMPANIES, 2, DEALS, 1, primary=True)

    assert [each.type_id for each in from_deal] == [341, 342, 5, 6]
    assert set(from_company) == set(from_deal)


def test_a_pair_without_a_primary_type_has_none() -> None:
    rows = default_associations(STANDARD, NOTES, 1, CONTACTS, 2, primary=True)

    assert [each.type_id for each in rows] == [202, 201]


# --- associations given on create ------------------------------------------------------------


@pytest.mark.parametrize(
    ("from_type_id", "wanted", "expected"),
    [
        # The first company becomes the primary one, whether the type says so or not.
        (CONTACTS, [to(7, 279)], [(7, 279), (7, 1)]),
        (CONTACTS, [to(7, 1)], [(7, 279), (7, 1)]),
        (CONTACTS, [to(7, 279), to(8, 279)], [(7, 279), (7, 1), (8, 279)]),
        # A primary that is asked for takes the place of the first one.
        (CONTACTS, [to(7, 279), to(8, 1)], [(7, 279), (8, 279), (8, 1)]),
        # A label brings the unlabelled type along.
        (COMPANIES, [to(7, 13)], [(7, 450), (7, 13)]),
        (CONTACTS, [to(7, 931)], [(7, 279), (7, 1), (7, 931)]),
        # The same type twice is one row.
        (NOTES, [to(7, 202), to(7, 202, 202)], [(7, 202)]),
        # Types decide which object type an id belongs to.
        (NOTES, [to(7, 202), to(7, 190)], [(7, 202), (7, 190)]),
        (NOTES, [to(7)], []),
    ],
)
def test_the_rows_of_a_new_record(
    from_type_id: str, wanted: list[InlineAssociation], expected: list[tuple[int, int]]
) -> None:
    made = linked(from_type_id, wanted)

    assert forth(made) == expected
    assert made.removed == []


def company_of(contact: int, company: int, *, primary: bool) -> list[Association]:
    return default_associations(STANDARD, CONTACTS, contact, COMPANIES, company, primary=primary)


def test_a_new_company_becomes_primary_for_a_contact_without_one() -> None:
    stored = company_of(50, 7, primary=False)

    made = linked(COMPANIES, [to(50, 280)], stored)

    assert forth(made) == [(50, 280), (50, 2)]
    assert forth(made, 50) == [(900, 279), (900, 1)]


def test_a_new_company_leaves_the_primary_that_a_contact_has() -> None:
    made = linked(COMPANIES, [to(50, 280)], company_of(50, 7, primary=True))

    assert forth(made) == [(50, 280)]
    assert made.removed == []


def test_a_primary_moves_to_a_new_company_that_asks_for_it() -> None:
    stored = company_of(50, 7, primary=True)

    made = linked(COMPANIES, [to(50, 2)], stored)

    assert forth(made) == [(50, 280), (50, 2)]
    assert set(made.removed) == set(stored[2:])


def test_of_two_new_companies_the_first_becomes_primary() -> None:
    wanted = [to(50, 280)]
    made = links(COMPANIES, wanted, [50])

    made.link(901, wanted)
    made.link(902, wanted)

    assert forth(made, 901) == [(50, 280), (50, 2)]
    assert forth(made, 902) == [(50, 280)]


def test_a_line_item_leaves_its_deal_for_a_new_one() -> None:
    stored = default_associations(STANDARD, LINE_ITEMS, 60, DEALS, 7)

    made = linked(DEALS, [to(60, 19)], stored)

    assert forth(made) == [(60, 19)]
    assert set(made.removed) == set(stored)


UNKNOWN = AssociationTypesUnknown((("USER_DEFINED", 3), ("HUBSPOT_DEFINED", 99_999)))


@pytest.mark.parametrize(
    ("from_type_id", "wanted", "expected"),
    [
        (NOTES, [to(7, 202)], None),
        (NOTES, [to(9, 202)], AssociationTargetsInvalid((("CONTACT", "9"),))),
        (
            NOTES,
            [to("x1", 202), to(9, 190), to(7, 202), to(9, 190)],
            AssociationTargetsInvalid((("CONTACT", "x1"), ("COMPANY", "9"))),
        ),
        (NOTES, [to("07", 202)], AssociationTargetsInvalid((("CONTACT", "07"),))),
        (
            CONTACTS,
            [to(7, 190)],
            WrongAssociationDirection(CONTACTS, NOTES, ("HUBSPOT_DEFINED", 190)),
        ),
        (NOTES, [to(9, 202), to(7, 3, category="USER_DEFINED"), to(7, 99_999)], UNKNOWN),
        (NOTES, [to(7, 5, category="WORK")], AssociationTypesUnknown((("WORK", 5),))),
        (
            LINE_ITEMS,
            [to(7, 20), to(8, 20)],
            ManyForOneToOne(("7", "8"), ("HUBSPOT_DEFINED", 20)),
        ),
        (LINE_ITEMS, [to(7, 20), to(7, 20)], None),
        (CONTACTS, [to(7, 1), to(8, 1)], ManyForOneToOne(("7", "8"), ("HUBSPOT_DEFINED", 1))),
        (CONTACTS, [to(7, 279), to(8, 279)], None),
    ],
)
def test_what_is_refused(
    from_type_id: str, wanted: list[InlineAssociation], expected: Problem | None
) -> None:
    assert refusal(from_type_id, wanted, [7, 8]) == expected


def test_a_record_of_a_type_that_is_not_served_is_not_there() -> None:
    found = refusal("0-5", [to(7, 32)])

    assert found == AssociationTargetsInvalid((("THREAD", "7"),))


def test_a_custom_type_is_associated_by_the_types_of_its_schema() -> None:
    wanted = [to(7, 13, category="USER_DEFINED")]
    made = links(CATS, wanted, [7], object_types=WITH_CATS)

    assert made.problem_of(wanted) is None
    made.link(900, wanted)

    assert made.added == [
        Association(CATS, 900, CONTACTS, 7, "USER_DEFINED", 11),
        Association(CONTACTS, 7, CATS, 900, "USER_DEFINED", 12),
        Association(CATS, 900, CONTACTS, 7, "USER_DEFINED", 13),
        Association(CONTACTS, 7, CATS, 900, "USER_DEFINED", 14),
    ]


# --- laws ------------------------------------------------------------------------------------

FROM_TYPES = [CONTACTS, COMPANIES, DEALS, LINE_ITEMS, "0-136", "0-5"]
KINDS = {
    from_id: [
        each.type_id
        for each in standard_associations().by_key.values()
        if each.from_object_type_id == from_id and each.to_object_type_id in FROM_TYPES
    ]
    for from_id in FROM_TYPES
}


@st.composite
def creates(draw: st.DrawFn) -> tuple[str, list[list[InlineAssociation]]]:
    """A batch of creates of one type whose targets have their type in the id."""
    from_id = draw(st.sampled_from(FROM_TYPES))
    by_key = standard_associations().by_key

    def wanted(type_id: int, number: int) -> InlineAssociation:
        to_type = by_key["HUBSPOT_DEFINED", type_id].to_object_type_id
        return to(100 * (1 + FROM_TYPES.index(to_type)) + number, type_id)

    one = st.builds(wanted, st.sampled_from(KINDS[from_id]), st.integers(1, 3))
    return from_id, draw(st.lists(st.lists(one, max_size=4), min_size=1, max_size=4))


@given(creates())
def test_what_is_stored_is_whole(batch: tuple[str, list[list[InlineAssociation]]]) -> None:
    """Every row has its inverse, every pair its unlabelled type, and one to one is kept."""
    from_id, inputs = batch
    types = association_types_of(STANDARD)
    stored: set[Association] = set()
    for number, wanted in enumerate(inputs):
        made = links(from_id, wanted, range(1_000), stored)
        if made.problem_of(wanted) is None:
            made.link(9_000 + number, wanted)
            assert stored.isdisjoint(made.added)
            assert stored.issuperset(made.removed)
            stored = (stored - set(made.removed)) | set(made.added)

    held = Counter[tuple[int, str, int]]()
    for row in stored:
        kind = types.find(row.category, row.type_id)
        assert kind is not None
        inverse = types.inverse(kind)
        assert row.from_object_type_id == kind.from_object_type_id
        assert (
            Association(
                row.to_object_type_id,
                row.to_record_id,
                row.from_object_type_id,
                row.from_record_id,
                inverse.category,
                inverse.type_id,
            )
            in stored
        )
        default = types.default(row.from_object_type_id, row.to_object_type_id)
        assert default is not None
        assert row._replace(category=default.category, type_id=default.type_id) in stored
        if kind.one_to_one:
            held[row.from_record_id, row.category, row.type_id] += 1
    assert max(held.values(), default=1) == 1


@given(creates())
def test_a_batch_is_its_inputs_one_by_one(
    batch: tuple[str, list[list[InlineAssociation]]],
) -> None:
    from_id, inputs = batch
    together = links(from_id, [one for each in inputs for one in each], range(1_000))
    stored: set[Association] = set()
    for number, wanted in enumerate(inputs):
        alone = links(from_id, wanted, range(1_000), stored)
        assert alone.problem_of(wanted) == together.problem_of(wanted)
        if alone.problem_of(wanted) is None:
            alone.link(9_000 + number, wanted)
            stored = (stored - set(alone.removed)) | set(alone.added)
            together.link(9_000 + number, wanted)

    assert set(together.added) == stored
    assert together.removed == []


def test_a_merge_displaces_only_what_the_primary_record_has_of_others() -> None:
    types = association_types_of(STANDARD)

    def child_of(child: int, parent: int) -> Association:
        return Association(CONTACTS, child, COMPANIES, parent, "HUBSPOT_DEFINED", 1)

    def held(child: int, parent: int) -> Association:
        return Association(COMPANIES, parent, CONTACTS, child, "HUBSPOT_DEFINED", 2)

    unlabelled = Association(CONTACTS, 2, COMPANIES, 20, "HUBSPOT_DEFINED", 279)
    other = [child_of(2, 20)]
    assert one_to_one_rows(types, [*other, unlabelled]) == other

    def displaced(primary: list[Association], *there: int) -> list[Association]:
        active = {COMPANIES: frozenset(there)}
        return displaced_by_merge(types, primary, other, (1, 2), active)

    lost = [child_of(2, 20), held(2, 20)]
    assert displaced([child_of(1, 10)], 10, 20) == lost
    assert displaced([child_of(1, 10)], 10) == lost
    assert displaced([child_of(1, 10)]) == lost
    assert displaced([child_of(1, 10)], 20) == [child_of(1, 10), held(1, 10)]
    assert displaced([], 20) == []
    # A company that has the id of the other contact, as in a copied portal, is another record.
    assert displaced([child_of(1, 2)], 2, 20) == lost


def test_what_a_merge_ends_anyway_takes_no_place() -> None:
    successor = AssociationType(
        category="USER_DEFINED",
        type_id=1,
        from_object_type_id=CONTACTS,
        to_object_type_id=CONTACTS,
        kind="labeled",
        name="successor",
        inverse_id=1,
        one_to_one=True,
    )
    types = association_types_of(portal_types(1, [], [successor]))

    def follows(one: int, another: int) -> Association:
        return Association(CONTACTS, one, CONTACTS, another, "USER_DEFINED", 1)

    def displaced(primary: Association, other: Association) -> list[Association]:
        there = {CONTACTS: frozenset((1, 2, 3))}
        return displaced_by_merge(types, [primary], [other], (1, 2), there)

    # The primary record, 1, has the other one, 2, which has 3; or 2 has 1, which has 4, archived.
    assert displaced(follows(1, 2), follows(2, 3)) == []
    assert displaced(follows(1, 4), follows(2, 1)) == []
    assert displaced(follows(1, 3), follows(2, 3)) == [follows(2, 3), follows(3, 2)]
