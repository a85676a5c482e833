"""The small maps of papers: a town with its communities by their deepest grade, streets, facilities; an answer with its sites.

Drawn by matplotlib, which is an optional part of the installation; without it, or without a font that has the names, there is
no picture and the paper says why.
"""

import io
import math
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geoplan.report import look
from geoplan.report.content import titles
from geoplan.report.content.answers import answers
from geoplan.report.content.basemap import BaseMap, Kind
from geoplan.report.content.shortfalls import class_colours, overall_texts, zone_classes
from geoplan.report.content.site_effects import zone_states
from geoplan.report.content.sites import is_generated, of_answer, phase_name, phase_places, phases
from geoplan.tables import GRADES, Outcome
from geoplan.words.catalogue import phrase
from geoplan.words.errors import OutputError
from geoplan.words.labels import label

#: Size of the picture in inches and its resolution; width on paper in centimetres.
WIDTH_IN, MOST_HEIGHT_IN, DPI = 6.0, 2.2, 170
WIDTH_CM = 14.0
#: Beyond so many communities names would lie on each other.
MOST_NAMES = 40
_MARGIN = 0.04


@dataclass(frozen=True)
class Atelier:
    """What every map of one paper is drawn with: the base map, the class of each zone (`FLAG_CLASSES`), and the font."""

    base: BaseMap
    classes: Mapping[str, str]
    face: Any

    def font(self, size: float) -> Any:  # noqa: ANN401 - matplotlib's
        """Return the font in `size` points."""
        from matplotlib.font_manager import FontProperties

        return FontProperties(fname=str(self.face.path), size=size)


@contextmanager
def atelier(outcome: Outcome) -> Iterator[Atelier | str]:
    """Yield what maps are drawn with, or why there are none, in a sentence."""
    try:
        import matplotlib as mpl

        from geoplan.report.look.fonts import face

        base = BaseMap(outcome)
        room = face(_texts(base))
        found = room.__enter__()  # not a `with`: what is drawn must not be taken for a missing font
    except ImportError:
        yield phrase("paper_no_maps", outcome.lang)
        return
    except OutputError as error:
        yield error.text(outcome.lang)
        return
    try:
        with mpl.rc_context():
            # a user's own settings must not change what an office hands in; they are back when the block ends
            mpl.rcdefaults()
            yield Atelier(base, zone_classes(outcome), found)
    finally:
        room.__exit__(None, None, None)


def _texts(base: BaseMap) -> Iterable[str]:
    yield from map(str, base.outcome.zones["name"])
    yield from overall_texts(base.lang).values()
    yield from (kind.label for kind in base.kinds)
    yield from (phrase(f"site_zone_{state}", base.lang) for state in SITE_STATES)
    yield from (phase_name(year, base.lang) for year in phases(base.outcome.sites))
    yield label("synthetic_banner", base.lang)
    yield titles.review_line(base.outcome)
    yield f"0123456789 km{phrase('basemap_north', base.lang)}"


def town_map(room: Atelier, zone_id: str) -> bytes:
    """Return the map of one town as PNG: its communities filled, its neighbours blank, streets beneath, facilities above."""
    base = room.base
    own, town = base.below(zone_id), base.outcome.zones.geometry[zone_id]
    figure, axes, view, wide = _sheet(own.total_bounds if len(own) else town.bounds)
    _draw_zones(axes, room, own, town)
    _draw_ground(axes, base, view)
    _draw_streets(axes, base, view)
    kinds = _draw_facilities(axes, base, view)
    if len(own) <= MOST_NAMES:
        _draw_names(axes, room, own)
    _draw_scale(axes, room, wide)
    _draw_review(axes, room)
    _draw_legend(figure, room, kinds, {room.classes.get(str(zone), "not_flagged") for zone in own.index})
    return _png(figure)


