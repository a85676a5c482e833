"""The record of a run: ``run.json``, from which every number can be traced and the run repeated.

Canonical JSON: keys in order, UTF-8, no clock. What differs from machine to machine stands in ``environment`` alone, so
that two runs on the same inputs differ in that block only.
"""

import dataclasses
import hashlib
import importlib.metadata
import json
import math
import platform
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from geoplan.report.content.names import rows_of
from geoplan.tables import ANSWERS, STATES, Outcome

FILE = "run.json"
#: Number of its format. Without one: the form of the first version, whose ``services`` hold ``frail_ms``.
FORMAT = 2
#: Files of a run that its record does not list: itself, and what differs between machines.
NOT_LISTED = (FILE, "run.log")
_PACKAGES = (
    "exactextract", "folium", "geopandas", "geoplan", "matplotlib", "networkx", "numba", "numpy", "osmium", "osmnx", "pandas",
    "pyogrio", "pyproj", "python-docx", "rasterio", "scipy", "shapely", "xlsxwriter",
)  # fmt: skip


def write_manifest(
    outcome: Outcome, folder: Path, *, version: str, environment: Mapping[str, Any] | None = None
) -> Path:
    """Write ``run.json`` into `folder`, listing every file there with its checksum.

    Parameters
    ----------
    folder
        The run's folder, with its other files written.
    version
        Version of geoplan.
    environment
        What may differ between machines and runs (`environment_block`).

    Returns
    -------
    path
        Of the file written.
    """
    files = sorted(path for path in folder.iterdir() if path.is_file() and path.name not in NOT_LISTED)
    record = manifest(outcome, version=version, files=files) | {"environment": dict(environment or {})}
    path = folder / FILE
    path.write_bytes((canonical(record) + "\n").encode("utf-8"))
    return path


#: Files that depend on a former run of the folder, and not on the inputs alone.
TOLD_AGAINST = ("meeting.docx",)


def manifest(outcome: Outcome, *, version: str, files: Iterable[Path] = ()) -> dict[str, Any]:
    """Return the record of a run without its environment, and under ``fingerprint`` the SHA-256 of all the rest.

    A file that tells what changed since another run (`TOLD_AGAINST`) is no part of the fingerprint: the same inputs give the same one.
    """
    record: dict[str, Any] = {
        "format": FORMAT,
        "geoplan": version,
        "study": {
            "name": outcome.name,
            "year": outcome.year,
            "lang": outcome.lang,
            "synthetic": outcome.synthetic,
            "crs": outcome.crs,
        },
        "sources": [vars(source) for source in outcome.sources],
        "parameters": rows_of(outcome.parameters),
        "services": {
            name: dataclasses.asdict(one) | {"straight_m": one.straight_m}
            for name, one in outcome.services.items()
        },
        "groups": {
            str(key): row for key, row in zip(outcome.groups.index, rows_of(outcome.groups), strict=True)
        },
        "counts": _counts(outcome),
        "circle": rows_of(outcome.circle[outcome.circle["zone_id"].isin(_whole(outcome))]),
        "findings": rows_of(outcome.findings),
        "reconciliation": rows_of(outcome.reconciliation),
        "warnings": {str(k): int(v) for k, v in outcome.warnings["code"].value_counts().items()},
        "files": [
            {"file": path.name, "bytes": path.stat().st_size, "sha256": sha256(path)} for path in files
        ],
    }
    if len(outcome.answers):
        record["siting"] = _answers(outcome.answers)
    own = [file for file in record["files"] if file["file"] not in TOLD_AGAINST]
    told = canonical(record | {"files": own})
    return record | {"fingerprint": hashlib.sha256(told.encode("utf-8")).hexdigest()}


def environment_block(*, started: str = "", seconds: Mapping[str, float] | None = None) -> dict[str, Any]:
    """Return what differs between machines: system, versions, when, and how long each stage took."""
    versions = {}
    for name in _PACKAGES:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    block = {
        "python": sys.version.split()[0],
        "system": platform.platform(),
        "machine": platform.machine(),
        "packages": versions,
    }
    return block | {"started": started, "seconds": {k: round(v, 3) for k, v in (seconds or {}).items()}}


def canonical(record: object) -> str:
    """Return `record` as JSON with keys in order; what is not finite becomes null or ``"inf"``.

    Examples
    --------
    >>> canonical({"b": float("nan"), "a": (1, float("inf"))}).replace(chr(10), "").replace(" ", "")
    '{"a":[1,"inf"],"b":null}'
    """
    return json.dumps(_plain(record), ensure_ascii=False, sort_keys=True, indent=1, allow_nan=False)


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _whole(outcome: Outcome) -> list[str]:
    return list(outcome.zones.index[outcome.zones["level"].isin(["area", "district"])])


def _counts(outcome: Outcome) -> dict[str, Any]:
    levels = outcome.zones["level"].value_counts()
    states = outcome.flags.loc[outcome.flags["flag_kind"] != "reference", "state"]
    return {
        "zones": {str(level): int(count) for level, count in levels.items()},
        "demand_points": int((~outcome.demand["halo"].astype(bool)).sum()),
        "halo_points": int(outcome.demand["halo"].astype(bool).sum()),
        "facilities": len(outcome.facilities),
        "unplaced": len(outcome.unplaced),
        "flags": {state: int((states == state).sum()) for state in STATES},
        "verdicts": {str(k): int(v) for k, v in outcome.findings["verdict"].value_counts().items()},
    }


def _answers(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return what was asked and proven, without how long it took: the same inputs give the same bytes."""
    counts = ("sites", "candidates", "nodes")
    kept = [column for column in ANSWERS if column in table.columns and column != "seconds"]
    return [
        {key: int(row[key]) if key in counts and not pd.isna(row[key]) else row[key] for key in kept}
        for row in rows_of(table)
    ]


def _plain(value: Any) -> Any:  # noqa: ANN401 - whatever a table holds
    """Return `value` as JSON can hold it."""
    if isinstance(value, Mapping):
        return {str(key): _plain(entry) for key, entry in value.items()}
    if isinstance(value, set | frozenset):
        return sorted(_plain(entry) for entry in value)
    if isinstance(value, list | tuple | np.ndarray):
        return [_plain(entry) for entry in value]
    if value is None or value is pd.NA or value is pd.NaT:
        return None
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if isinstance(value, int | np.integer):
        return int(value)
    if isinstance(value, float | np.floating):
        number = float(value)
        if math.isnan(number):
            return None
        return number if math.isfinite(number) else ("inf" if number > 0 else "-inf")
    return str(value)
