"""The rows of a list of candidates as they stand, from a table or a layer of points or parcels."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd

from geoplan.inputs import readers
from geoplan.inputs.candidates.columns import recognise_headers
from geoplan.inputs.facilities.cells import plain
from geoplan.inputs.lists.points import inner_points
from geoplan.inputs.projects.cells import TOTAL_ROW, ProjectColumns
from geoplan.inputs.projects.listed import Listed
from geoplan.words.errors import Note


@dataclass(frozen=True)
class CandidateRows:
    """A list before anything is interpreted.

    `rows` are its cells; `shapes` the parcels' polygons in the file's own CRS, None where the file is a table; `datum` what the
    headers of its coordinates name.
    """

    rows: Listed
    shapes: gpd.GeoSeries | None
    datum: str | None


def read_candidate_rows(
    path: Path, mapped: Mapping[str, str], layer: str | None
) -> tuple[CandidateRows, list[Note]]:
    """Return the rows that are candidates, without those that add up others."""
    shapes = None
    if readers.file_kind(path, "table", "layer") == "table":
        table = readers.read_rows(path, layer=layer)
    else:
        features = readers.read_layer(path, layer=layer)
        table = pd.DataFrame(features.drop(columns=features.geometry.name)).astype(object)
        table.index = pd.RangeIndex(1, len(table) + 1)
        shapes = features.geometry.set_axis(table.index)
    headers = [str(column) for column in table.columns]
    found = recognise_headers(headers, mapped=mapped, file=path.name, shapes=shapes is not None)
    cells = pd.DataFrame({f: table[h] for f, h in found.header.items()}, index=table.index, dtype=object)
    sums = np.zeros(len(table), bool)
    for name in ("id", "name"):
        if name in cells:
            sums |= cells[name].map(plain).str.match(TOTAL_ROW.pattern).to_numpy(bool)
    notes = [
        Note.of("candidate_total_row", file=path.name, row=int(row), severity="info")
        for row in table.index[sums]
    ]
    index = pd.Index([f"{path.name}#{row}" for row in cells.index[~sums]], name="candidate_id", dtype=object)
    number = pd.Series(cells.index[~sums], index=index, dtype="int64")
    points = None
    if shapes is not None:
        shapes = shapes[~sums].set_axis(index)
        points = inner_points(shapes)
    columns = ProjectColumns(found.header, found.factor, found.notes)
    rows = Listed(path.name, cells[~sums].set_axis(index), number, points, columns, cells[sums])
    return CandidateRows(rows, shapes, found.datum), notes


def only(listed: CandidateRows, keep: "pd.Series[bool]") -> CandidateRows:
    """Return the list without the rows that are not kept."""
    rows, index = listed.rows, keep.index[keep]
    points = None if rows.points is None else rows.points[index]
    shapes = None if listed.shapes is None else listed.shapes[index]
    kept = replace(rows, cells=rows.cells.loc[index], number=rows.number[index], points=points)
    return CandidateRows(kept, shapes, listed.datum)
