"""The rows of a project list as they stand: cells by field, row numbers, and notes at a row."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from geoplan.inputs import readers
from geoplan.inputs.facilities.cells import is_blank, plain
from geoplan.inputs.lists.points import inner_points
from geoplan.inputs.projects.cells import TOTAL_ROW, ProjectColumns, recognise_headers
from geoplan.words.errors import Note


@dataclass(frozen=True)
class Listed:
    """The rows of a list before anything is interpreted: cells by field, row numbers by project_id."""

    file: str
    cells: pd.DataFrame
    number: "pd.Series[int]"
    points: gpd.GeoSeries | None
    columns: ProjectColumns
    sums: pd.DataFrame
    """Cells of the rows that add up others, by row number."""

    def text(self, field_name: str) -> pd.Series:
        """Return a field as text; a field that the list lacks, and blanks, are empty."""
        if field_name not in self.cells:
            return pd.Series("", index=self.cells.index, dtype=object)
        return self.cells[field_name].map(lambda cell: "" if is_blank(cell) else plain(cell)).astype(object)

    def note(self, code: str, project_id: object, *, severity: str = "warning", **values: Any) -> Note:  # noqa: ANN401
        """Return a note at the row of a project."""
        row = int(self.number.loc[str(project_id)])
        return Note.of(code, file=self.file, row=row, severity=severity, **values)


def read_rows(path: Path, mapped: Mapping[str, str], layer: str | None) -> tuple[Listed, list[Note]]:
    """Return the rows that are projects, without those that add up others."""
    points = None
    if readers.file_kind(path, "table", "layer") == "table":
        table = readers.read_rows(path, layer=layer)
    else:
        shapes = readers.read_layer(path, layer=layer)
        table = pd.DataFrame(shapes.drop(columns=shapes.geometry.name)).astype(object)
        table.index = pd.RangeIndex(1, len(table) + 1)
        points = inner_points(shapes.geometry.set_axis(table.index))
    found = recognise_headers([str(c) for c in table.columns], mapped=mapped, file=path.name)
    cells = pd.DataFrame({f: table[h] for f, h in found.header.items()}, index=table.index, dtype=object)
    firsts = [cells[name].map(plain) for name in ("id", "name") if name in cells]
    sums = np.any([first.str.match(TOTAL_ROW.pattern) for first in firsts], axis=0)
    notes = [
        Note.of("project_total_row", file=path.name, row=int(row), severity="info")
        for row in table.index[sums]
    ]
    index = pd.Index([f"{path.name}#{row}" for row in cells.index[~sums]], name="project_id", dtype=object)
    number = pd.Series(cells.index[~sums], index=index, dtype="int64")
    if points is not None:
        points = points[~sums].set_axis(index)
    return Listed(path.name, cells[~sums].set_axis(index), number, points, found, cells[sums]), notes
