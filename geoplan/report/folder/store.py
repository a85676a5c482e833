"""A run's outcome on disk, so that a later command can draw and compare it without running again.

``outcome/`` in a run's folder holds ``outcome.json`` (plain values, and what each column is) and one Parquet file a table:
geometry as WKB, numbers bit for bit, and cells that are sets, tuples or of mixed types as tagged JSON. Nothing in it is
executed when it is read. The same outcome gives the same bytes. ``outcome.json`` says the format's number and the SHA-256 of every
table and of itself, so that a file that was changed, cut or mixed with those of another run is refused.
"""

import dataclasses
import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, cast

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import shapely

from geoplan.report.folder.delivery import latest_run
from geoplan.report.folder.formats import carried_over
from geoplan.tables import NeedRate, Outcome, Service, Source, Tiles
from geoplan.words.errors import GeoplanError, InputError, Note

FOLDER, FILE = "outcome", "outcome.json"
#: Number of the format. Older ones are carried over by `formats.carried_over`; newer ones are refused.
FORMAT = 4
_INDEX = "__index__"

#: Tables that a folder lacks where no siting question was asked.
_SITING = (
    "candidates", "sites", "answers", "curve", "unmet", "site_isochrones", "site_support",
    "site_judged", "site_flags", "site_left", "alternatives",
)  # fmt: skip

#: What a column may be: the name in ``outcome.json``, the pandas dtype, the Arrow type that keeps it.
_PLAIN: Mapping[str, tuple[str, pa.DataType]] = {
    "bool": ("bool", pa.bool_()),
    "int64": ("int64", pa.int64()),
    "int32": ("int32", pa.int32()),
    "float64": ("float64", pa.float64()),
    "Int64": ("Int64", pa.int64()),
    "boolean": ("boolean", pa.bool_()),
}


def write_outcome(outcome: Outcome, folder: Path) -> Path:
    """Write `outcome` into ``folder/outcome``.

    Parameters
    ----------
    outcome
        What a run found out.
    folder
        The run's folder.

    Returns
    -------
    path
        Folder of the files written.

    Raises
    ------
    TypeError
        If a column is of a type that the format does not know.
    """
    target = folder / FOLDER
    target.mkdir(parents=True, exist_ok=True)
    values: dict[str, Any] = {}
    tables: dict[str, Any] = {}
    for entry in dataclasses.fields(outcome):
        value = getattr(outcome, entry.name)
        if isinstance(value, pd.DataFrame):
            if entry.name in _SITING and _not_asked(value, entry):
                continue
            table, tables[entry.name] = _packed(value)
            path = target / f"{entry.name}.parquet"
            # no statistics and no pandas block: the bytes depend on the values alone
            pq.write_table(table, path, compression="zstd", write_statistics=False)
            tables[entry.name]["sha256"] = _sha256(path.read_bytes())
        elif entry.name == "services":
            values[entry.name] = _tagged([dataclasses.asdict(service) for service in value.values()])
        elif entry.name == "sources":
            values[entry.name] = [dataclasses.asdict(source) for source in value]
        elif entry.name == "tiles":
            values[entry.name] = _tagged(None if value is None else dataclasses.asdict(value))
        else:
            values[entry.name] = _tagged(value)
    record: dict[str, Any] = {"format": FORMAT, "values": values, "tables": tables}
    record["sha256"] = _sha256(_text(record))
    (target / FILE).write_bytes(_text(record))
    return target


def _text(record: Mapping[str, Any]) -> bytes:
    text = json.dumps(record, ensure_ascii=False, indent=1, sort_keys=True, allow_nan=False)
    return (text + "\n").encode("utf-8")


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _not_asked(table: pd.DataFrame, entry: dataclasses.Field[Any]) -> bool:
    """Return whether a table is as empty as an outcome has it where nobody asked: it is left out and read as that."""
    usual = cast("Callable[[], pd.DataFrame]", entry.default_factory)()
    return len(table) == 0 and type(table) is type(usual) and table.dtypes.equals(usual.dtypes)


