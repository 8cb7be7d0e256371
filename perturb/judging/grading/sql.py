"""SQL: two statements are one when they give the same rows, or leave the same tables, on the data of the context.

Run in an SQLite in memory with no way to a file; other dialects are translated by sqlglot.
"""

from __future__ import annotations

import re
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from typing import Any

from perturb.judging.grading.kinds import Context, Judged, Reading, UnusableError, kind, said, text

_STEPS = 2_000_000
_DIALECTS = {
    "postgres": "postgres", "mysql": "mysql", "mariadb": "mysql", "mssql": "tsql", "sql server": "tsql",
    "tsql": "tsql", "t sql": "tsql", "oracle": "oracle", "bigquery": "bigquery", "snowflake": "snowflake",
    "duckdb": "duckdb", "redshift": "redshift", "spark": "spark", "hive": "hive", "clickhouse": "clickhouse",
    "presto": "presto", "trino": "trino",
}  # fmt: skip
Outcome = tuple[list[tuple[Any, ...]] | None, dict[str, Any]]


@kind("sql")
def sql(context: Context, expected: Any, got: Any, _reading: Reading) -> Judged:
    """The same rows (in order under ORDER BY), or the same resulting tables."""
    wanted = text(expected, "expected")
    if not isinstance(got, str):
        return Judged(False, "not a text")
    dialect = next((name for word, name in _DIALECTS.items() if word in said(context, "dialect")), "sqlite")
    ordered = _is_ordered(wanted)
    for backwards in (False, True):
        try:
            one = _run(wanted, context, dialect, backwards)
        except (sqlite3.Error, ValueError) as problem:
            raise UnusableError(f"expected: {problem}") from problem
        try:
            other = _run(got, context, dialect, backwards)
        except (sqlite3.Error, ValueError) as problem:
            return Judged(False, f"fails: {problem}")
        verdict = _compared(one, other, ordered and not (backwards and _is_ordered(got)))
        if not verdict.equal:
            return verdict
    return Judged(True)


def _is_ordered(statement: str) -> bool:
    """Whether the last statement's outermost query has an ORDER BY."""
    bare = re.sub(r"'(?:[^']|'')*'|\"[^\"]*\"|--[^\n]*|/\*.*?\*/", "''", statement, flags=re.DOTALL)
    bare = bare.strip().rstrip(";").rpartition(";")[2]
    depth, top = 0, []
    for char in bare:
        depth += (char == "(") - (char == ")")
        if depth == 0:
            top.append(char)
    return re.search(r"\border\s+by\b", "".join(top), re.IGNORECASE) is not None


def _compared(one: Outcome, other: Outcome, ordered: bool) -> Judged:
    rows, tables = one
    if tables != other[1]:
        odd = next(n for n in {**tables, **other[1]} if tables.get(n) != other[1].get(n))
        return Judged(False, f"the table {odd} differs afterwards")
    if (rows is None) != (other[0] is None):
        return Judged(False, "one is a query, the other is none")
    if rows is None or other[0] is None:
        return Judged(True)
    if ordered:
        equal = [_row(r) for r in rows] == [_row(r) for r in other[0]]
        return Judged(equal, "" if equal else "other rows, or another order")
    equal = Counter(map(_row, rows)) == Counter(map(_row, other[0]))
    return Judged(equal, "" if equal else "other rows")


def _row(row: tuple[Any, ...]) -> tuple[Any, ...]:
    """A row for comparing: 1 is 1.0, text is not a number."""
    return tuple(("n", value) if isinstance(value, int | float) else (type(value).__name__, value) for value in row)


def _run(statement: str, context: Context, dialect: str, backwards: bool) -> Outcome:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as base:
        left = [_STEPS // 1000]

        def step() -> int:
            left[0] -= 1
            return int(left[0] < 0)

        base.execute("PRAGMA trusted_schema=OFF")
        for line in _setup(context):
            for one in _translated(line, dialect):
                base.execute(one)
        for table, rows in _loaded(context):
            for row in rows:
                _insert(base, table, row)
        if dialect not in ("sqlite", "mysql"):
            base.execute("PRAGMA case_sensitive_like=ON")
        if backwards:
            base.execute("PRAGMA reverse_unordered_selects=ON")
        base.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, 10_000_000)
        base.set_progress_handler(step, 1000)
        base.set_authorizer(_allowed)
        rows_of: list[tuple[Any, ...]] | None = None
        for one in _translated(statement, dialect):
            cursor = base.execute(one)
            fetched = cursor.fetchmany(100_000)
            rows_of = fetched if cursor.description is not None else rows_of
        base.set_authorizer(None)
        return rows_of, _tables(base)