def site_map(room: Atelier, level: str, question: str) -> bytes:
    """Return the map of an answer as PNG: what becomes of each flagged zone, and its sites, numbered in their order of opening."""
    base, outcome = room.base, room.base.outcome
    answer = next(one for one in answers(outcome) if one.question == question)
    every = of_answer(outcome, answer)
    zones, shown = base.zones(level), every[every.geometry.notna()]
    figure, axes, view, wide = _sheet(zones.total_bounds)
    states = zone_states(outcome, question)
    for zone, shape in zones.geometry.items():
        state = states.get(str(zone), "")
        edge, hatch = look.COLOURS["boundary_strong"], "////" if state == "unknown" else None
        axes.add_artist(
            _patch(
                shape,
                facecolor=SITE_STATES.get(state, look.COLOURS["paper"]),
                edgecolor=edge,
                linewidth=0.3,
                hatch=hatch,
                zorder=1,
            )
        )
    _draw_ground(axes, base, view)
    _draw_streets(axes, base, view)
    phase_of = phase_places(shown)
    size = 6.5 if len(shown) <= MOST_NAMES else 4.5
    # the first to open lie above the later ones
    for place in reversed(range(len(shown))):
        row, point = shown.iloc[place], shown.geometry.iloc[place]
        axes.annotate(
            f"{float(row['order']):.0f}", (point.x, point.y), ha="center", va="center", color=look.site_ink(phase_of[place]),
            fontproperties=room.font(size), zorder=7,
            bbox={
                "boxstyle": "circle,pad=0.25", "facecolor": look.site_colour(phase_of[place]), "edgecolor": look.SITE_EDGE,
                "linewidth": 0.6, "linestyle": "--" if is_generated(row) else "-",
            },
        )  # fmt: skip
    _draw_scale(axes, room, wide)
    _draw_review(axes, room)
    _draw_site_legend(figure, room, shown, set(states.values()))
    return _png(figure)


#: Fill of a zone by what becomes of it; one that no rule flags is blank.
SITE_STATES: Mapping[str, str] = {
    "closed": look.SITE_SERVED,
    "mean_met": look.COLOURS["mean_met"],
    "unknown": look.COLOURS["no_data"],
    "partly": look.COLOURS["flag_soft"],
    "flagged": look.COLOURS["flag_medium"],
}


def _draw_site_legend(figure: Any, room: Atelier, shown: pd.DataFrame, states: Collection[str]) -> None:  # noqa: ANN401
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    lang, edge = room.base.lang, look.COLOURS["boundary_strong"]
    entries: list[Any] = [
        Patch(
            facecolor=fill, edgecolor=edge, linewidth=0.4, hatch="////" if state == "unknown" else None,
            label=room.face.safe(phrase(f"site_zone_{state}", lang)),
        )
        for state, fill in SITE_STATES.items()
        if state in states
    ]  # fmt: skip
    names = [phase_name(year, lang) for year in phases(shown)]
    entries += [
        Line2D(
            [], [], marker="o", color=look.site_colour(place), markeredgecolor=look.SITE_EDGE, linestyle="", markersize=6,
            label=room.face.safe(name),
        )
        for place, name in enumerate(names)
    ]  # fmt: skip
    figure.legend(
        handles=entries, loc="lower center", ncols=4, frameon=False, prop=room.font(7), columnspacing=1.2, handletextpad=0.4,
        borderaxespad=0.2,
    )  # fmt: skip


def _sheet(bounds: Sequence[float]) -> tuple[Any, Any, Any, float]:
    """Return an empty picture that shows bounds (study CRS): figure, axes, what is in view, and the width of the bounds, metres."""
    from matplotlib.figure import Figure

    west, south, east, north = bounds
    pad = _MARGIN * max(east - west, north - south)
    frame = (west - pad, south - pad, east + pad, north + pad)
    wide, high = frame[2] - frame[0], frame[3] - frame[1]
    height = min(max(WIDTH_IN * high / wide, 2.2), MOST_HEIGHT_IN)
    figure = Figure(figsize=(WIDTH_IN, height + 0.55), dpi=DPI)
    axes = figure.add_axes((0.0, 0.55 / (height + 0.55), 1.0, height / (height + 0.55)))
    axes.set_aspect("equal")
    axes.set_xlim(*_spread(frame[0], frame[2], WIDTH_IN / height * high))
    axes.set_ylim(*_spread(frame[1], frame[3], height / WIDTH_IN * wide))
    axes.set_axis_off()
    view = shapely.box(axes.get_xlim()[0], axes.get_ylim()[0], axes.get_xlim()[1], axes.get_ylim()[1])
    return figure, axes, view, wide


