"""All jobs that are measured, and the random calls of each."""

import random
from collections.abc import Mapping
from typing import TypeAlias

from bench import calls, links, searches
from bench.calls import Call, Draw, RecordJob
from bench.links import LinkJob
from bench.searches import SearchJob
from bench.work import Ids

Job: TypeAlias = RecordJob | SearchJob | LinkJob

_DRAW: Mapping[str, Draw] = {**calls.DRAW, **searches.DRAW, **links.DRAW}


def draw(job: Job, rng: random.Random, ids: Ids, inputs: int) -> Call:
    """A random call of the job for that many records or pairs of them.

    Of a search and of a list it is the limit. Never two that create the same record.
    """
    return _DRAW[job](rng, ids, inputs)