def read_outcome(folder: Path) -> Outcome:
    """Return the outcome that :func:`write_outcome` wrote.

    Parameters
    ----------
    folder
        A run's folder, its ``outcome`` folder, or a folder of results (then its latest run).

    Raises
    ------
    InputError
        If there is no outcome, a file of it is missing or not as it was written, a newer version of geoplan wrote it, or an older one
        whose outcome lacks what this one needs.
    """
    found = find_outcome(folder)
    if found is None:
        raise InputError(Note.of("outcome_missing", file=str(folder), severity="error"))
    try:
        record = json.loads((found / FILE).read_text(encoding="utf-8"))
        number = record.get("format", 1)
        _check_record(record, number, file=str(found))
        values = {name: _untagged(value) for name, value in record["values"].items() if name != "sources"}
        values["sources"] = tuple(Source(**entry) for entry in record["values"]["sources"])
        values["tiles"] = Tiles(**values["tiles"]) if values.get("tiles") else None
        for name, told in record["tables"].items():
            values[name] = _read_table(found / f"{name}.parquet", told, checked=number > 1)
        if number > 1:
            values["services"] = {entry["name"]: _service(entry) for entry in values["services"]}
        return Outcome(**values) if number == FORMAT else carried_over(values, number, file=str(found))
    except (OSError, KeyError, TypeError, ValueError, pa.ArrowException) as error:
        if isinstance(error, GeoplanError):
            raise
        why = " ".join(str(error).split())
        raise InputError(Note.of("outcome_damaged", file=str(found), why=why, severity="error")) from error


def _check_record(record: dict[str, Any], number: int, *, file: str) -> None:
    """Raise where a newer version wrote the record, or it is not as it was written; takes its checksum out."""
    if number > FORMAT:
        raise InputError(Note.of("outcome_newer", file=file, found=number, known=FORMAT, severity="error"))
    if number > 1 and record.pop("sha256") != _sha256(_text(record)):
        raise ValueError(f"{FILE}: SHA-256")


def _read_table(path: Path, told: Mapping[str, Any], *, checked: bool) -> pd.DataFrame:
    """Return a table; a file that is not the one written is a ValueError."""
    content = path.read_bytes()
    if checked and told["sha256"] != _sha256(content):
        raise ValueError(f"{path.name}: SHA-256")
    return _unpacked(pq.read_table(pa.BufferReader(content)), told)


def _service(entry: Mapping[str, Any]) -> Service:
    """Return a service from its plain values."""
    decay = None if entry["decay"] is None else {float(m): w for m, w in entry["decay"].items()}
    need = None if entry["need"] is None else NeedRate(**entry["need"])
    return Service(**{**entry, "decay": decay, "need": need})


def find_outcome(folder: Path) -> Path | None:
    """Return the folder that holds the outcome: of a run, or of the latest run in a folder of results; else None.

    Examples
    --------
    >>> find_outcome(Path("no-such-folder")) is None
    True
    """
    run = latest_run(folder)
    options = [folder, folder / FOLDER, *([] if run is None else [run / FOLDER])]
    return next((option for option in options if (option / FILE).is_file()), None)


def _packed(table: pd.DataFrame) -> tuple[pa.Table, dict[str, Any]]:
    """Return a table as Arrow, and what each column is."""
    geometry = table.geometry.name if isinstance(table, gpd.GeoDataFrame) and len(table.columns) else None
    arrays, columns = [], []
    for name in table.columns:
        if name == geometry:
            array, kind = pa.array(_wkb(table[name]), type=pa.binary()), "geometry"
        else:
            array, kind = _column(table[name])
        arrays.append(array)
        columns.append([str(name), kind])
    index: dict[str, Any] = {"name": table.index.name}
    if isinstance(table.index, pd.RangeIndex):
        index["range"] = [table.index.start, table.index.stop, table.index.step]
    else:
        array, index["kind"] = _column(table.index.to_series())
        arrays.append(array)
    told: dict[str, Any] = {"columns": columns, "index": index, "geo": isinstance(table, gpd.GeoDataFrame)}
    if geometry is not None:
        crs = cast("gpd.GeoDataFrame", table).crs
        told["crs"] = None if crs is None else crs.to_wkt()
    names = [name for name, _ in columns] + ([_INDEX] if "kind" in index else [])
    return pa.table(dict(zip(names, arrays, strict=True))), told


def _wkb(shapes: pd.Series) -> list[bytes | None]:
    return list(shapely.to_wkb(np.asarray(shapes.array, dtype=object)))


