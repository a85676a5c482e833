"""What is said of streets that were read: their size, what was left out and what that costs, private ways and gates."""

from collections.abc import Mapping
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely

from geoplan.inputs.streets.edges import Private, Ways, component_lengths, islands, skeleton
from geoplan.inputs.streets.joins import JOIN_M, Joined
from geoplan.inputs.streets.walk_table import ACROSS, RESIDENTS, STATED_CHOICES, WALKED, stated
from geoplan.words.catalogue import phrase
from geoplan.words.errors import Note
from geoplan.words.periods import Hour

#: The largest component must hold at least this share of the length, unless a study states that there are several.
LEAST_SHARE = 0.5
#: Classes of valves; every other edge is a street.
VALVES = ("gate", "entry")


def walkable_m(edges: gpd.GeoDataFrame) -> float:
    """Return the metres of street in `edges`; lines across squares are none."""
    return float(edges.geometry.length[edges["highway"] != ACROSS].sum())


def read_note(nodes: pd.DataFrame, edges: gpd.GeoDataFrame, file: str) -> Note:
    """Say how large the network is, and how much of it hangs on nothing."""
    count, share = islands(edges["u"].to_numpy(), edges["v"].to_numpy())
    return Note.of(
        "streets_read", file=file, severity="info", nodes=f"{len(nodes):,}", edges=f"{len(edges):,}",
        km=f"{walkable_m(edges) / 1000:,.0f}", islands=count, share=f"{share:.1%}",
    )  # fmt: skip


def pieces_note(edges: gpd.GeoDataFrame, crossings: int, *, several: bool, file: str) -> list[Note]:
    """Say that the largest component holds less than half of the length: an error unless the study knows of it."""
    length = shapely.length(edges.geometry.array)
    metres = component_lengths(edges["u"].to_numpy(), edges["v"].to_numpy(), length)
    share = metres.max() / max(metres.sum(), 1e-9)
    if share >= LEAST_SHARE:
        return []
    words: dict[str, Any] = {
        "share": f"{share:.1%}",
        "pieces": f"{len(metres):,}",
        "crossings": f"{crossings:,}",
    }
    if several:
        return [Note.of("streets_several_pieces", file=file, severity="info", **words)]
    return [Note.of("streets_in_pieces", file=file, severity="error", **words)]


def join_notes(joined: Joined, *, crossings: bool, file: str) -> list[Note]:
    """Say how many ends were joined, and how many lines cross without a shared vertex."""
    notes = []
    if joined.ends:
        words: dict[str, Any] = {"ends": f"{joined.ends:,}", "metres": JOIN_M}
        notes.append(Note.of("streets_ends_joined", file=file, severity="info", **words))
    if joined.crossings:
        code, severity = ("streets_crossings_joined", "info") if crossings else ("streets_cross", "warning")
        notes.append(Note.of(code, file=file, severity=severity, places=f"{joined.crossings:,}"))
    return notes


def sidewalk_notes(out: int, stay: int, file: str) -> list[Note]:
    """Say how many roads with sidewalks mapped apart were left out, and how many stay for want of a footway."""
    if not out and not stay:
        return []
    return [Note.of("sidewalks_apart", file=file, severity="info", out=f"{out:,}", stay=f"{stay:,}")]


def class_notes(ways: Ways, walk: Mapping[str, bool], file: str) -> list[Note]:
    """Say what each choice of class costs in connection, or would cost."""
    bones = skeleton(ways)
    classes = bones["highway"].unique()
    choices = {*STATED_CHOICES, *(name for name, walked in walk.items() if not walked)}
    notes: list[Note] = []
    for choice in sorted(choices):
        covered = [
            c for c in classes if c == choice or (c.removesuffix("_link") == choice and c not in choices)
        ]
        choice_stated = stated(choice, walk)
        walked = choice in WALKED if choice_stated is None else choice_stated
        # a class left out may still have ways that their own tags open: these stay
        moved = bones["highway"].isin(covered) & (bones["walked"] if walked else ~bones["walked"])
        if not moved.any():
            continue
        code, severity = "class_walked" if walked else "class_left_out", "info"
        if walked and choice_stated is None:
            code, severity = "class_choice_unstated", "warning"
        loss = connection_loss(bones[bones["walked"] | moved], moved)
        notes.append(Note.of(code, file=file, severity=severity, choice=choice, **loss))
    return notes