def _png(figure: Any) -> bytes:  # noqa: ANN401
    """Return the picture in 255 colours, a third of the size; it holds neither date nor version of a program."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from PIL import Image

    canvas: Any = FigureCanvasAgg(figure)
    canvas.draw()
    picture = Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")
    out = io.BytesIO()
    picture.quantize(255, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE).save(
        out, "PNG", optimize=True
    )
    return out.getvalue()


def _spread(low: float, high: float, least: float) -> tuple[float, float]:
    """Return low and high, moved apart until they are `least` apart, so that the picture is filled."""
    more = max(least - (high - low), 0.0) / 2
    return low - more, high + more


def _draw_zones(axes: Any, room: Atelier, own: gpd.GeoDataFrame, town: Any) -> None:  # noqa: ANN401
    colours = class_colours()
    for zone, shape in own.geometry.items():
        code = room.classes.get(str(zone), "not_flagged")
        unknown, fill = code == "unknown", colours[code]
        axes.add_artist(
            _patch(
                shape, facecolor=fill, edgecolor=look.COLOURS["boundary_strong"], linewidth=0.4,
                hatch="////" if unknown else None, zorder=1,
            )
        )  # fmt: skip
    axes.add_artist(
        _patch(town, facecolor="none", edgecolor=look.COLOURS["boundary_strong"], linewidth=1.2, zorder=4)
    )


def _patch(shape: Any, **look_of: Any) -> Any:  # noqa: ANN401
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    rings = [shapely.get_coordinates(ring) for ring in shapely.get_rings(shapely.get_parts(np.ravel(shape)))]
    return PathPatch(Path.make_compound_path(*(Path(ring, closed=True) for ring in rings)), **look_of)


def _draw_ground(axes: Any, base: BaseMap, view: Any) -> None:  # noqa: ANN401
    """Draw the quiet base: green beneath the zones' fills, water and lines above."""
    for kind, shapes in base.ground.items():
        style = look.GROUND_STYLES[kind]
        near = shapes[shapely.intersects(shapes, view)]
        z = 1.5 if style.above else 0.5
        if style.width and len(near):
            dashes = (0, [length / style.width for length in style.dashes])
            _draw_lines(axes, near, edgecolor=style.colour, linewidth=style.width, linestyle=dashes, zorder=z)
        elif len(near):
            axes.add_artist(_patch(near, facecolor=style.colour, edgecolor="none", zorder=z))


def _draw_streets(axes: Any, base: BaseMap, view: Any) -> None:  # noqa: ANN401
    lines = np.concatenate(base.streets)
    near = lines[shapely.intersects(lines, view)]
    if len(near):
        _draw_lines(axes, near, edgecolor=look.COLOURS["street_major"], linewidth=0.35, zorder=2)


def _draw_lines(axes: Any, near: Any, **look_of: Any) -> None:  # noqa: ANN401
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    # one path for all: a city has tens of thousands of streets
    points, line = shapely.get_coordinates(near, return_index=True)
    starts = np.r_[True, np.diff(line) != 0]
    codes = np.where(starts, Path.MOVETO, Path.LINETO).astype(Path.code_type)
    axes.add_artist(PathPatch(Path(points, codes), facecolor="none", **look_of))


def _draw_facilities(axes: Any, base: BaseMap, view: Any) -> list[Kind]:  # noqa: ANN401
    """Draw the facilities in view; return the kinds that are there."""
    own = base.facilities[base.facilities.geometry.intersects(view)]
    shown = [kind for kind in base.kinds if kind.service >= 0 and (own["kind"] == kind.code).any()]
    for kind in shown:
        here = own[own["kind"] == kind.code]
        axes.scatter(
            here.geometry.x, here.geometry.y, s=16, marker=look.MATPLOTLIB_MARKS[kind.shape], c=kind.colour,
            edgecolors=look.COLOURS["paper"], linewidths=0.5, zorder=6,
        )  # fmt: skip
    return shown


