"""What SQL has to be like to run on one PostgreSQL and on a cluster of them (Citus).

Citus keeps all rows of a portal on one node. A statement that names its portal goes to that node as
it is; other ones are cut up, sent everywhere, or refused. A parser reads the statements here, so
that a rule is about what is meant, wherever it stands.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, TypeVar

import sqlglot
from sqlglot import exp

from moyeu.storage.postgresql.migrate import DISTRIBUTED, REFERENCE

E = TypeVar("E", bound=exp.Expression)

ONE_ROW: Final = ("portal", "counter", "pull", "search_portal")
"""Tables with one row of each portal."""
_PLACE: Final = re.compile(r"%\((\w+)\)s")
_COMMENT: Final = re.compile(r"--[^\n]*")
_FORBIDDEN_CALL: Final = re.compile(
    r"\b(clock_timestamp|timeofday|random|nextval|setval|gen_random_uuid|set_config"
    r"|pg_(?:try_)?advisory_(?:lock|unlock)\w*)\s*\(",
    re.IGNORECASE,
)
_TURN_CALL: Final = re.compile(r"\bpg_(?:try_)?advisory_xact_lock\w*\s*\(", re.IGNORECASE)
_FORBIDDEN_WORD: Final = re.compile(r"\s*(LISTEN|NOTIFY|MERGE|COPY|LOCK)\b", re.IGNORECASE)


def broken_rules(statement: str) -> list[str]:
    """What a statement of the engine, with its `%(name)s` places, does that it must not."""
    text = _COMMENT.sub("", statement)
    found = [f"{each[1].lower()}() is called" for each in _FORBIDDEN_CALL.finditer(text)]
    if word := _FORBIDDEN_WORD.match(text):
        return [*found, f"it is a {word[1].upper()}"]
    if _TURN_CALL.search(text) and not re.search(r"\bFROM\s+\w", text, re.IGNORECASE):
        found.append("an advisory lock is taken on the node that is asked, not the portal's")
    for each in _parsed(_PLACE.sub(r":\1", text).replace("%%", "%")):
        found += _broken_in_any(each)
        found += _broken_in_statement(each)
    return found


def broken_rules_of_migration(text: str) -> list[str]:
    """What a file of migrations does that it must not; data may be of all portals."""
    found = [f"{each[1].lower()}() is called" for each in _FORBIDDEN_CALL.finditer(text)]
    for each in _parsed(text):
        found += _broken_in_any(each)
        if isinstance(each, exp.Create | exp.Alter):
            found += _broken_in_definition(each)
    return found


def tables_made(text: str) -> set[str]:
    """The tables that a file of migrations makes."""
    made = (each for each in _parsed(text) if isinstance(each, exp.Create))
    return {_table_of(each) for each in made if each.args["kind"] == "TABLE"}


def _parsed(text: str) -> list[exp.Expression]:
    parsed = sqlglot.parse(text, read="postgres")
    return [each for each in parsed if isinstance(each, exp.Expression) and each.key != "semicolon"]


# --- any SQL ----------------------------------------------------------------------------------


def _broken_in_any(parsed: exp.Expression) -> Iterator[str]:
    if isinstance(parsed, exp.Merge):
        yield "it is a MERGE"
    if isinstance(parsed, exp.Command):
        yield f"{parsed.name} is not known here"
    for item in parsed.find_all(exp.SetItem):
        if item.args.get("kind") != "LOCAL":
            yield "SET without LOCAL outlives the transaction"
    if any(parsed.find_all(exp.TemporaryProperty)):
        yield "a temporary table belongs to a session"


# --- definitions ------------------------------------------------------------------------------


def _broken_in_definition(parsed: exp.Create | exp.Alter) -> Iterator[str]:
    if parsed.args["kind"] == "TRIGGER":
        yield "it makes a trigger"
        return
    table = _table_of(parsed)
    if table in REFERENCE:
        return
    if table not in DISTRIBUTED:
        yield f"{table} is not in the table of distributed tables"
        return
    first = DISTRIBUTED[table]
    for what, columns in _keys(parsed):
        if columns[:1] != [first]:
            yield f"{what} ({', '.join(columns)}) of {table} does not begin with {first}"


def _table_of(parsed: exp.Expression) -> str:
    found = parsed.find(exp.Table)
    return "" if found is None else found.name


def _keys(parsed: exp.Expression) -> Iterator[tuple[str, list[str]]]:
    """Kind and columns of each key, index and constraint between tables."""
    for index in parsed.find_all(exp.Index):
        columns = index.args["params"].args["columns"]
        yield f"index {index.name}", [each.this.sql("postgres") for each in columns]
    for key in parsed.find_all(exp.PrimaryKey, exp.ForeignKey):
        yield key.key, [each.name for each in key.expressions]
    for column in parsed.find_all(exp.ColumnDef):
        for constraint in column.find_all(exp.ColumnConstraint):
            kind = constraint.args["kind"]
            single = exp.PrimaryKeyColumnConstraint, exp.UniqueColumnConstraint, exp.Reference
            if isinstance(kind, single):
                yield kind.key, [column.name]
    for unique in parsed.find_all(exp.UniqueColumnConstraint):
        if isinstance(unique.this, exp.Schema):
            yield "unique", [each.name for each in unique.this.expressions]
    for reference in parsed.find_all(exp.Reference):
        if isinstance(reference.this, exp.Schema):
            yield "reference", [each.name for each in reference.this.expressions]


# --- statements -------------------------------------------------------------------------------


def _broken_in_statement(parsed: exp.Expression) -> Iterator[str]:
    inserts = list(parsed.find_all(exp.Insert))
    if inserts and parsed.find(exp.With):
        yield "INSERT and WITH stand in one statement"
        return
    for each in inserts:
        yield from _broken_in_insert(each)
    for select in parsed.find_all(exp.Select):
        if select.args.get("locks") and not (select.args.get("order") or _refers(select)):
            yield "rows are locked in no order"
    made = frozenset(each.alias_or_name for each in parsed.find_all(exp.CTE))
    yield from _unbound(parsed, made, frozenset())


def _broken_in_insert(insert: exp.Insert) -> Iterator[str]:
    target, columns = _target(insert)
    if target.name in REFERENCE:
        return
    source = insert.expression
    key = DISTRIBUTED.get(target.name)
    if key not in columns:
        yield f"what is inserted into {target.name} has no {key}"
        return
    place = columns.index(str(key))
    if isinstance(source, exp.Values):
        for row in source.expressions:
            if not _is_place(row.expressions[place], str(key)):
                yield f"a row of {target.name} has a {key} of its own"
        return
    assert isinstance(source, exp.Select), type(source)
    if not any(each.name in DISTRIBUTED for each in _tables(source)):
        yield "what is inserted is read from no distributed table"
    given = source.expressions[place]
    if not (isinstance(given, exp.Column) and given.name == key):
        yield f"{key} is not read from the table that is read"
    if not (source.args.get("order") or _reads_one_row(source)):
        yield "rows are inserted in no order"
    if insert.args.get("returning") and not (target.alias or insert.args.get("conflict")):
        yield "INSERT … SELECT … RETURNING without an alias and without ON CONFLICT"


def _target(insert: exp.Insert) -> tuple[exp.Table, list[str]]:
    """Into which table, and its columns."""
    schema = insert.this
    assert isinstance(schema, exp.Schema), "an INSERT names its columns"
    assert isinstance(schema.this, exp.Table)
    return schema.this, [each.name for each in schema.expressions]


def _refers(select: exp.Select) -> bool:
    """Whether it reads nothing but tables that are whole on every node, which are small."""
    return all(each.name in REFERENCE for each in _tables(select))


def _reads_one_row(select: exp.Select) -> bool:
    """Whether it reads one table alone, and that has one row of each portal."""
    sources = list(_sources(select))
    return len(sources) == 1 and isinstance(sources[0], exp.Table) and sources[0].name in ONE_ROW


def _unbound(query: exp.Expression, made: frozenset[str], outside: frozenset[str]) -> Iterator[str]:
    """The tables of a query, and of those inside it, that no portal is named for.

    made: the names of what WITH makes. outside: names of tables around the query that a portal is
    named for.
    """
    tables = {each.alias_or_name: each for each in _tables(query)}
    distributed = {
        alias: DISTRIBUTED[each.name]
        for alias, each in tables.items()
        if each.name in DISTRIBUTED and each.name not in made
    }
    for each in tables.values():
        if not _is_known(each.name, made):
            yield f"{each.name} is not in the table of distributed tables"
    bound = _bound(query, distributed, outside.union(tables.keys() - distributed.keys()))
    for alias in sorted(distributed.keys() - bound):
        yield f"no {distributed[alias]} is named for {alias}"
    for inner in _inner_queries(query):
        yield from _unbound(inner, made, bound)


def _is_known(table: str, made: frozenset[str]) -> bool:
    """Whether a table is one of ours or the server's; the calls of functions have no name."""
    return not table or table in {*DISTRIBUTED, *REFERENCE, *made} or table.startswith("pg_")


