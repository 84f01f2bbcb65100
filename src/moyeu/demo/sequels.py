"""Which records will hang on a record that is made before them: what its counters have to say."""

from moyeu.demo.companies import company_of
from moyeu.demo.people import people_at, person_of
from moyeu.demo.sales import deals_with, people_in
from moyeu.demo.world import COMPANIES, CONTACTS, DEALS, LINE_ITEMS, Link, World


def sequels(world: World, object_type_id: str, number: int) -> tuple[Link, ...]:
    """Links to the later records that will be associated with a record.

    Of those types alone that a value of the record tells of.
    """
    if object_type_id == COMPANIES:
        company = company_of(world, number)
        people = world.links(CONTACTS, *people_at(world, company))
        return people + world.links(DEALS, *deals_with(world, company))
    if object_type_id == CONTACTS:
        deals = deals_with(world, person_of(world, number).company)
        return world.links(DEALS, *(each for each in deals if number in people_in(world, each)))
    if object_type_id == DEALS:
        return world.links(LINE_ITEMS, *world.family(DEALS, LINE_ITEMS).children_of(number))
    return ()
