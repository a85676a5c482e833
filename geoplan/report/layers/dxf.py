"""The drawing for CAD programs: a DXF with a layer for each level, flag, kind of facility and isochrone.

Written by ezdxf: GDAL's writer, which comes with pyogrio, puts out neither text nor Chinese layer names. R2004 in code page 936 is what
every CAD program in China opens, and GDAL and QGIS read its Chinese as it stands; the UTF-8 of later versions they do not.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import ezdxf
import geopandas as gpd
import numpy as np
import shapely
from ezdxf.document import Drawing
from ezdxf.enums import TextEntityAlignment
from ezdxf.layouts.layout import Modelspace

from geoplan.report import look
from geoplan.report.content.names import Names, field_name
from geoplan.report.content.shortfalls import flag_rules, flag_title
from geoplan.report.layers.layers import Layer, service_colour
from geoplan.tables import Outcome
from geoplan.words.catalogue import phrase
from geoplan.words.labels import facility_label, label

#: Text on the ground, in units of the drawing: names of zones by level, and of facilities.
_TEXT_M = {"area": 200.0, "district": 150.0, "town": 80.0, "community": 30.0, "estate": 12.0}
_FACILITY_TEXT_M = 10.0
#: Degrees a metre, where the drawing is in degrees.
_DEGREES_A_METRE = 1 / 111_000
#: Characters that a layer's name must not hold.
_FORBIDDEN = re.compile(r'[<>/\\":;?*|=`,\r\n]')


def write_dxf(outcome: Outcome, tables: Sequence[Layer], path: Path) -> None:
    """Write `tables` as a drawing; polygons as closed polylines with their holes, points with their names beside them."""
    with _fixed():
        drawing = ezdxf.new("R2004", units=ezdxf.units.M)  # type: ignore[attr-defined]
        drawing.header["$DWGCODEPAGE"], drawing.encoding = "ANSI_936", "gbk"
        drawing.styles.add("GEOPLAN", font="simsun.ttc")
        space = drawing.modelspace()
        of = {layer.name: layer.table for layer in tables}
        geographic = any(t.crs is not None and t.crs.is_geographic for t in of.values())
        unit = _DEGREES_A_METRE if geographic else 1.0
        for name in reversed(of):
            if name.startswith("zones_"):
                _zones(outcome, drawing, space, of[name], level=name.removeprefix("zones_"), unit=unit)
        if "isochrones" in of:
            _isochrones(outcome, drawing, space, of["isochrones"])
        if "facilities" in of:
            _facilities(outcome, drawing, space, of["facilities"], unit=unit)
        if "site_isochrones" in of:
            _isochrones(outcome, drawing, space, of["site_isochrones"], code="layer_site_isochrone")
        if "sites" in of:
            _sites(outcome, drawing, space, of["sites"], unit=unit)
        if "projects" in of:
            name = _word("layer_project", outcome.lang)
            _layer(drawing, name, look.COLOURS["flag"])
            _points(space, of["projects"], of["projects"]["name"], name, name, unit=unit)
        # ezdxf adds further classes in the order of a set, which differs from one process to the next
        for name in sorted(drawing.entitydb.dxf_types_in_use()):
            drawing.classes.add_class(name)
        drawing.saveas(path)


def layer_name(text: str) -> str:
    """Return `text` as a layer's name: no character that CAD programs forbid, at most 255.

    Examples
    --------
    >>> layer_name("短板_覆盖率(%): 50/100")
    '短板_覆盖率(%)_ 50_100'
    """
    return gbk(_FORBIDDEN.sub("_", text))[:255]


def gbk(text: str) -> str:
    """Return `text` with 〓 for every character that code page 936 lacks.

    Examples
    --------
    >>> gbk("向阳社区𠮷")
    '向阳社区〓'
    """
    return "".join(c if c.encode("gbk", errors="ignore") else "〓" for c in text)


def _word(code: str, lang: str, **values: object) -> str:
    return layer_name(phrase(f"exports_{code}", lang, **values))


def _layer(drawing: Drawing, name: str, colour: str, *, on: bool = True) -> None:
    if name not in drawing.layers:
        layer = drawing.layers.add(name)
        layer.rgb = tuple(int(colour[k : k + 2], 16) for k in (1, 3, 5))  # type: ignore[assignment]
        if not on:
            layer.off()


def _zones(
    outcome: Outcome, drawing: Drawing, space: Modelspace, table: gpd.GeoDataFrame, *, level: str, unit: float
) -> None:
    lang, names = outcome.lang, Names(outcome)
    edge = _word("layer_zones", lang, level=label(level, lang))
    text = _word("layer_names", lang, level=label(level, lang))
    _layer(drawing, edge, look.COLOURS["boundary_strong"])
    _layer(drawing, text, look.COLOURS["ink"])
    for shape, name in zip(table.geometry, table["name"], strict=True):
        _outline(space, shape, edge)
        if shape is not None and not shape.is_empty:
            point = shape.representative_point()
            _text(
                space,
                str(name),
                (point.x, point.y),
                text,
                height=_TEXT_M.get(level, 30.0) * unit,
                middle=True,
            )
    flags = outcome.flags[outcome.flags["zone_id"].map(outcome.zones["level"]) == level]
    for rule, rows in flag_rules(flags).items():
        column = field_name(rule, "flag")
        if column not in table.columns:
            continue
        for state, code, colour in (
            ("flagged", "layer_flag", "flag"), ("mean_met", "layer_mean_met", "mean_met"), ("unknown", "layer_unknown", "hatch"),
        ):  # fmt: skip
            own = table.geometry[table[column] == state]
            if len(own):
                named = _word(code, lang, indicator=f"{flag_title(names, rule, rows)}_{label(level, lang)}")
                # off at first: a drawing with every flag of every indicator on it says nothing
                _layer(drawing, named, look.COLOURS[colour], on=False)
                for shape in own:
                    _filled(space, shape, named)


def _isochrones(
    outcome: Outcome,
    drawing: Drawing,
    space: Modelspace,
    table: gpd.GeoDataFrame,
    *,
    code: str = "layer_isochrone",
) -> None:
    ramp = list(reversed(look.SEQUENTIAL))
    bands = sorted(set(table["minutes"]))
    for service, minutes, shape in zip(table["service"], table["minutes"], table.geometry, strict=True):
        label = outcome.services[str(service)].label(outcome.lang)
        name = _word(code, outcome.lang, service=label, minutes=f"{minutes:g}")
        _layer(drawing, name, ramp[min(bands.index(minutes), len(ramp) - 1)], on=False)
        _outline(space, shape, name)


def _facilities(
    outcome: Outcome, drawing: Drawing, space: Modelspace, table: gpd.GeoDataFrame, *, unit: float
) -> None:
    text = _word("layer_facility_names", outcome.lang)
    _layer(drawing, text, look.COLOURS["ink"])
    for kind, own in table.groupby("facility_type", sort=True):
        name = _word("layer_facility", outcome.lang, kind=facility_label(kind, outcome.lang))
        _layer(drawing, name, service_colour(outcome, str(kind)))
        _points(space, own, own["name"], name, text, unit=unit)


def _sites(
    outcome: Outcome, drawing: Drawing, space: Modelspace, table: gpd.GeoDataFrame, *, unit: float
) -> None:
    """Draw the adopted sites, areas of intent on a layer of their own: a drawing must not make addresses of them."""
    text = _word("layer_site_names", outcome.lang)
    for generated, code in (("no", "layer_site"), ("yes", "layer_site_intent")):
        own = table[(table["adopted"] == "yes") & (table["generated"] == generated)]
        if len(own):
            _layer(drawing, text, look.COLOURS["ink"])
            name = _word(code, outcome.lang)
            _layer(drawing, name, look.SITE_EDGE)
            _points(space, own, own["name"], name, text, unit=unit)


def _points(
    space: Modelspace,
    table: gpd.GeoDataFrame,
    names: Iterable[object],
    layer: str,
    text: str,
    *,
    unit: float,
) -> None:
    for shape, name in zip(table.geometry, names, strict=True):
        if shape is not None and not shape.is_empty:
            space.add_point((shape.x, shape.y), dxfattribs={"layer": layer})
            height = _FACILITY_TEXT_M * unit
            _text(space, str(name), (shape.x + height, shape.y), text, height=height)


def _text(
    space: Modelspace, text: str, at: tuple[float, float], layer: str, *, height: float, middle: bool = False
) -> None:
    entity = space.add_text(
        gbk(" ".join(text.split())), height=height, dxfattribs={"layer": layer, "style": "GEOPLAN"}
    )
    align = TextEntityAlignment.MIDDLE_CENTER if middle else TextEntityAlignment.MIDDLE_LEFT
    entity.set_placement(at, align=align)


def _rings(shape: shapely.Geometry | None) -> Iterator[tuple[np.ndarray, bool]]:
    """Yield every ring without its repeated last point, and whether it is a hole."""
    if shape is None:
        return
    # tenths of a millimetre, in degrees as well: more digits only make the file long
    digits = 9 if max(map(abs, shape.bounds), default=0.0) <= 360 else 4
    parts = shapely.get_parts(shape)
    for part in parts:
        if part.geom_type == "Polygon" and not part.is_empty:
            yield shapely.get_coordinates(part.exterior)[:-1].round(digits), False
            for ring in part.interiors:
                yield shapely.get_coordinates(ring)[:-1].round(digits), True


def _outline(space: Modelspace, shape: shapely.Geometry | None, layer: str) -> None:
    for ring, _ in _rings(shape):
        space.add_lwpolyline(ring.tolist(), format="xy", close=True, dxfattribs={"layer": layer})


def _filled(space: Modelspace, shape: shapely.Geometry | None, layer: str) -> None:
    hatch = None
    for ring, hole in _rings(shape):
        if hatch is None or not hole:
            hatch = space.add_hatch(dxfattribs={"layer": layer})
            hatch.transparency = 0.4
        hatch.paths.add_polyline_path(ring.tolist(), is_closed=True, flags=16 if hole else 1)


@contextmanager
def _fixed() -> Iterator[None]:
    """Let ezdxf write no clock and no random ids, so that the same outcome gives the same bytes."""
    options = ezdxf.options  # type: ignore[attr-defined]
    before = options.write_fixed_meta_data_for_testing
    options.write_fixed_meta_data_for_testing = True
    try:
        yield
    finally:
        options.write_fixed_meta_data_for_testing = before
