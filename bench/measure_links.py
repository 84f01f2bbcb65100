"""Writes and reads of associations."""

from pathlib import Path
from typing import Final

from bench import processes
from bench.driver import Driver
from bench.related import seed_related
from bench.results import Extent, Variant

READ: Final = "read"
"""The batch read of 100 records whose time a call is compared with."""

LINKS: Final = (
    Variant(READ, 1, job="read"),
    Variant("link_100", 1, job="link"),
    Variant("link_2000", 1, inputs=2_000, job="link"),
    Variant("link_default_100", 1, job="link_default"),
    Variant("links_read_100", 1, job="links_read"),
    Variant("links_read_1000", 1, inputs=1_000, job="links_read"),
    Variant("page_few", 1, inputs=500, job="links_page_few"),
    Variant("page_many", 1, inputs=500, job="links_page_many"),
    Variant("list", 1, job="list"),
    Variant("list_linked", 1, job="list_linked"),
)

_WARM_UP: Final = 30
_INPUTS_WHOLE_SHARE: Final = 500
"""Variants of more inputs get fewer requests."""


def measure_links(driver: Driver, extent: Extent, folder: Path) -> None:
    """All variants, round by round."""
    driver.tell(f"seeding {extent.link_records:,} records with associations")
    seeded = driver.seed(folder / "links.db", extent.link_records, seed_related)
    with processes.server(seeded.path, seeded.token) as server:
        driver.drive(seeded, server, 1, _WARM_UP, job="link")
        for number in range(extent.link_rounds):
            driver.tell(f"associations, round {number + 1} of {extent.link_rounds}")
            order = driver.rng.sample(LINKS, len(LINKS))
            costs = {
                each.name: driver.cost(each, seeded, server, requests_of(each, extent.link_batches))
                for each in order
            }
            driver.results.links.append({each.name: costs[each.name] for each in LINKS})
    seeded.path.unlink()


def requests_of(variant: Variant, batches: int) -> int:
    """How many calls of a variant make up a round."""
    return max(3, round(batches * min(1, _INPUTS_WHOLE_SHARE / variant.inputs)))
