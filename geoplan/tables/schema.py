"""What a table between stages holds: its columns with kind, null, unit and text, checked at every gate in one error."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any, Literal

import geopandas as gpd
import pandas as pd
from pyproj import CRS

from geoplan.words.errors import Note, TableError

#: ``flag`` has three values (True, False, NA), ``bool`` two; ``tuple`` and ``set`` hold text; ``any`` is not checked.
Kind = Literal["text", "float", "int", "bool", "flag", "tuple", "set", "geometry", "any"]

#: Kind -> dtype of an empty column.
_DTYPES: Mapping[Kind, str] = {
    "text": "object", "float": "float64", "int": "int64", "bool": "bool", "flag": "boolean", "tuple": "object", "set": "object",
    "geometry": "geometry", "any": "object",
}  # fmt: skip


@dataclass(frozen=True)
class Column:
    """One column: what stands in it, and whether it may be null (NaN, NA, None)."""

    kind: Kind
    text: str
    unit: str = ""
    null: bool = False
    values: tuple[str, ...] = ()
    """Closed list of what a column of text may hold; empty text is always allowed. None: any text."""

    @property
    def dtype(self) -> str:
        """Type of the column in pandas."""
        return "Int64" if self.kind == "int" and self.null else _DTYPES[self.kind]

    def fault(self, cells: pd.Series) -> tuple[str, str] | None:
        """Return the code and detail of what is wrong with `cells`; None where nothing is."""
        nulls = cells.isna()
        if nulls.any() and not (self.null or self.kind == "flag"):
            return "table_column_null", ", ".join(map(str, cells.index[nulls][:5]))
        stated = cells[~nulls]
        if not _KINDS[self.kind](stated):
            return "table_column_kind", str(cells.dtype)
        if self.values:
            odd = set(stated.unique()) - {"", *self.values}
            if odd:
                return "table_column_value", ", ".join(sorted(map(str, odd))[:5])
        return None


#: Kind -> what stands in a column of which nothing is recorded, where it may not be null.
_BLANK: Mapping[Kind, object] = {"text": "", "tuple": (), "set": frozenset(), "bool": False}


def _all(*types: type) -> Callable[[pd.Series], bool]:
    return lambda cells: all(isinstance(cell, types) for cell in cells)


def _numeric(cells: pd.Series) -> bool:
    return cells.empty or (pd.api.types.is_numeric_dtype(cells) and not pd.api.types.is_bool_dtype(cells))


#: Kind -> whether the cells that are not null are of it.
_KINDS: Mapping[Kind, Callable[[pd.Series], bool]] = {
    "text": lambda cells: pd.api.types.is_string_dtype(cells) or _all(str)(cells),
    "float": _numeric,
    "int": lambda cells: _numeric(cells) and bool((cells.astype("float64") % 1 == 0).all()),
    "bool": lambda cells: cells.empty or pd.api.types.is_bool_dtype(cells),
    "flag": lambda cells: cells.empty or pd.api.types.is_bool_dtype(cells.infer_objects()),
    "tuple": _all(tuple, list),
    "set": _all(frozenset, set),
    "geometry": lambda cells: cells.empty or isinstance(cells.dtype, gpd.array.GeometryDtype),
    "any": lambda cells: cells is not None,
}


@dataclass(frozen=True, eq=False)
class Schema(Mapping[str, Column]):
    """One table: what it is called in errors, its columns by name, and its key."""

    name: str
    columns: Mapping[str, Column]
    """Name -> column, in the order in which the table has them."""
    index: str | None = None
    """Name of the index; None where rows are only numbered."""
    key: tuple[str, ...] = ()
    """Columns that together name a row, where the index does not."""
    further: Mapping[str, Column] = field(default_factory=dict)
    """Pattern -> column: further columns that the table may have (``given_*``), by study."""

    def __getitem__(self, name: str) -> Column:
        return self.columns[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.columns)

    def __len__(self) -> int:
        return len(self.columns)

    def column(self, name: str) -> Column | None:
        """Return what is declared of a column; None where nothing is."""
        found = self.columns.get(name)
        return found or next((c for pattern, c in self.further.items() if fnmatchcase(name, pattern)), None)

    def check(self, table: pd.DataFrame, only: Iterable[str] | None = None, **how: Any) -> None:  # noqa: ANN401
        """Raise one TableError that names everything wrong with `table`; see `faults` for the further arguments."""
        raise_faults(self.faults(table, only, **how))

    def faults(
        self, table: pd.DataFrame, only: Iterable[str] | None = None, *, name: str = "", strict: bool = False, **ids: pd.Index
    ) -> list[Note]:  # fmt: skip
        """Return everything wrong with `table`.

        Parameters
        ----------
        only
            Columns that the caller reads; default: all. A key is checked where all of its columns are among them.
        name
            What the table is called in the error; default: the schema's name.
        strict
            Whether a column that is not declared is wrong too.
        ids
            Column -> index that must have every id in it; null is no id.

        Returns
        -------
        faults
            Columns that are missing, of the wrong kind, null where they may not be, outside of a closed list or not declared;
            duplicate keys; unknown ids.

        Examples
        --------
        >>> people = Schema("people", {"age": Column("int", "years"), "name": Column("text", "", null=True)}, index="id")
        >>> for fault in people.faults(pd.DataFrame({"age": [4, None], "name": ["a", None]}, index=[1, 1])):
        ...     print(fault.text("en"))
        table `people`: column `age` may not be null, but is at 1.
        table `people` has duplicate ids: 1.
        """
        wanted = list(self.columns if only is None else only)
        notes: list[Note] = []

        def fault(code: str, **values: object) -> None:
            notes.append(Note(code, "", None, "", {"table": name or self.name, **values}, "error"))

        missing = [column for column in wanted if column not in table.columns]
        if missing:
            fault("table_column_missing", columns=", ".join(missing))
        for column in table.columns if strict else [column for column in wanted if column in table.columns]:
            declared = self.column(str(column))
            if declared is None:
                fault("table_column_undeclared", column=column)
            elif wrong := declared.fault(table[column]):
                fault(wrong[0], column=column, found=wrong[1], wanted=declared.kind)
        keys = table.index if self.index else pd.MultiIndex.from_frame(table[list(self.key)]) if self._has_key(table, wanted) else None  # fmt: skip
        if keys is not None and not keys.is_unique:
            fault("table_duplicate_key", ids=_few(keys[keys.duplicated()]))
        for column, known in ids.items():
            unknown = table[column].dropna() if column in table.columns else pd.Series()
            unknown = unknown[~unknown.isin(known)]
            if len(unknown):
                fault("table_unknown_id", column=column, other=str(known.name or column), ids=_few(unknown))
        return notes

    def _has_key(self, table: pd.DataFrame, wanted: Iterable[str]) -> bool:
        return bool(self.key) and set(self.key) <= {*wanted} & {*table.columns}

    def typed(self, table: pd.DataFrame) -> pd.DataFrame:
        """Return a table with numbers, truth values and flags in the schema's types; text stays as it is."""
        kinds = {n: c.dtype for n, c in self.columns.items() if n in table and c.kind in ("float", "int", "bool", "flag")}  # fmt: skip
        return table.astype(kinds)

    def completed(self, table: pd.DataFrame) -> pd.DataFrame:
        """Return a table with the columns that it lacks, null or empty, and without those that are not declared.

        Numbers that are always known are no column to be made up: they stay missing.

        Examples
        --------
        >>> schema = Schema("people", {"age": Column("int", "", null=True), "name": Column("text", ""), "id": Column("int", "")})
        >>> schema.completed(pd.DataFrame({"x": [1]})).isna().to_dict("list")
        {'age': [True], 'name': [False]}
        """
        more = {
            name: pd.Series(
                [None if c.null else _BLANK.get(c.kind)] * len(table), index=table.index, dtype=c.dtype
            )
            for name, c in self.columns.items()
            if name not in table.columns
            and (c.null or c.kind in _BLANK or table.empty)
            and c.kind != "geometry"
        }
        return table.drop(columns=[n for n in table.columns if self.column(str(n)) is None]).assign(**more)

    def joined(self, tables: Iterable[pd.DataFrame]) -> pd.DataFrame:
        """Return tables under each other, with all columns of the schema and in its types; what a table lacks is null."""
        kept = [table.reindex(columns=list(self)).astype(object) for table in tables if len(table)]
        return self.typed(pd.concat(kept, ignore_index=True)) if kept else self.empty()

    def empty(self) -> pd.DataFrame:
        """Return a table without rows, its columns of the right types; see `empty_shapes` for one with geometry.

        Examples
        --------
        >>> Schema("reach", {"demand_id": Column("int", ""), "seconds": Column("float", "")}).empty().dtypes.astype(str).to_list()
        ['int64', 'float64']
        """
        rows = pd.Index([], name=self.index, dtype=object) if self.index else pd.RangeIndex(0)
        plain = {n: pd.Series([], index=rows, dtype=c.dtype) for n, c in self.columns.items() if c.kind != "geometry"}  # fmt: skip
        return pd.DataFrame(plain, index=rows)

    def empty_shapes(self, crs: CRS | str | None = None) -> gpd.GeoDataFrame:
        """Return a table without rows, with its column of geometry in `crs`."""
        table = self.empty()
        return gpd.GeoDataFrame(table, geometry=gpd.GeoSeries([], index=table.index), crs=crs)


