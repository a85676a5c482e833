"""QGIS styles (QML) in the colours and classes of `look`: what ``layer_styles`` of the GeoPackage and the project hold."""

import xml.etree.ElementTree as ET
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from geoplan.report import look

#: What a style and a project begin with.
HEAD = "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n"
#: Smallest scale that has names, 1 to this: beyond it those of a city cover the map.
_NAMES_TO = "60000"
_ROOT = {"version": "3.28.0", "styleCategories": "AllStyleCategories"}
_WIDTHS = {"area": "0.9", "district": "0.6", "town": "0.4", "community": "0.2", "estate": "0.2"}


@dataclass(frozen=True)
class Part:
    """One class of a style: a value (or a range), what the legend calls it, and its symbol.

    A class that is `behind` is drawn before the others, and not at all until a reader ticks it.
    """

    label: str
    symbol: ET.Element
    value: str = ""
    lower: float = 0.0
    upper: float = 0.0
    behind: bool = False


def rgba(colour: str, alpha: int = 255) -> str:
    """Return a colour as QGIS writes it.

    Examples
    --------
    >>> rgba("#d1431b")
    '209,67,27,255'
    """
    red, green, blue = (int(colour[k : k + 2], 16) for k in (1, 3, 5))
    return f"{red},{green},{blue},{alpha}"


def _symbol(kind: str, layer: str, options: Mapping[str, str], alpha: float = 1.0) -> ET.Element:
    symbol = ET.Element(
        "symbol", {"type": kind, "name": "0", "alpha": f"{alpha:g}", "clip_to_extent": "1", "force_rhr": "0"}
    )
    drawn = ET.SubElement(symbol, "layer", {"class": layer, "enabled": "1", "locked": "0", "pass": "0"})
    holder = ET.SubElement(drawn, "Option", {"type": "Map"})
    for name, value in options.items():
        ET.SubElement(holder, "Option", {"type": "QString", "name": name, "value": value})
    return symbol


def fill(colour: str, *, level: str = "community", hatch: bool = False, alpha: float = 1.0) -> ET.Element:
    """Return the symbol of a polygon; `hatch` draws what has no data."""
    options = {
        "color": rgba(look.COLOURS["hatch"] if hatch else colour),
        "style": "b_diagonal" if hatch else "solid",
        "outline_color": rgba(look.COLOURS["boundary_strong"]),
        "outline_style": "solid",
        "outline_width": _WIDTHS.get(level, "0.2"),
        "outline_width_unit": "MM",
    }
    return _symbol("fill", "SimpleFill", options, alpha)


def marker(colour: str, shape: str, *, hollow: bool = False, size: float = 2.6) -> ET.Element:
    """Return the symbol of a facility or site, `size` in mm."""
    options = {
        "name": {"cross": "cross_fill"}.get(shape, shape),
        "color": rgba(look.COLOURS["paper"] if hollow else colour),
        "outline_color": rgba(colour if hollow else look.COLOURS["paper"]),
        "outline_width": "0.3",
        "size": f"{size:g}",
        "size_unit": "MM",
    }
    return _symbol("marker", "SimpleMarker", options)


def outline(level: str) -> ET.Element:
    """Return the symbol of a polygon that shows its edge alone."""
    return _symbol(
        "fill",
        "SimpleFill",
        {
            "style": "no",
            "outline_color": rgba(look.COLOURS["boundary_strong"]),
            "outline_style": "solid",
            "outline_width": _WIDTHS.get(level, "0.2"),
            "outline_width_unit": "MM",
        },
    )


def line(colour: str, *, width: float = 0.25) -> ET.Element:
    """Return the symbol of a line, `width` in mm."""
    return _symbol(
        "line",
        "SimpleLine",
        {"line_color": rgba(colour), "line_width": f"{width:g}", "line_width_unit": "MM"},
    )


def categorised(
    field: str, parts: Sequence[Part], *, aliases: Mapping[str, str], label: str = ""
) -> ET.Element:
    """Return a style with one class a value of `field`; `label` is the field of the names on the map."""
    return _style("categorizedSymbol", field, parts, aliases, label)