def _bound(
    query: exp.Expression, distributed: Mapping[str, str], given: frozenset[str]
) -> frozenset[str]:
    """The names of tables whose portal is that of the statement, or that of one of `given`."""
    if isinstance(query, exp.Insert):
        return given.union(distributed)
    equal = [
        (_column(one, distributed), other)
        for each in _conditions(query)
        for one, other in ((each.left, each.right), (each.right, each.left))
    ]
    bound, before = given, None
    while bound != before:
        before = bound
        for column, other in equal:
            if column is None:
                continue
            alias, key = column
            fellow = _column(other, distributed)
            same = fellow is not None and fellow[1] == key and fellow[0] in bound
            if _is_place(other, key) or same:
                bound = bound.union({alias})
    return bound


def _column(side: exp.Expr, distributed: Mapping[str, str]) -> tuple[str, str] | None:
    """Table and name of a column that says on which node a row is.

    That of a table around the query is taken for one; its name is only looked for among those.
    """
    if not isinstance(side, exp.Column) or side.name not in DISTRIBUTED.values():
        return None
    alias = side.table or next(iter(distributed), "")
    return (alias, side.name) if distributed.get(alias, side.name) == side.name else None


def _is_place(given: exp.Expr, name: str) -> bool:
    """Whether a value is the one of that name that the statement is given."""
    value = given.this if isinstance(given, exp.Cast) else given
    return isinstance(value, exp.Placeholder) and value.name == name


