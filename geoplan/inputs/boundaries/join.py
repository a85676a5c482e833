"""Zones: layers of polygons joined into one table, with parents, overlaps, holes and covered shares measured.

District, town and community *partition* the area: each zone lies in one zone of the next coarser level. A parent
that the file names wins over the overlay of polygons; where the two disagree, the zones are listed. Estates are an
*overlay* and need not fit communities. The `area` zone is the union of the finest partition level: people are
counted there and nowhere else.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geoplan.inputs.boundaries.checks import (
    hole_note,
    holes,
    overlap_note,
    overlaps,
    shared_areas,
    some,
    without_overlaps,
)
from geoplan.inputs.boundaries.layers import ZoneLayer, layer_bounds, natural_key, read_zone_layer
from geoplan.inputs.lists.zone_names import level_words
from geoplan.tables import LEVELS
from geoplan.words.errors import InputError, Note, raise_errors

__all__ = ["ZoneLayer", "Zones", "assemble_zones", "layer_bounds", "partition_levels", "read_zone_layer"]

PARTITION = ("district", "town", "community")
#: Share of a coarser zone that must have finest-level zones for a verdict on it (the study's method, section 4).
COVERED_ENOUGH = 0.95
FIRST_COLUMNS = ["level", "name", "code", "parent_id", "kind", "covered_share", "edge"]


@dataclass(frozen=True)
class Zones:
    """Zones of every level, and what was found.

    Parameters
    ----------
    zones
        Indexed by ``zone_id`` (``level/code``), in the order of levels and codes; columns as in `tables.ZONES`.
    notes
        Notes of the layers first, then those of their joining.
    """

    zones: gpd.GeoDataFrame
    notes: tuple[Note, ...]


def partition_levels(zones: gpd.GeoDataFrame) -> tuple[str, ...]:
    """Return the partition levels that `zones` has, coarse to fine; the last one is the finest."""
    present = set(zones["level"])
    return tuple(level for level in PARTITION if level in present)


def assemble_zones(layers: Sequence[ZoneLayer], *, area_name: str) -> Zones:
    """Return all zones as one table.

    Parameters
    ----------
    layers
        Raw layers in any order; two of one level (a file a district) are joined.
    area_name
        Name of the study area.

    Raises
    ------
    InputError
        If no layer partitions the area, or an id stands in two layers of one level.
    """
    notes = [note for layer in layers for note in layer.notes]
    by_level = {level: [layer for layer in layers if layer.level == level] for level in LEVELS}
    frames = {level: _one_level(group) for level, group in by_level.items() if group}
    levels = [level for level in PARTITION if level in frames]
    errors = [_double_ids(frame, level) for level, frame in frames.items()]
    errors += [] if levels else [Note.of("zone_no_partition", severity="error")]
    raise_errors([error for error in errors if error], InputError)

    # overlaps and holes of each partition level; an overlap belongs to the smaller zone
    finest = levels[-1]
    doubles = {level: overlaps(frames[level].geometry.to_numpy()) for level in levels}
    for level in levels:
        notes += _shape_notes(frames[level], doubles[level], level)
    own = without_overlaps(frames[finest].geometry.to_numpy(), doubles[finest])

    # parents: the one that the file names, else the one with the largest part of the zone
    for level, coarser in zip(levels[1:], levels[:-1], strict=True):
        frames[level]["parent_id"], found = _parents(
            frames[level], frames[coarser], level=level, coarser=coarser
        )
        notes += found
    frames[levels[0]]["parent_id"] = "area/area"
    if "estate" in frames:
        frames["estate"]["parent_id"], found = _parents(
            frames["estate"], frames[finest], level="estate", coarser=finest
        )
        notes += found

    # covered share: how much of a coarser zone the finest level fills
    for level, frame in frames.items():
        frame["covered_share"] = _covered(frame, own) if level in levels[:-1] else 1.0
    notes += [note for level in levels[:-1] if (note := _covered_note(frames[level], level)) is not None]

    area = _area(area_name, own, frames[levels[0]].geometry.to_numpy(), frames[finest].crs)
    table = pd.concat([area, *(frames[level] for level in LEVELS if level in frames)])
    table["edge"] = False
    parents = [parent if isinstance(parent, str) else None for parent in table["parent_id"]]
    table["parent_id"] = pd.Series(parents, index=table.index, dtype=object)
    given = [column for column in table.columns if column.startswith("given_")]
    other = [
        c for c in table.columns if c not in (*FIRST_COLUMNS, *given, "geometry", "parent", "row", "file")
    ]
    table = table[[*FIRST_COLUMNS, *given, *other, "geometry"]]
    table.index.name = "zone_id"
    return Zones(gpd.GeoDataFrame(table, geometry="geometry", crs=frames[finest].crs), tuple(notes))


def _one_level(layers: Sequence[ZoneLayer]) -> gpd.GeoDataFrame:
    """Return the zones of one level in the order of codes."""
    frames = [
        layer.zones.assign(level=layer.level, file=layer.file, row=layer.zones.index) for layer in layers
    ]
    table = pd.concat(frames, ignore_index=True) if len(frames) > 1 else frames[0].reset_index(drop=True)
    table = table.iloc[sorted(range(len(table)), key=lambda i: natural_key(table["code"].iloc[i]))]
    table.index = pd.Index([f"{layers[0].level}/{code}" for code in table["code"]], dtype="str")
    table["parent_id"] = None
    return gpd.GeoDataFrame(table, geometry="geometry", crs=layers[0].zones.crs)


def _double_ids(frame: gpd.GeoDataFrame, level: str) -> Note | None:
    """Return an error naming ids that stand in two layers."""
    double = frame[frame.index.duplicated(keep=False)]
    if double.empty:
        return None
    ids = some([f"{row.code} ({row.file} {row.row})" for row in double.itertuples()])
    count = double["code"].nunique()
    return Note.of("zone_id_duplicate", severity="error", count=count, ids=ids, **level_words(level))


def _files(frame: gpd.GeoDataFrame) -> str:
    return ", ".join(dict.fromkeys(frame["file"]))


def _shape_notes(frame: gpd.GeoDataFrame, doubles: pd.DataFrame, level: str) -> list[Note]:
    """Return what is to be said about the polygons of one partition level."""
    file = _files(frame)
    found = [
        overlap_note(level, file, doubles, frame["code"].to_numpy()),
        hole_note(level, file, holes(frame.geometry.to_numpy())),
    ]
    return [note for note in found if note is not None]


# --- parents --------------------------------------------------------------------------------------------------------


def _parents(
    frame: gpd.GeoDataFrame, above: gpd.GeoDataFrame, *, level: str, coarser: str
) -> tuple[pd.Series, list[Note]]:
    """Return the parent of each zone and what disagrees.

    A named parent is looked up among the ids, then among the names; of several with one name, the one that holds the
    largest part of the zone is taken.
    """
    pairs = shared_areas(frame.geometry.to_numpy(), above.geometry.to_numpy())
    best = pairs.sort_values(["left", "m2", "right"], ascending=[True, False, True]).drop_duplicates("left")
    laid = pd.Series(None, index=frame.index, dtype=object)
    laid.iloc[best["left"].to_numpy()] = above.index.to_numpy()[best["right"].to_numpy()]

    shares = {(i, j): m2 for i, j, m2 in pairs.itertuples(index=False)}
    candidates: dict[str, list[int]] = {}
    for column in ("code", "name"):
        ids = set(candidates)
        for position, word in enumerate(above[column]):
            if word not in ids:
                candidates.setdefault(word, []).append(position)
    named = pd.Series(None, index=frame.index, dtype=object)
    for position, word in enumerate(frame["parent"]):
        if word in candidates:
            named.iloc[position] = above.index[
                max(candidates[word], key=lambda j: shares.get((position, j), 0.0))
            ]
    parent = named.where(named.notna(), laid)
    return parent, _parent_notes(frame.assign(named=named, laid=laid, parent_id=parent), level, coarser)


def _parent_notes(frame: pd.DataFrame, level: str, coarser: str) -> list[Note]:
    """Return notes on parents that are unknown names, that disagree with the overlay, or that are missing."""
    file = ", ".join(dict.fromkeys(frame["file"]))
    words = {**level_words(level), **{f"above_{k[6:]}": v for k, v in level_words(coarser).items()}}
    notes = []
    unknown = frame[frame["parent"].notna() & frame["named"].isna()]
    if len(unknown):
        found = some(sorted(unknown["parent"].unique()))
        zones = some(unknown["code"].to_numpy())
        notes.append(
            Note.of("zone_parent_unknown", file=file, count=len(unknown), names=found, zones=zones, **words)
        )
    differ = frame[frame["named"].notna() & frame["laid"].notna() & (frame["named"] != frame["laid"])]
    if len(differ):
        columns = (differ[c].tolist() for c in ("code", "parent", "laid"))
        listed = some(
            f"{c} ({said} / {laid.partition('/')[2]})" for c, said, laid in zip(*columns, strict=True)
        )
        notes.append(Note.of("zone_parent_disagrees", file=file, count=len(differ), zones=listed, **words))
    lost = frame[frame["parent_id"].isna()]
    if len(lost):
        zones = some(lost["code"].to_numpy())
        notes.append(Note.of("zone_parent_none", file=file, count=len(lost), zones=zones, **words))
    return notes


# --- the area -------------------------------------------------------------------------------------------------------


def _covered(frame: gpd.GeoDataFrame, own: np.ndarray) -> np.ndarray:
    """Return the share (0-1) of each zone's area that finest-level polygons (without overlaps) fill; NaN without area."""
    shapes = frame.geometry.to_numpy()
    pairs = shared_areas(own, shapes)
    filled = np.bincount(pairs["right"], weights=pairs["m2"], minlength=len(frame))
    area = np.nan_to_num(shapely.area(shapes))
    share = np.divide(filled, area, out=np.full(len(frame), np.nan), where=area > 0)
    covered: np.ndarray = np.minimum(share, 1.0)
    return covered