def connection_loss(edges: pd.DataFrame, out: pd.Series) -> dict[str, Any]:
    """Return, in words, what leaving edges out costs in connection: islands and the share of nodes on them.

    Parameters
    ----------
    edges
        ``u, v, length_m``; shape (n, …).
    out
        Which are left out, on the index of `edges`. ``islands_with`` and ``share_with`` are those with them.

    Examples
    --------
    >>> line = pd.DataFrame({"u": [1, 2, 3], "v": [2, 3, 4], "length_m": 50.0})
    >>> connection_loss(line, pd.Series([False, True, False]))
    {'edges': '1', 'km': '0', 'islands': 1, 'share': '50.0%', 'islands_with': 0, 'share_with': '0.0%'}
    """
    out = out.loc[edges.index]
    count, share = islands(edges.loc[~out, "u"].to_numpy(), edges.loc[~out, "v"].to_numpy())
    count_with, share_with = islands(edges["u"].to_numpy(), edges["v"].to_numpy())
    return {
        "edges": f"{out.sum():,}", "km": f"{edges.loc[out, 'length_m'].sum() / 1000:,.0f}", "islands": count,
        "share": f"{share:.1%}", "islands_with": count_with, "share_with": f"{share_with:.1%}",
    }  # fmt: skip


def left_out_notes(left_out: Mapping[tuple[str, str], int], file: str) -> list[Note]:
    """Say what was left out by which rule, and which classes are unknown."""
    rules: dict[str, int] = {}
    unknown: dict[str, int] = {}
    for (rule, highway), count in sorted(left_out.items()):
        if rule == "unknown_class":
            unknown[highway] = count
        elif rule not in ("no_street", "sidewalk"):  # roads with sidewalks apart are judged later
            rules[rule] = rules.get(rule, 0) + count
    notes = []
    if unknown:
        listed = ", ".join(f"{name} ({count})" for name, count in unknown.items())
        notes.append(Note.of("street_classes_unknown", file=file, classes=listed))
    if rules:
        zh, en = (
            ", ".join(f"{phrase(f'left_out_{rule}', lang)} {count:,}" for rule, count in rules.items())
            for lang in ("zh", "en")
        )
        notes.append(Note.of("streets_left_out", file=file, severity="info", rules_zh=zh, rules_en=en))
    return notes


def condition_notes(found: Mapping[bool, int], at: Hour | None, file: str) -> list[Note]:
    """Say how many ways and nodes have conditions, and how many of them are not decided (``found[True]``)."""
    ways = sum(found.values())
    if not ways:
        return []
    words: dict[str, Any] = {"ways": f"{ways:,}", "undecided": f"{found.get(True, 0):,}"}
    code = "streets_conditions_unread" if at is None else "streets_conditions"
    severity = "warning" if at is not None and found.get(True) else "info"
    return [Note.of(code, file=file, severity=severity, **words)]


def valve_notes(edges: gpd.GeoDataFrame, private: Private, file: str) -> list[Note]:
    """Say how many private ways, entries and gates there are, and what they let through."""
    notes = []
    ways = edges[(edges["access"] == RESIDENTS) & ~edges["highway"].isin(VALVES)]
    if len(ways):
        entries = int((edges["highway"] == "entry").sum())
        words: dict[str, Any] = {"edges": f"{len(ways):,}", "entries": f"{entries:,}"}
        words["km"] = f"{walkable_m(ways) / 1000:,.1f}"
        notes.append(Note.of(f"private_{private}", file=file, severity="info", **words))
    gates = edges[edges["highway"] == "gate"].drop_duplicates("osm_id")
    if len(gates):
        shut = gates[["fixed_fwd_s", "fixed_bwd_s"]].gt(0).sum(axis=1)
        opened, one_way, closed = (int((shut == ways_shut).sum()) for ways_shut in range(3))
        notes.append(
            Note.of("gates_found", file=file, severity="info", open=opened, one_way=one_way, closed=closed)
        )
    return notes