def _draw_names(axes: Any, room: Atelier, own: gpd.GeoDataFrame) -> None:  # noqa: ANN401
    from matplotlib.patheffects import withStroke

    halo = [withStroke(linewidth=1.8, foreground=look.COLOURS["paper"])]
    points = own.geometry.representative_point()
    size = 7.5 if len(own) <= 20 else 6.0
    for name, point in zip(own["name"], points, strict=True):
        axes.annotate(
            room.face.safe(name), (point.x, point.y), ha="center", va="center", color=look.COLOURS["ink"],
            fontproperties=room.font(size), path_effects=halo, zorder=7,
        )  # fmt: skip


def _draw_scale(axes: Any, room: Atelier, wide: float) -> None:  # noqa: ANN401
    """Draw a scale bar of a round length and the north arrow in the lower right corner."""
    power = 10.0 ** math.floor(math.log10(wide / 4))
    metres = max(step * power for step in (1.0, 2.0, 5.0) if step * power <= wide / 4)
    low, high = axes.get_xlim()
    south, north = axes.get_ylim()
    right, base = high - 0.03 * (high - low), south + 0.03 * (north - south)
    axes.plot([right - metres, right], [base, base], color=look.COLOURS["ink"], linewidth=1.6, zorder=8)
    told = f"{metres / 1000:g} km" if metres >= 1000 else f"{metres:g} m"
    above = base + 0.012 * (north - south)
    style = {"ha": "center", "va": "bottom", "zorder": 8, "color": look.COLOURS["ink"]}
    axes.text(right - metres / 2, above, told, fontproperties=room.font(7), **style)
    top = north - 0.03 * (north - south)
    tail = top - 0.09 * (north - south)
    arrow = {"arrowstyle": "-|>", "color": look.COLOURS["ink"], "linewidth": 1.0}
    axes.annotate("", (right, top), (right, tail), arrowprops=arrow, zorder=8)
    north_word = phrase("basemap_north", room.base.lang)
    axes.text(right, tail, north_word, fontproperties=room.font(8), ha="center", va="top", zorder=8)


def _draw_review(axes: Any, room: Atelier) -> None:  # noqa: ANN401
    """Print the approval number, or that the map is for internal use, in the lower left corner."""
    from matplotlib.patheffects import withStroke

    said = room.face.safe(titles.review_line(room.base.outcome))
    halo = [withStroke(linewidth=1.8, foreground=look.COLOURS["paper"])]
    axes.text(
        0.01, 0.02, said, transform=axes.transAxes, ha="left", va="bottom", color=look.COLOURS["ink_soft"],
        fontproperties=room.font(7), path_effects=halo, zorder=8,
    )  # fmt: skip


def _draw_legend(
    figure: Any,  # noqa: ANN401
    room: Atelier,
    kinds: Sequence[Kind],
    drawn: Collection[str],
) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    lang, edge, colours = room.base.lang, look.COLOURS["boundary_strong"], class_colours()
    entries: list[Any] = [
        Patch(
            facecolor=colours[code],
            edgecolor=edge,
            linewidth=0.4,
            hatch="////" if code == "unknown" else None,
            label=text,
        )
        for code, text in overall_texts(lang).items()
        if code in GRADES or code in drawn
    ]
    entries += [
        Line2D(
            [],
            [],
            marker=look.MATPLOTLIB_MARKS[kind.shape],
            color=kind.colour,
            linestyle="",
            markersize=4.5,
            label=room.face.safe(kind.label),
        )
        for kind in kinds
    ]
    figure.legend(
        handles=entries, loc="lower center", ncols=4, frameon=False, prop=room.font(7),
        columnspacing=1.2, handletextpad=0.4, borderaxespad=0.2,
    )  # fmt: skip