def _covered_note(frame: gpd.GeoDataFrame, level: str) -> Note | None:
    low = frame[frame["covered_share"] < COVERED_ENOUGH]
    if low.empty:
        return None
    # rounded down, so that 94.99 % does not read 95 %
    shares = zip(low["name"], np.floor(low["covered_share"] * 1000) / 10, strict=True)
    zones = "; ".join(f"{name} {share:.1f}%" for name, share in shares)
    return Note.of(
        "zone_covered_share", file=_files(frame), count=len(low), zones=zones, **level_words(level)
    )


def _area(name: str, own: np.ndarray, coarsest: np.ndarray, crs: object) -> gpd.GeoDataFrame:
    """Return the `area` zone: the union of the finest partition level.

    Its covered share is that union over the area of the coarsest level: a city of which only the middle has
    communities gets no verdict.
    """
    union = shapely.union_all(own[~shapely.is_missing(own)])
    whole = shapely.area(shapely.union_all(coarsest[~shapely.is_missing(coarsest)]))
    row: dict[str, object] = {
        "level": "area",
        "name": name,
        "code": "area",
        "parent_id": None,
        "kind": frozenset(),
        "covered_share": min(union.area / whole, 1.0) if whole > 0 else 1.0,
    }
    return gpd.GeoDataFrame([row], geometry=[union], index=["area/area"], crs=crs)