def graduated(
    field: str, parts: Sequence[Part], *, aliases: Mapping[str, str], label: str = ""
) -> ET.Element:
    """Return a style with one class a range of `field`."""
    return _style("graduatedSymbol", field, parts, aliases, label)


def single(symbol: ET.Element, *, aliases: Mapping[str, str]) -> ET.Element:
    """Return a style with one symbol for all."""
    root = ET.Element("qgis", _ROOT | {"labelsEnabled": "0"})
    renderer = ET.SubElement(
        root, "renderer-v2", {"type": "singleSymbol", "symbollevels": "0", "forceraster": "0"}
    )
    ET.SubElement(renderer, "symbols").append(symbol)
    _aliases(root, aliases)
    return root


def qml(style: ET.Element) -> str:
    """Return a style as the text of a QML file."""
    return HEAD + ET.tostring(style, encoding="unicode")


def _style(
    kind: str, field: str, parts: Sequence[Part], aliases: Mapping[str, str], label: str
) -> ET.Element:
    root = ET.Element("qgis", _ROOT | {"labelsEnabled": "1" if label else "0"})
    levels = any(part.behind for part in parts)
    attributes = {
        "type": kind,
        "attr": field,
        "symbollevels": str(int(levels)),
        "forceraster": "0",
        "enableorderby": "0",
    }
    if kind == "graduatedSymbol":
        attributes["graduatedMethod"] = "GraduatedColor"
    renderer = ET.SubElement(root, "renderer-v2", attributes)
    ranged = kind == "graduatedSymbol"
    classes = ET.SubElement(renderer, "ranges" if ranged else "categories")
    symbols = ET.SubElement(renderer, "symbols")
    for number, part in enumerate(parts):
        entry = {"symbol": str(number), "label": part.label, "render": "false" if part.behind else "true"}
        if ranged:
            ET.SubElement(classes, "range", entry | {"lower": repr(part.lower), "upper": repr(part.upper)})
        else:
            ET.SubElement(classes, "category", entry | {"value": part.value, "type": "string"})
        part.symbol.set("name", str(number))
        for drawn in part.symbol.iter("layer"):
            drawn.set("pass", str(int(levels and not part.behind)))
        symbols.append(part.symbol)
    if label:
        _labels(root, label, around=any(part.symbol.get("type") == "marker" for part in parts))
    _aliases(root, aliases)
    return root


def _aliases(root: ET.Element, aliases: Mapping[str, str]) -> None:
    names = ET.SubElement(root, "aliases")
    for position, (name, alias) in enumerate(aliases.items()):
        ET.SubElement(names, "alias", {"index": str(position), "field": name, "name": alias})


def _labels(root: ET.Element, field: str, *, around: bool) -> None:
    """Add the names: of a point beside its mark, wherever there is room `around` it; of a zone inside it."""
    settings = ET.SubElement(
        ET.SubElement(root, "labeling", {"type": "simple"}), "settings", {"calloutType": "simple"}
    )
    style = {"fieldName": field, "fontSize": "8", "fontSizeUnit": "Point", "isExpression": "0"}
    text = ET.SubElement(settings, "text-style", style | {"textColor": rgba(look.COLOURS["ink"])})
    buffer = {"bufferDraw": "1", "bufferSize": "0.8", "bufferSizeUnits": "MM", "bufferOpacity": "0.8"}
    ET.SubElement(text, "text-buffer", buffer | {"bufferColor": rgba(look.COLOURS["paper"])})
    # `QgsPalLayerSettings.Placement`: 6 tries right, left, above and below in a fixed order, 4 lies level inside a polygon
    beside = {
        "placement": "6",
        "predefinedPositionOrder": "R,L,T,B,TR,BR,TL,BL",
        "dist": "1.6",
        "distUnits": "MM",
    }
    placed = beside | {"priority": "5"} if around else {"placement": "4", "priority": "8"}
    ET.SubElement(settings, "placement", placed)
    ET.SubElement(
        settings,
        "rendering",
        {"obstacle": "1", "scaleVisibility": "1", "scaleMax": "1", "scaleMin": _NAMES_TO},
    )
