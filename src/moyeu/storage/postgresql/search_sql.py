"""Conditions as SQL over the columns of one object type.

Each condition has a *source*, a SELECT of the ids of the records that meet it, each once, and a
*test* of one id, which looks it up by its key. Both ask the same of the same rows, so that they
agree even where some columns have seen a record that others have not. A source of several parts
takes that of one, the rarest, and tests the others; where even that one finds many it takes what is
in all of them.

The planner may know nothing of a column that was just made, and joins what it takes for a few rows
in a way that is ruinous for many. So no columns are joined: a test ends with OFFSET 0, which keeps
it a look-up, and sets are intersected. Names in a statement are those of this module, and our own
numbers of columns and parameters; values are bound.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from moyeu.crm.search.conditions import (
    AllOf,
    AnyOf,
    Condition,
    HasTokens,
    Holds,
    Lacks,
    LacksTokens,
    Linked,
    Mentions,
    NoneOf,
    OneOf,
    Within,
)
from moyeu.crm.search.keys import Field
from moyeu.crm.search.token_plans import ANY_TEXT, Term, TokenPlan, plan_pattern
from moyeu.storage.postgresql.arrays import array_text, bytes_array
from moyeu.storage.postgresql.search_columns import Column
from moyeu.storage.postgresql.search_keys import (
    INDEXED_MAX,
    KEYLESS,
    LACKING,
    kept_key,
    key_bytes,
    span_of_long,
    wanted_terms,
)
from moyeu.storage.sql.search_specs import (
    ALL,
    ColumnSpec,
    keys_spec,
    mentioned_terms,
    mentions_spec,
    terms_spec,
    text_spec,
)

_ID_MAX: Final = 2**63 - 1

_OnKeys = Holds | Lacks | OneOf | NoneOf | Within

Look = Callable[[HasTokens, TokenPlan], Sequence[int]]
"""The ids of the records whose texts match, found by looking at those that may."""


def of_bytes(value: bytes) -> str:
    """A constant of our own as SQL."""
    return f"'\\x{value.hex()}'::bytea"


NO_KEY: Final = of_bytes(KEYLESS)
"""The first that is no key."""


class Statements:
    """Makes the parts of one statement and collects what it binds.

    estimate: about how many records meet a condition. few: sources of more are not worth looking
    up one by one. sorted_by: the column of keys whose row `s` is at hand when a test is made.
    """

    def __init__(
        self,
        columns: Mapping[ColumnSpec, Column],
        portal_id: int,
        object_type_id: str,
        *,
        estimate: Callable[[Condition], int],
        few: int,
        look: Look,
        sorted_by: ColumnSpec | None = None,
    ) -> None:
        self._columns = columns
        self._portal_id = portal_id
        self._estimate = estimate
        self._few = few
        self._look = look
        self._sorted_by = sorted_by
        self.bound: dict[str, Any] = {"portal_id": portal_id, "object_type_id": object_type_id}

    def bind(self, value: object, kind: str) -> str:
        """A parameter of that value and type."""
        name = f"p{len(self.bound)}"
        self.bound[name] = value
        return f"%({name})s::{kind}"

    def bind_again(self, parameter: str, value: object) -> None:
        """Another value for a parameter."""
        self.bound[parameter[len("%(") : parameter.index(")")]] = value

    def of(self, spec: ColumnSpec, alias: str) -> str:
        """Whether a row belongs to a column."""
        return (
            f"{alias}.portal_id = %(portal_id)s::bigint"
            f" AND {alias}.column_id = {self._columns[spec].column_id}"
        )

    # --- sources -----------------------------------------------------------------------------

    def source(self, condition: Condition) -> str:
        """A SELECT of `record_id`, each once."""
        if isinstance(condition, AllOf):
            return self._source_of_all(condition.parts)
        if isinstance(condition, AnyOf):
            parts = [f"SELECT o.record_id FROM ({self.source(each)}) o" for each in condition.parts]
            return " UNION ".join(parts) if parts else self._none()
        if isinstance(condition, Linked):
            return self._linked(condition)
        if isinstance(condition, Mentions):
            terms = mentioned_terms(condition)
            return (
                self._none() if terms is None else self.with_terms(mentions_spec(condition), terms)
            )
        if isinstance(condition, HasTokens):
            return self._source_of_tokens(condition)
        if isinstance(condition, LacksTokens) or self._is_of_many(condition):
            return self._source_of_value(condition)
        assert isinstance(condition, _OnKeys)
        return self._with_keys(keys_spec(condition.field), self.of_key(condition, "t"))

    def _none(self) -> str:
        return self._with_keys(ALL, "FALSE")

    def _with_keys(self, spec: ColumnSpec, test: str, what: str = "t.record_id") -> str:
        return f"SELECT {what} FROM search_key t WHERE {self.of(spec, 't')} AND {test}"

    def with_terms(self, spec: ColumnSpec, terms: Sequence[Term]) -> str:
        """A SELECT of the records that have all of the terms."""
        return (
            f"SELECT t.record_id FROM search_text t WHERE {self.of(spec, 't')}"
            f" AND {self._have(spec, terms)}"
        )

    def _have(self, spec: ColumnSpec, terms: Sequence[Term]) -> str:
        wanted = wanted_terms(self._portal_id, self._columns[spec].column_id, terms)
        return f"t.terms @@ {self.bind(wanted, 'tsquery')}"

    def _source_of_all(self, parts: Sequence[Condition]) -> str:
        if not parts:
            return self._with_keys(ALL, "t.k = ''")
        if len(parts) == 1:
            return self.source(parts[0])
        rarest = min(parts, key=self._estimate)
        others = [each for each in parts if each is not rarest]
        found = self.source(rarest)
        if self._estimate(rarest) < self._few:
            tests = [self.test(each, "d.record_id") for each in others]
            return f"SELECT d.record_id FROM ({found}) d WHERE {' AND '.join(tests) or 'TRUE'}"
        sources = [f"SELECT i.record_id FROM ({self.source(each)}) i" for each in others]
        return " INTERSECT ".join([f"SELECT i.record_id FROM ({found}) i", *sources])

    def _source_of_tokens(self, condition: HasTokens) -> str:
        plan = plan_pattern(condition.pattern)
        if plan is None:
            return self._none()
        if plan == ANY_TEXT:
            return self._with_keys(text_spec(condition.field), f"t.k < {NO_KEY}")
        if plan.is_complete:
            return self.with_terms(terms_spec(condition.field), plan.terms)
        ids = self.bind(array_text(self._look(condition, plan)), "bigint[]")
        return self._with_keys(text_spec(condition.field), f"t.record_id = ANY({ids})")

    def _source_of_value(self, condition: Condition) -> str:
        """Of a condition on options, or that tokens are lacking."""
        if isinstance(condition, Holds | OneOf | Within | Lacks):
            # One key of a record stands there once.
            has_one = is_met_in_order(condition)
            what = "t.record_id" if has_one else "DISTINCT t.record_id"
            return self._with_keys(
                keys_spec(condition.field), self.of_key(condition, "t"), what=what
            )
        assert isinstance(condition, NoneOf | LacksTokens)
        holds, without = _parts(condition)
        return f"{self.source(holds)} EXCEPT {self.source(without)}"

    def _linked(self, condition: Linked) -> str:
        ids = self.bind(array_text(known_ids(condition)), "bigint[]")
        other = self.bind(condition.object_type_id, "text")
        return (
            "SELECT DISTINCT a.to_record_id AS record_id FROM association a"
            " WHERE a.portal_id = %(portal_id)s::bigint"
            f" AND a.from_record_id = ANY({ids})"
            " AND a.to_object_type_id = %(object_type_id)s"
            f" AND a.from_object_type_id = {other}"
            f" AND {self._has_active_end(other)}"
            f" AND {self._look_up(ALL, 'a.to_record_id', 'TRUE')}"
        )

    @staticmethod
    def _has_active_end(other: str) -> str:
        return (
            "EXISTS (SELECT FROM record r WHERE r.portal_id = a.portal_id"
            f" AND r.object_type_id = {other} AND r.record_id = a.from_record_id"
            " AND r.archived_at_ms IS NULL)"
        )

    # --- tests -------------------------------------------------------------------------------

    def test(self, condition: Condition, record_id: str) -> str:
        """Whether the record of an id meets the condition."""
        if isinstance(condition, AllOf | AnyOf):
            parts = [self.test(each, record_id) for each in condition.parts]
            if not parts:
                is_all = isinstance(condition, AllOf)
                return self._look_up(ALL, record_id, "TRUE") if is_all else "FALSE"
            return f"({(' AND ' if isinstance(condition, AllOf) else ' OR ').join(parts)})"
        if isinstance(condition, Linked):
            return self._test_of_links(condition, record_id)
        if isinstance(condition, Mentions):
            terms = mentioned_terms(condition)
            if terms is None:
                return "FALSE"
            return self._test_of_terms(mentions_spec(condition), terms, record_id)
        if isinstance(condition, HasTokens):
            return self._test_of_tokens(condition, record_id)
        spec = None if isinstance(condition, LacksTokens) else self._spec_of(condition)
        if isinstance(condition, LacksTokens) or (
            isinstance(condition, NoneOf) and self._is_of_many(condition)
        ):
            holds, without = _parts(condition)
            return f"({self.test(holds, record_id)} AND NOT {self.test(without, record_id)})"
        assert isinstance(condition, _OnKeys)
        if spec == self._sorted_by and not self._is_of_many(condition):
            return f"({self.of_key(condition, 's')})"
        return self._look_up(keys_spec(condition.field), record_id, self.of_key(condition, "t"))

    @staticmethod
    def _spec_of(condition: Condition) -> ColumnSpec:
        assert isinstance(condition, _OnKeys)
        return keys_spec(condition.field)

    def _look_up(self, spec: ColumnSpec, record_id: str, test: str) -> str:
        """Whether a row `t` of a record, which is looked up by its id alone, passes a test."""
        return f"EXISTS (SELECT FROM ({self.rows_of(spec, record_id)}) t WHERE {test})"

    def rows_of(self, spec: ColumnSpec, record_id: str) -> str:
        """A SELECT of the rows that a column has of one record.

        What else is asked of them stands outside, or the planner might go by that instead.
        """
        table, what = ("text", "t.terms") if spec.shape == "terms" else ("key", "t.k, t.whole")
        return (
            f"SELECT t.record_id, {what} FROM search_{table} t WHERE {self.of(spec, 't')}"
            f" AND t.record_id = {record_id} OFFSET 0"
        )

    def _test_of_terms(self, spec: ColumnSpec, terms: Sequence[Term], record_id: str) -> str:
        return self._look_up(spec, record_id, self._have(spec, terms))

    def _test_of_tokens(self, condition: HasTokens, record_id: str) -> str:
        plan = plan_pattern(condition.pattern)
        if plan is None:
            return "FALSE"
        if plan == ANY_TEXT:
            return self._look_up(text_spec(condition.field), record_id, f"t.k < {NO_KEY}")
        if plan.is_complete:
            return self._test_of_terms(terms_spec(condition.field), plan.terms, record_id)
        ids = self.bind(array_text(self._look(condition, plan)), "bigint[]")
        return f"{record_id} = ANY({ids})"

    def _test_of_links(self, condition: Linked, record_id: str) -> str:
        ids = self.bind(array_text(known_ids(condition)), "bigint[]")
        other = self.bind(condition.object_type_id, "text")
        return (
            "(EXISTS (SELECT FROM association a WHERE a.portal_id = %(portal_id)s::bigint"
            f" AND a.from_record_id = ANY({ids})"
            " AND a.to_object_type_id = %(object_type_id)s"
            f" AND a.to_record_id = {record_id} AND a.from_object_type_id = {other}"
            f" AND {self._has_active_end(other)} OFFSET 0)"
            f" AND {self._look_up(ALL, record_id, 'TRUE')})"
        )

    # --- keys --------------------------------------------------------------------------------

    @staticmethod
    def _is_of_many(condition: Condition) -> bool:
        return isinstance(condition, _OnKeys) and condition.field.kind == "choices"

    def of_key(self, condition: _OnKeys, row: str) -> str:
        """What the key of a row is asked."""
        k = f"{row}.k"
        if isinstance(condition, Lacks):
            return f"{k} = {of_bytes(LACKING)}"
        if isinstance(condition, Holds):
            return f"{k} < {of_bytes(LACKING)}"
        if isinstance(condition, Within):
            return self._within(condition, row)
        keys = [key_bytes(each) for each in condition.keys]
        is_one = self._is_one_of(keys, condition.field, row)
        if isinstance(condition, OneOf):
            return is_one
        return f"{k} < {of_bytes(LACKING)} AND NOT {is_one}"

    def _is_one_of(self, keys: Sequence[bytes], field: Field, row: str) -> str:
        short = [each for each in keys if len(each) <= INDEXED_MAX]
        long = [each for each in keys if len(each) > INDEXED_MAX]
        if len(short) == 1:
            tests = [f"{row}.k = {self.bind(short[0], 'bytea')}"]
        else:
            tests = [f"{row}.k = ANY({self.bind(bytes_array(short), 'bytea[]')})"]
        if long:
            kept = bytes_array(kept_key(each, of_many=field.kind == "choices")[0] for each in long)
            tests.append(
                f"({row}.k = ANY({self.bind(kept, 'bytea[]')})"
                f" AND {row}.whole = ANY({self.bind(bytes_array(long), 'bytea[]')}))"
            )
        return tests[0] if len(tests) == 1 else f"({' OR '.join(tests)})"

    def _within(self, condition: Within, row: str) -> str:
        tests = [f"{row}.k < {NO_KEY}"]
        if condition.high is not None:
            sign = "<=" if condition.high_included else "<"
            tests = [self._beside(row, sign, key_bytes(condition.high))]
        if condition.low is not None:
            sign = ">=" if condition.low_included else ">"
            tests.append(self._beside(row, sign, key_bytes(condition.low)))
        return " AND ".join(tests)

    def _beside(self, row: str, sign: str, bound: bytes) -> str:
        """How a key lies to a bound; those that begin like a long one are compared whole."""
        if len(bound) <= INDEXED_MAX:
            return f"{row}.k {sign} {self.bind(bound, 'bytea')}"
        first, last = (self.bind(each, "bytea") for each in span_of_long(bound))
        outside = f"{row}.k < {first}" if "<" in sign else f"{row}.k > {last}"
        return (
            f"({outside} OR ({row}.k BETWEEN {first} AND {last}"
            f" AND {row}.whole {sign} {self.bind(bound, 'bytea')}))"
        )


def known_ids(condition: Linked) -> list[int]:
    """The record ids that some record could have."""
    return [each for each in condition.record_ids if each <= _ID_MAX]


def _has_one_key(condition: Condition) -> bool:
    return isinstance(condition, OneOf) and len(condition.keys) == 1


def is_met_in_order(condition: Condition) -> bool:
    """Whether its source reads one part of an index, in which ids ascend."""
    return isinstance(condition, Lacks) or _has_one_key(condition)


def _parts(condition: NoneOf | LacksTokens) -> tuple[Condition, Condition]:
    """What it is to have and what not."""
    if isinstance(condition, NoneOf):
        return Holds(condition.field), OneOf(condition.field, condition.keys)
    texts = Field(condition.field.name, text_spec(condition.field).kind)
    return Holds(texts), HasTokens(condition.field, condition.pattern)
