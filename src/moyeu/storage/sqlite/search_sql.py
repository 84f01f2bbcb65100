"""Conditions as SQL over the columns of one object type.

Each condition has a *source*, a SELECT of the ids of the records that meet it, each once, and a
*test* of one id. A statement takes the source of one part, the rarest, and the tests of the others;
or it walks all ids, or those of one column, and tests each. Values are bound; what is written into
a statement are our own numbers of columns and parameters.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import msgspec

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
from moyeu.crm.search.keys import TokenPattern
from moyeu.crm.search.token_plans import (
    ANY_TEXT,
    Term,
    TokenPlan,
    plan_pattern,
)
from moyeu.storage.sql.search_specs import (
    ALL,
    ColumnSpec,
    NotIndexedError,
    keys_spec,
    mentioned_terms,
    mentions_spec,
    terms_spec,
    text_spec,
)
from moyeu.storage.sqlite.search_columns import LACKING, NO_KEY

_KEYS_MAX: Final = 10_000
"""So many parameters a statement takes at most, far below SQLite's bound."""
_ROWS_FEW: Final = 100
"""For so many rows terms are looked up one by one, for more all that have them come at once."""

_json = msgspec.json.Encoder().encode


class Statements:
    """Makes the parts of one statement and collects what it binds.

    numbers: of the columns. is_rare: tells the parts that are worth being a source. rows_few:
    whether few ids will be tested, which decides how terms are.
    """

    def __init__(
        self,
        numbers: Mapping[ColumnSpec, int],
        portal_id: int,
        object_type_id: str,
        estimate: Callable[[Condition], int],
        *,
        rows_few: bool = False,
    ) -> None:
        self._numbers = numbers
        self._estimate = estimate
        self._rows_few = rows_few
        self.patterns: list[TokenPattern] = []
        self.bound: dict[str, Any] = {"portal_id": portal_id, "object_type_id": object_type_id}

    def bind(self, value: object) -> str:
        """A parameter of that value."""
        name = f"p{len(self.bound)}"
        if len(self.bound) > _KEYS_MAX:
            raise NotIndexedError
        self.bound[name] = value
        return f":{name}"

    def table(self, spec: ColumnSpec) -> str:
        """The table of a column."""
        letter = {"all": "u", "keys": "v", "options": "v", "terms": "f"}[spec.shape]
        return f"{letter}{self._numbers[spec]}"

    # --- sources -----------------------------------------------------------------------------

    def source(self, condition: Condition) -> str:
        """A SELECT of `record_id`, each once."""
        if isinstance(condition, AllOf):
            return self._source_of_all(condition.parts)
        if isinstance(condition, AnyOf):
            parts = [f"SELECT record_id FROM ({self.source(each)})" for each in condition.parts]
            return " UNION ".join(parts) if parts else self._none()
        if isinstance(condition, Linked):
            return self._linked(condition)
        if isinstance(condition, Mentions):
            terms = mentioned_terms(condition)
            return (
                self._none() if terms is None else self._with_terms(mentions_spec(condition), terms)
            )
        if isinstance(condition, HasTokens):
            return self._source_of_tokens(condition)
        if isinstance(condition, LacksTokens) or self._is_of_options(condition):
            return self._source_of_value(condition)
        assert isinstance(condition, Holds | Lacks | OneOf | NoneOf | Within)
        table = self.table(keys_spec(condition.field))
        return f"SELECT record_id FROM {table} WHERE {self._of_key(condition)}"

    def _none(self) -> str:
        return f"SELECT record_id FROM {self.table(ALL)} WHERE FALSE"

    def _source_of_all(self, parts: Sequence[Condition]) -> str:
        if not parts:
            return f"SELECT record_id FROM {self.table(ALL)}"
        if len(parts) == 1:
            return self.source(parts[0])
        rarest = min(parts, key=self._estimate)
        source = self.source(rarest)
        rows_few, self._rows_few = self._rows_few, self._estimate(rarest) <= _ROWS_FEW
        tests = [self.test(each, "d.record_id") for each in parts if each is not rarest]
        self._rows_few = rows_few
        return f"SELECT d.record_id FROM ({source}) AS d WHERE {' AND '.join(tests) or 'TRUE'}"

    def _source_of_tokens(self, condition: HasTokens) -> str:
        plan = plan_pattern(condition.pattern)
        if plan is None:
            return self._none()
        table = self.table(text_spec(condition.field))
        if plan == ANY_TEXT:
            return f"SELECT record_id FROM {table} WHERE k < {NO_KEY}"
        if not plan.terms:
            return (
                f"SELECT record_id FROM {table}"
                f" WHERE k < {NO_KEY} AND {self._looked_at(condition, plan)}"
            )
        found = self._with_terms(terms_spec(condition.field), plan.terms)
        if plan.is_complete:
            return found
        return (
            f"SELECT t.record_id FROM ({found}) AS t CROSS JOIN {table} AS v"
            f" ON v.record_id = t.record_id WHERE {self._looked_at(condition, plan)}"
        )

    def _source_of_value(self, condition: Condition) -> str:
        """Of a condition on options, or that tokens are lacking."""
        assert isinstance(condition, Holds | Lacks | OneOf | NoneOf | Within | LacksTokens)
        if isinstance(condition, OneOf | Within | Lacks):
            table = self.table(keys_spec(condition.field))
            # One key of a record stands there once.
            has_one = isinstance(condition, Lacks) or _has_one_key(condition)
            what = "record_id" if has_one else "DISTINCT record_id"
            return f"SELECT {what} FROM {table} WHERE {self._of_key(condition)}"
        test = self.test(condition, "u.record_id")
        return f"SELECT u.record_id FROM {self.table(ALL)} AS u WHERE {test}"

    def _with_terms(self, spec: ColumnSpec, terms: Sequence[Term]) -> str:
        table = self.table(spec)
        wanted = self.bind(_match(terms))
        return f"SELECT rowid AS record_id FROM {table} WHERE {table} MATCH {wanted}"

    def _linked(self, condition: Linked) -> str:
        ids = self.bind(_json(list(condition.record_ids)).decode())
        other = self.bind(condition.object_type_id)
        return (
            "SELECT DISTINCT a.to_record_id AS record_id"
            f" FROM json_each({ids}) AS i CROSS JOIN data.association AS a"
            " WHERE a.portal_id = :portal_id AND a.from_record_id = i.value"
            " AND a.to_object_type_id = :object_type_id"
            f" AND a.from_object_type_id = {other}"
            " AND EXISTS (SELECT 1 FROM data.record AS r WHERE r.portal_id = :portal_id"
            f" AND r.object_type_id = {other} AND r.record_id = i.value"
            " AND r.archived_at_ms IS NULL)"
            f" AND EXISTS (SELECT 1 FROM {self.table(ALL)} AS u"
            " WHERE u.record_id = a.to_record_id)"
        )

    # --- tests -------------------------------------------------------------------------------

    def test(self, condition: Condition, record_id: str) -> str:
        """Whether the record of an id, which is an active one, meets the condition."""
        if isinstance(condition, AllOf | AnyOf):
            word, empty = (" AND ", "TRUE") if isinstance(condition, AllOf) else (" OR ", "FALSE")
            parts = [self.test(each, record_id) for each in condition.parts]
            return f"({word.join(parts)})" if parts else empty
        if isinstance(condition, Linked):
            return f"+{record_id} IN ({self._linked(condition)})"
        if isinstance(condition, Mentions):
            terms = mentioned_terms(condition)
            if terms is None:
                return "FALSE"
            return self._test_of_terms(mentions_spec(condition), terms, record_id)
        if isinstance(condition, HasTokens):
            return self._test_of_tokens(condition, record_id)
        if isinstance(condition, LacksTokens):
            has = self._test_of_tokens(HasTokens(condition.field, condition.pattern), record_id)
            holds = self._exists(text_spec(condition.field), record_id, f"+k < {NO_KEY}")
            return f"({holds} AND NOT {has})"
        assert isinstance(condition, Holds | Lacks | OneOf | NoneOf | Within)
        spec = keys_spec(condition.field)
        if isinstance(condition, NoneOf) and spec.shape == "options":
            some = self.test(OneOf(condition.field, condition.keys), record_id)
            return f"({self.test(Holds(condition.field), record_id)} AND NOT {some})"
        return self._exists(spec, record_id, self._of_key(condition, "+k"))

    def _exists(self, spec: ColumnSpec, record_id: str, test: str) -> str:
        table = self.table(spec)
        return f"EXISTS (SELECT 1 FROM {table} WHERE record_id = {record_id} AND {test})"

    def _test_of_terms(self, spec: ColumnSpec, terms: Sequence[Term], record_id: str) -> str:
        # What begins with a term is put together anew for each row that is asked about.
        if not self._rows_few or any(each.is_prefix for each in terms):
            return f"+{record_id} IN ({self._with_terms(spec, terms)})"
        return f"EXISTS ({self._with_terms(spec, terms)} AND rowid = {record_id})"

    def _test_of_tokens(self, condition: HasTokens, record_id: str) -> str:
        plan = plan_pattern(condition.pattern)
        if plan is None:
            return "FALSE"
        tests = []
        if plan.terms:
            tests.append(self._test_of_terms(terms_spec(condition.field), plan.terms, record_id))
        if not plan.is_complete:
            looked_at = f"+k < {NO_KEY} AND {self._looked_at(condition, plan)}"
            tests.append(self._exists(text_spec(condition.field), record_id, looked_at))
        elif not plan.terms:
            tests.append(self._exists(text_spec(condition.field), record_id, f"+k < {NO_KEY}"))
        return f"({' AND '.join(tests)})"

    def _looked_at(self, condition: HasTokens, plan: TokenPlan) -> str:
        """Whether the text `k` matches: first by a piece that must stand in it."""
        self.patterns.append(condition.pattern)
        number = self.bind(len(self.patterns) - 1)
        return f"instr(k, {self.bind(plan.piece)}) > 0 AND moyeu_matches({number}, k)"

    # --- keys --------------------------------------------------------------------------------

    def _is_of_options(self, condition: Condition) -> bool:
        return (
            isinstance(condition, Holds | Lacks | OneOf | NoneOf | Within)
            and condition.field.kind == "choices"
        )

    def _of_key(self, condition: Holds | Lacks | OneOf | NoneOf | Within, k: str = "k") -> str:
        """What the key of a row of the column is asked; `+k` keeps its index out of it."""
        if isinstance(condition, Lacks):
            return f"{k} = {LACKING}"
        if isinstance(condition, Holds):
            return f"{k} < {LACKING}"
        if isinstance(condition, Within):
            return self._within(condition, k)
        keys = ", ".join(self.bind(each) for each in condition.keys)
        if isinstance(condition, OneOf):
            return f"{k} = {keys}" if len(condition.keys) == 1 else f"{k} IN ({keys})"
        return f"{k} < {LACKING} AND {k} NOT IN ({keys})"

    def _within(self, condition: Within, k: str) -> str:
        tests = [f"{k} < {NO_KEY}"]
        if condition.high is not None:
            tests = [f"{k} {'<=' if condition.high_included else '<'} {self.bind(condition.high)}"]
        if condition.low is not None:
            sign = ">=" if condition.low_included else ">"
            tests.append(f"{k} {sign} {self.bind(condition.low)}")
        return " AND ".join(tests)

    # --- walks -------------------------------------------------------------------------------

    def walk(self, condition: Condition) -> str:
        """What `source` answers, found by going through the ids in order and testing each."""
        parts = condition.parts if isinstance(condition, AllOf) else (condition,)
        base = next((each for each in parts if self._is_base(each)), None)
        tests = [self.test(each, "w.record_id") for each in parts if each is not base]
        table = self.table(ALL)
        if base is not None:
            assert isinstance(base, Holds | Lacks | OneOf | NoneOf | Within)
            table = self.table(keys_spec(base.field))
            tests.insert(0, self._of_key(base, "+w.k"))
        return f"SELECT w.record_id FROM {table} AS w WHERE {' AND '.join(tests) or 'TRUE'}"

    def _is_base(self, condition: Condition) -> bool:
        return isinstance(condition, Holds | NoneOf | OneOf | Within) and not self._is_of_options(
            condition
        )


def _has_one_key(condition: Condition) -> bool:
    return isinstance(condition, OneOf) and len(condition.keys) == 1


def _match(terms: Sequence[Term]) -> str:
    """The terms in FTS5's language; they have no characters that it gives a meaning."""
    return " AND ".join(f'"{each.text}"{" *" if each.is_prefix else ""}' for each in terms)