def _allowed(action: int, *_args: Any) -> int:
    banned = (sqlite3.SQLITE_ATTACH, sqlite3.SQLITE_DETACH, sqlite3.SQLITE_PRAGMA)
    return sqlite3.SQLITE_DENY if action in banned else sqlite3.SQLITE_OK


def _tables(base: sqlite3.Connection) -> dict[str, Any]:
    base.execute("PRAGMA reverse_unordered_selects=OFF")
    base.set_progress_handler(None, 0)
    found: dict[str, Any] = {}
    names = base.execute("SELECT name, type, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'").fetchall()
    for name, what, source in names:
        quoted = '"' + str(name).replace('"', '""') + '"'
        if what == "table":
            columns = [tuple(c[1:6]) for c in base.execute(f"PRAGMA table_info({quoted})")]
            found[name] = (columns, Counter(map(_row, base.execute(f"SELECT * FROM {quoted}"))))
        else:
            found[f"{what} {name}"] = " ".join(str(source).lower().split())
    return found


def _setup(context: Context) -> Iterator[str]:
    """The statements that make the tables and fill them."""
    for key in ("schema", "data"):
        value = context.get(key)
        if isinstance(value, str):
            yield value
        elif isinstance(value, list):
            yield from (one for one in value if isinstance(one, str))
        elif key == "schema" and isinstance(value, dict):
            for table, columns in value.items():
                yield _created(table, columns)


def _created(table: str, columns: Any) -> str:
    if isinstance(columns, str):
        return columns if columns.lstrip().lower().startswith("create") else f"CREATE TABLE {table} ({columns})"
    if isinstance(columns, dict):
        columns = columns.get("columns", columns)
    rows = columns.items() if isinstance(columns, dict) else columns
    told = [
        row if isinstance(row, str) else " ".join(map(str, row.values() if isinstance(row, dict) else row))
        for row in rows
    ]
    return f"CREATE TABLE {table} ({', '.join(told)})"


def _loaded(context: Context) -> Iterator[tuple[str, list[Any]]]:
    data = context.get("data")
    if isinstance(data, dict):
        for table, rows in data.items():
            yield table, rows if isinstance(rows, list) else []


def _insert(base: sqlite3.Connection, table: str, row: Any) -> None:
    quoted = '"' + table.replace('"', '""') + '"'
    if isinstance(row, dict):
        names = ", ".join('"' + name.replace('"', '""') + '"' for name in row)
        base.execute(f"INSERT INTO {quoted} ({names}) VALUES ({', '.join('?' * len(row))})", list(row.values()))
    else:
        base.execute(f"INSERT INTO {quoted} VALUES ({', '.join('?' * len(row))})", list(row))


def _translated(statement: str, dialect: str) -> list[str]:
    """Single statements of SQLite. Raises ValueError for what the dialect cannot read."""
    if dialect == "sqlite":
        return list(_split(statement))
    try:
        import sqlglot
        from sqlglot import exp
    except ImportError as error:
        raise ValueError("SQL of this dialect is read by sqlglot: pip install 'perturb-agents[sql]'") from error

    if len(statement) > 20_000:
        raise ValueError("too long")
    try:
        trees = [tree for tree in sqlglot.parse(statement, read=dialect) if tree is not None]
    except (sqlglot.errors.SqlglotError, RecursionError) as error:
        raise ValueError(str(error).partition("\n")[0][:120]) from error
    if dialect == "mysql":
        for tree in trees:
            for column in tree.find_all(exp.ColumnDef):
                if column.kind is not None and column.kind.is_type(*exp.DataType.TEXT_TYPES):
                    rule = exp.ColumnConstraint(kind=exp.CollateColumnConstraint(this=exp.var("NOCASE")))
                    column.append("constraints", rule)
    return [tree.sql(dialect="sqlite") for tree in trees]


def _split(statement: str) -> Iterator[str]:
    piece = ""
    for part in statement.split(";"):
        piece += part + ";"
        if sqlite3.complete_statement(piece):
            if piece.strip(" ;\n\t"):
                yield piece
            piece = ""
    if piece.strip(" ;\n\t"):
        yield piece