def _conditions(query: exp.Expression) -> Iterator[exp.EQ]:
    """The equalities that hold for every row of a query."""
    where = query.args.get("where")
    roots = [where.this] if where else []
    roots += [join.args["on"] for join in _joins(query) if join.args.get("on")]
    while roots:
        each = roots.pop()
        if isinstance(each, exp.And):
            roots += [each.left, each.right]
        elif isinstance(each, exp.Paren):
            roots.append(each.this)
        elif isinstance(each, exp.EQ):
            yield each


def _sources(query: exp.Expression) -> Iterator[exp.Expression]:
    """What a query reads from and writes to, beside one another."""
    if isinstance(query, exp.Insert):
        yield _target(query)[0]
    elif isinstance(query, exp.Update | exp.Delete):
        yield query.this
    if read := query.args.get("from_"):
        yield read.this
    yield from query.args.get("using") or ()
    yield from (join.this for join in _joins(query))


def _joins(query: exp.Expression) -> Iterator[exp.Join]:
    """Joins of a query; those of a further table in USING or FROM hang on the first."""
    yield from query.args.get("joins") or ()
    first = [query.args["from_"].this] if query.args.get("from_") else []
    for each in (*first, *(query.args.get("using") or ())):
        yield from each.args.get("joins") or ()


def _tables(query: exp.Expression) -> list[exp.Table]:
    return [each for each in _sources(query) if isinstance(each, exp.Table)]


def _inner_queries(query: exp.Expression) -> list[exp.Expression]:
    """The queries right inside a query."""
    found: list[exp.Expression] = []
    for child in query.iter_expressions():
        found += _outermost(child)
    return found


def _outermost(node: exp.Expression) -> Iterable[exp.Expression]:
    if isinstance(node, exp.Select | exp.Update | exp.Delete | exp.Insert):
        return [node]
    return [found for child in node.iter_expressions() for found in _outermost(child)]