def _few(ids: "pd.Index | pd.Series") -> str:
    """Return the first ids, each once, as messages print them."""
    return ", ".join(map(str, ids.unique()[:10]))


def raise_faults(*faults: Iterable[Note]) -> None:
    """Raise one TableError of all that several tables are found to be wrong in; nothing where there is none."""
    notes = [note for each in faults for note in each]
    if notes:
        raise TableError(*notes)


def check_columns(table: pd.DataFrame, columns: Iterable[str], *, name: str) -> None:
    """Raise TableError naming every column that `table` lacks."""
    missing = ", ".join(column for column in columns if column not in table.columns)
    if missing:
        raise TableError(Note.of("table_column_missing", table=name, columns=missing, severity="error"))


def check_unique_index(table: pd.DataFrame | pd.Series, *, name: str) -> None:
    """Raise TableError naming duplicate keys of `table`."""
    if not table.index.is_unique:
        twice = _few(table.index[table.index.duplicated()])
        raise TableError(Note.of("table_duplicate_key", table=name, ids=twice, severity="error"))


def check_ids(table: pd.DataFrame, *, name: str, **known: pd.Index) -> None:
    """Raise TableError where a column of `table`, given by keyword, names an id that the index given lacks.

    Examples
    --------
    >>> pairs = pd.DataFrame({"demand_id": [1, 9]})
    >>> check_ids(pairs, name="reach", demand_id=pd.Index([1, 2], name="demand"))
    Traceback (most recent call last):
    geoplan.words.errors.TableError: table `reach`: demand_id names ids that `demand` lacks: 9.
    """
    for column, index in known.items():
        unknown = table.loc[~table[column].isin(index), column]
        if len(unknown):
            ids, other = _few(unknown), str(index.name or column)
            raise TableError(Note.of("table_unknown_id", table=name, column=column, other=other, ids=ids))
