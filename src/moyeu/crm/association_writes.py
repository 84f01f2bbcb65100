"""The rules of associating and dissociating records: pure, one set for single and batch calls."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from moyeu.catalog.associations import AssociationType, TypeKey
from moyeu.crm.association_links import NO_ID, Known, Linker, TypePair, Way, pair_of
from moyeu.crm.association_problems import AssociationNameUnknown, TypesNotAssociable
from moyeu.crm.associations import (
    Association,
    AssociationSpec,
    AssociationTypes,
    both_directions,
)
from moyeu.crm.problems import (
    AssociationTargetsInvalid,
    AssociationTypesUnknown,
    ManyForOneToOne,
    Problem,
)
from moyeu.crm.records import read_record_id

WriteMode = Literal["add", "replace"]
"""Whether types join those that a pair has, or take the place of its labels."""


class PairInput(NamedTuple):
    """Two records that a call names, as sent, and by which types.

    specs: category and id of each type. name: a type as v3 calls it, or its id in digits. Both
    None, or no specs at all: the unlabelled type.
    """

    from_id: str
    to_id: str
    specs: tuple[AssociationSpec, ...] | None = None
    name: str | None = None


@dataclass(frozen=True, slots=True)
class PairOutcome:
    """Two records that were associated, in the direction of the types that were named.

    types: those that the input named, the unlabelled one where it named none; what comes along by
    itself (the unlabelled type beside a label, the first primary) is left out. inverses: the types
    of the other direction, in the same order.
    """

    from_type_id: str
    from_id: int
    to_type_id: str
    to_id: int
    types: tuple[AssociationType, ...]
    inverses: tuple[AssociationType, ...]


@dataclass(frozen=True, slots=True)
class PairProblem:
    """What is wrong with one input; index: its place among the inputs, from 0."""

    index: int
    problem: Problem


@dataclass(frozen=True, slots=True)
class WrittenPairs:
    """What became of the inputs of a call, both in input order."""

    outcomes: tuple[PairOutcome, ...] = ()
    problems: tuple[PairProblem, ...] = ()


Kinds = tuple[AssociationType, ...]


def named_types(
    types: AssociationTypes, from_type_id: str, to_type_id: str, given: PairInput
) -> Kinds | Problem:
    """The types that an input names, each once; at least one.

    A type id says by itself which object types it leads from and to, whatever the path says
    (observed 2025); a name is one of the pair of the path. Both directions of a label within an
    object type have one name: then it names both.
    """
    if given.name is not None:
        named = types.named(from_type_id, to_type_id, given.name)
        return named or AssociationNameUnknown(given.name, from_type_id, to_type_id)
    if not given.specs:
        default = types.default(from_type_id, to_type_id)
        return (default,) if default else TypesNotAssociable(from_type_id, to_type_id)
    found = {spec: types.find(*spec) for spec in given.specs}
    unknown = tuple(spec for spec, kind in found.items() if kind is None)
    if unknown:
        return AssociationTypesUnknown(unknown)
    return tuple(kind for kind in found.values() if kind is not None)


def _wanted_types(
    types: AssociationTypes, from_type_id: str, to_type_id: str, given: PairInput
) -> Kinds | Problem:
    """The types to associate by; of several with one name that with the lowest id (a guess)."""
    kinds = named_types(types, from_type_id, to_type_id, given)
    return kinds if given.name is None or isinstance(kinds, Problem) else kinds[:1]


def many_for_one_to_one(named: Iterable[tuple[str, str, Kinds]]) -> ManyForOneToOne | None:
    """The problem of a call that gives one record several records by a one to one type.

    named: (from id, to id, types) of the inputs. Observed 2023 for line item to deal; that primary
    types are judged the same way is a guess.
    """
    to_ids: dict[tuple[str, TypeKey], dict[str, None]] = {}
    for from_id, to_id, kinds in named:
        for kind in kinds:
            if kind.one_to_one:
                to_ids.setdefault((from_id, kind.key), {})[to_id] = None
    for (_, key), ids in to_ids.items():
        if len(ids) > 1:
            return ManyForOneToOne(tuple(ids), key)
    return None


class PairWrites:
    """The inputs of a call that associates records, before anything is read for them.

    refusal: the problem of the whole call. ways: what it asks for, which must be read for.
    """

    def __init__(
        self,
        types: AssociationTypes,
        from_type_id: str,
        to_type_id: str,
        inputs: Sequence[PairInput],
    ) -> None:
        self._types = types
        self._inputs = inputs
        self._kinds = [_wanted_types(types, from_type_id, to_type_id, each) for each in inputs]
        named = [
            (given, kinds)
            for given, kinds in zip(inputs, self._kinds, strict=True)
            if not isinstance(kinds, Problem)
        ]
        self.refusal = many_for_one_to_one(
            (given.from_id, given.to_id, kinds) for given, kinds in named
        )
        self.ways: list[Way] = []
        for given, kinds in named:
            from_id, to_id = read_record_id(given.from_id), read_record_id(given.to_id)
            self.ways += ((kind, from_id or NO_ID, to_id or NO_ID) for kind in kinds)

    def plan(self, known: Known, mode: WriteMode) -> tuple[WrittenPairs, Linker]:
        """What becomes of each input, and the rows that change; inputs with a problem change none.

        Order of what an input is refused for (a guess): types, records, limits.
        """
        linker = Linker(self._types, known)
        outcomes: list[PairOutcome] = []
        problems: list[PairProblem] = []
        for index, (given, kinds) in enumerate(zip(self._inputs, self._kinds, strict=True)):
            written = kinds if isinstance(kinds, Problem) else _write(linker, given, kinds, mode)
            if isinstance(written, Problem):
                problems.append(PairProblem(index, written))
            else:
                outcomes.append(written)
        return WrittenPairs(tuple(outcomes), tuple(problems)), linker


def _ways(given: PairInput, kinds: Kinds) -> list[Way]:
    from_id, to_id = read_record_id(given.from_id), read_record_id(given.to_id)
    if from_id is None or to_id is None:
        return []
    return [(kind, from_id, to_id) for kind in kinds]


def _write(
    linker: Linker, given: PairInput, kinds: Kinds, mode: WriteMode
) -> PairOutcome | Problem:
    ways = _ways(given, kinds)
    problem = _absent(linker, given, kinds) or linker.exceeded(ways)
    if problem is not None:
        return problem
    if mode == "replace":
        by_pair: dict[TypePair, list[AssociationType]] = {}
        for kind in kinds:
            by_pair.setdefault(pair_of(kind), []).append(kind)
        for of_pair in by_pair.values():
            linker.keep_only(of_pair, *ways[0][1:])
    for way in ways:
        linker.link(*way)
    # Types of several pairs of object types in one input: the first names the answer (a guess).
    first, from_id, to_id = ways[0]
    return PairOutcome(
        first.from_object_type_id,
        from_id,
        first.to_object_type_id,
        to_id,
        kinds,
        tuple(map(linker.types.inverse, kinds)),
    )


def _absent(linker: Linker, given: PairInput, kinds: Kinds) -> AssociationTargetsInvalid | None:
    """The records that are not there: from-records first, to-records if those are all there.

    Observed 2025 on an id that is no contact: the to-record, 1, was not told beside it. That a
    record cannot be associated with itself is a guess.
    """
    from_id, to_id = read_record_id(given.from_id), read_record_id(given.to_id)
    own = {kind.from_object_type_id: None for kind in kinds}
    if absent := [each for each in own if not linker.is_there(each, from_id)]:
        return _invalid(linker, absent, given.from_id)
    other = {kind.to_object_type_id: None for kind in kinds}
    if absent := [
        each
        for each in other
        if not linker.is_there(each, to_id) or (each in own and from_id == to_id)
    ]:
        return _invalid(linker, absent, given.to_id)
    return None


def _invalid(linker: Linker, type_ids: Iterable[str], id_: str) -> AssociationTargetsInvalid:
    return AssociationTargetsInvalid(
        tuple((linker.types.upper_name(each), id_) for each in type_ids)
    )


class PairRemovals:
    """The inputs of a call that ends associations, before anything is read for them.

    pairs: those whose associations must be read, both directions. problems: of single inputs.
    """

    def __init__(
        self,
        types: AssociationTypes,
        from_type_id: str,
        to_type_id: str,
        inputs: Sequence[PairInput],
        *,
        all_types: bool,
    ) -> None:
        self._types = types
        self._given: list[Way] = []
        self.pairs: dict[TypePair, dict[tuple[int, int], None]] = {}
        problems = []
        for index, given in enumerate(inputs):
            if all_types:
                self._end(from_type_id, to_type_id, given)
                continue
            kinds = named_types(types, from_type_id, to_type_id, given)
            if isinstance(kinds, Problem):
                problems.append(PairProblem(index, kinds))
                continue
            for way in _ways(given, kinds):
                # The unlabelled type goes with all others (documented).
                if way[0].kind == "unlabeled":
                    self._end(*pair_of(way[0]), given)
                else:
                    self._given.append(way)
        self.problems = tuple(problems)

    def _end(self, from_type_id: str, to_type_id: str, given: PairInput) -> None:
        from_id, to_id = read_record_id(given.from_id), read_record_id(given.to_id)
        if from_id is not None and to_id is not None:
            self.pairs.setdefault((from_type_id, to_type_id), {})[from_id, to_id] = None
            self.pairs.setdefault((to_type_id, from_type_id), {})[to_id, from_id] = None

    def removed(self, rows: Iterable[Association]) -> list[Association]:
        """The rows to remove, some of which may not be there; rows: those of `pairs`."""
        found = dict.fromkeys(rows)
        for way in self._given:
            found |= dict.fromkeys(both_directions(self._types, *way))
        return list(found)