def _column(values: pd.Series) -> tuple[pa.Array, str]:
    """Return a column as Arrow and its kind: a plain dtype, ``text``, or ``mixed`` (tagged JSON)."""
    kind = str(values.dtype)
    if kind in ("Int64", "boolean"):
        return pa.array(values.array, type=_PLAIN[kind][1], from_pandas=True), kind
    if kind in _PLAIN:
        return pa.array(values.to_numpy(), type=_PLAIN[kind][1], from_pandas=False), kind
    if kind in ("str", "string"):
        return pa.array(values.array, type=pa.string(), from_pandas=True), "text"
    if kind == "object":
        return pa.array([_json(v) for v in values], type=pa.string()), "mixed"
    raise TypeError(f"column `{values.name}`: {kind} has no place in the stored outcome")


def _unpacked(table: pa.Table, told: Mapping[str, Any]) -> pd.DataFrame:
    """Return the table that was packed."""
    index = told["index"]
    if "range" in index:
        start, stop, step = index["range"]
        labels: pd.Index = pd.RangeIndex(start, stop, step, name=index["name"])
    else:
        labels = pd.Index(_series(table[_INDEX], index["kind"], None), name=index["name"])
    data = {name: _series(table[name], kind, labels) for name, kind in told["columns"] if kind != "geometry"}
    shapes = next((name for name, kind in told["columns"] if kind == "geometry"), None)
    if not told["geo"]:
        return pd.DataFrame(data, index=labels)
    if shapes is None:
        plain: pd.DataFrame = gpd.GeoDataFrame(pd.DataFrame(data, index=labels))
        return plain
    data[shapes] = gpd.GeoSeries(
        shapely.from_wkb(np.array(table[shapes].to_pylist(), dtype=object)), index=labels, crs=told["crs"]
    )
    ordered = {name: data[name] for name, _ in told["columns"]}
    shaped: pd.DataFrame = gpd.GeoDataFrame(ordered, geometry=shapes, crs=told["crs"])
    return shaped


def _series(array: pa.ChunkedArray, kind: str, labels: pd.Index | None) -> pd.Series:
    if kind == "mixed":
        return pd.Series([_unjson(text) for text in array.to_pylist()], index=labels, dtype=object)
    if kind == "text":
        # the dtype that this pandas gives to text: `str`, before pandas 3 `object`
        return pd.Series(array.to_pylist(), index=labels, dtype=pd.Series(["a"]).dtype)
    if kind in ("Int64", "boolean"):
        return pd.Series(pd.array(array.to_pylist(), dtype=kind), index=labels)
    return pd.Series(array.to_numpy().astype(_PLAIN[kind][0]), index=labels)


_ENCODER = json.JSONEncoder(ensure_ascii=False, sort_keys=True)


def _json(value: object) -> str | None:
    return None if value is None else _ENCODER.encode(_tagged(value))


def _unjson(text: str | None) -> Any:  # noqa: ANN401 - whatever was packed
    return None if text is None else _untagged(json.loads(text))


def _tagged(value: Any) -> Any:  # noqa: ANN401 - whatever stands in a cell
    """Return a value as JSON that keeps what JSON does not know: tuples, sets, NaN, infinity, NA.

    Examples
    --------
    >>> _tagged(("a", float("nan")))
    {'tuple': ['a', {'float': 'nan'}]}
    """
    if isinstance(value, np.generic):
        value = value.item()
    if value is pd.NA:
        return {"na": True}
    if isinstance(value, float) and not np.isfinite(value):
        return {"float": str(value)}
    if isinstance(value, tuple):
        return {"tuple": [_tagged(item) for item in value]}
    if isinstance(value, frozenset | set):
        return {"set": sorted(str(item) for item in value)}
    if isinstance(value, list):
        return [_tagged(item) for item in value]
    if isinstance(value, Mapping):
        return {"map": [[str(key), _tagged(item)] for key, item in value.items()]}
    if value is None or isinstance(value, str | bool | int | float):
        return value
    raise TypeError(f"{type(value).__name__} has no place in the stored outcome")


def _untagged(value: Any) -> Any:  # noqa: ANN401 - whatever was tagged
    if isinstance(value, list):
        return [_untagged(item) for item in value]
    if not isinstance(value, dict):
        return value
    [(tag, inner)] = value.items()
    if tag == "tuple":
        return tuple(_untagged(item) for item in inner)
    if tag == "set":
        return frozenset(inner)
    if tag == "map":
        return {key: _untagged(item) for key, item in inner}
    return pd.NA if tag == "na" else float(inner)
