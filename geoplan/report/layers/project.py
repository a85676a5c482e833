"""The QGIS project ``coverage.qgs``: the layers of the GeoPackage beside it in groups, in the look of the other maps.

It is plain XML (``.qgs``) and no archive (``.qgz``), so that its bytes hang on its content only, whatever compresses. Elements are those
that QGIS 3.22 writes; newer versions read them. What it leaves out QGIS takes from the GeoPackage.
"""

import copy
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import shapely
from pyproj import CRS

from geoplan.report import look
from geoplan.report.content import titles
from geoplan.report.content.names import Names
from geoplan.report.layers import styles
from geoplan.report.layers.layers import Layer, Style
from geoplan.tables import Outcome
from geoplan.words.catalogue import phrase
from geoplan.words.labels import label

_VERSION = "3.22.0"
#: `QgsPainting.BlendMode`: what lies beneath shows through the colours of the zones.
_MULTIPLY = "6"
#: Room around the zones, as a share of its extent.
_MARGIN = 0.05
#: Types of geometry as QGIS calls them.
_GEOMETRIES = {"Polygon": "Polygon", "LineString": "Line", "Point": "Point"}


@dataclass(frozen=True)
class Entry:
    """One entry of the layer tree: a layer of the GeoPackage in its styles, the first of them the one it opens with.

    `number` tells entries of one layer apart.
    """

    name: str
    layer: Layer
    styles: tuple[Style, ...]
    number: int = 1
    shown: bool = True
    blended: bool = False

    @property
    def key(self) -> str:
        """Its id in the project; QGIS gives a new one to ids of ten characters or fewer."""
        return f"geoplan_{self.layer.name}_{self.number}"


@dataclass(frozen=True)
class Group:
    """Entries under one heading; of an `exclusive` group one is shown at a time."""

    name: str
    entries: list[Entry] = field(default_factory=list)
    exclusive: bool = False


def write_project(outcome: Outcome, layers: Sequence[Layer], path: Path, *, package: str) -> None:
    """Write the project; the same outcome gives the same bytes.

    Parameters
    ----------
    outcome
        What a run found out.
    layers
        The layers of the GeoPackage.
    path
        Where to.
    package
        The GeoPackage as seen from the project's folder, ``coverage.gpkg``.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    groups = [group for group in layer_groups(outcome, layers) if group.entries]
    entries = [entry for group in groups for entry in group.entries]
    title = phrase(
        "papers_title", outcome.lang, name=outcome.name, sheet=phrase("project_title", outcome.lang)
    )
    root = ET.Element("qgis", {"version": _VERSION, "projectname": title})
    _text(root, "title", title)
    root.append(_tree(groups, package))
    ET.SubElement(root, "projectCrs").append(_crs(outcome))
    _canvas(root, outcome)
    drawn = ET.SubElement(root, "projectlayers")
    drawn.extend(_map_layer(outcome, entry, package) for entry in entries)
    # the project draws in the order of its tree
    ET.SubElement(root, "layerorder").extend(ET.Element("layer", {"id": entry.key}) for entry in entries)
    _properties(root, outcome, title)
    _metadata(root, outcome, title)
    ET.indent(root, " ")
    path.write_text(
        '<?xml version="1.0" encoding="UTF-8"?>\n' + styles.qml(root) + "\n", encoding="utf-8", newline="\n"
    )


def layer_groups(outcome: Outcome, layers: Sequence[Layer]) -> Iterator[Group]:
    """Yield the groups of the layer tree, the topmost first; a group may be empty.

    The finest zones of the partition have an entry a style, the first rule's grades shown; coarser zones are boundaries, their
    styles a choice of the layer.
    """
    lang = outcome.lang
    of = {layer.name: layer for layer in layers}

    def entries(*names: str, shown: bool) -> list[Entry]:
        return [
            Entry(of[name].description, of[name], of[name].styles, shown=shown)
            for name in names
            if name in of
        ]

    finest = Names(outcome).finest()
    yield Group(
        phrase("project_planned", lang),
        [*entries("sites", "projects", shown=True), *entries("candidates", shown=False)],
    )
    yield Group(phrase("project_facilities", lang), entries("facilities", shown=True))
    yield Group(phrase("project_checks", lang), entries("snaps", shown=False))
    yield Group(phrase("project_reach", lang), entries("site_isochrones", "isochrones", shown=False))
    if "zones_estate" in of:
        yield Group(
            _results(outcome, "estate"), list(_zone_entries(of["zones_estate"], shown=False)), exclusive=True
        )
    yield Group(
        _results(outcome, finest), list(_zone_entries(of[f"zones_{finest}"], shown=True)), exclusive=True
    )
    coarser = [
        name
        for name in of
        if name.startswith("zones_") and name.removeprefix("zones_") not in (finest, "estate")
    ]
    boundaries = [_boundary_entry(outcome, of[name]) for name in coarser]
    yield Group(phrase("project_base", lang), [*boundaries, *entries("streets", shown=True)])


def _results(outcome: Outcome, level: str) -> str:
    return phrase("project_results", outcome.lang, level=label(level, outcome.lang))


def _zone_entries(layer: Layer, *, shown: bool) -> Iterator[Entry]:
    for number, style in enumerate(layer.styles, start=1):
        yield Entry(style.name, layer, (style,), number, shown=shown and number == 1, blended=True)


def _boundary_entry(outcome: Outcome, layer: Layer) -> Entry:
    level = layer.name.removeprefix("zones_")
    name = phrase("exports_layer_zones", outcome.lang, level=label(level, outcome.lang))
    edge = Style(name, styles.single(styles.outline(level), aliases=layer.aliases))
    return Entry(name, layer, (edge, *layer.styles))


def _source(entry: Entry, package: str) -> str:
    return f"./{package}|layername={entry.layer.name}"


def _tree(groups: Sequence[Group], package: str) -> ET.Element:
    tree = ET.Element("layer-tree-group")
    for group in groups:
        holder = ET.SubElement(
            tree, "layer-tree-group", {"name": group.name, "checked": "Qt::Checked", "expanded": "1"}
        )
        if group.exclusive:
            shown = [number for number, entry in enumerate(group.entries) if entry.shown]
            holder.set("mutually-exclusive", "1")
            holder.set("mutually-exclusive-child", str(shown[0] if shown else -1))
        for entry in group.entries:
            ET.SubElement(
                holder,
                "layer-tree-layer",
                {
                    "id": entry.key,
                    "name": entry.name,
                    "checked": "Qt::Checked" if entry.shown else "Qt::Unchecked",
                    "expanded": "1" if entry.shown else "0",
                    "providerKey": "ogr",
                    "source": _source(entry, package),
                },
            )
    return tree


def _map_layer(outcome: Outcome, entry: Entry, package: str) -> ET.Element:
    style, *_ = entry.styles
    node = ET.Element(
        "maplayer",
        {
            "type": "vector",
            "geometry": _geometry(entry.layer),
            "styleCategories": "AllStyleCategories",
            "labelsEnabled": style.tree.get("labelsEnabled", "0"),
        },
    )
    _text(node, "id", entry.key)
    _text(node, "datasource", _source(entry, package))
    _text(node, "layername", entry.name)
    ET.SubElement(node, "srs").append(_crs(outcome))
    ET.SubElement(node, "provider", {"encoding": "UTF-8"}).text = "ogr"
    if len(entry.styles) > 1:
        manager = ET.SubElement(node, "map-layer-style-manager", {"current": style.name})
        for other in entry.styles:
            kept = ET.SubElement(manager, "map-layer-style", {"name": other.name})
            # QGIS keeps the style that is on in the layer itself
            if other is not style:
                kept.append(copy.deepcopy(other.tree))
    if entry.blended:
        _text(node, "blendMode", _MULTIPLY)
    node.extend(copy.deepcopy(list(style.tree)))
    return node


def _geometry(layer: Layer) -> str:
    first = next((shape for shape in layer.table.geometry if shape is not None), shapely.Point())
    return _GEOMETRIES[first.geom_type.removeprefix("Multi")]


def _crs(outcome: Outcome) -> ET.Element:
    """Return the study's CRS as well-known text: a code alone QGIS reads only beside its own number of the CRS."""
    holder = ET.Element("spatialrefsys", {"nativeFormat": "Wkt"})
    _text(holder, "wkt", CRS.from_user_input(outcome.crs).to_wkt())
    return holder


def _canvas(root: ET.Element, outcome: Outcome) -> None:
    """Let the map open at the finest zones, where the results are, with some room around them."""
    zones = outcome.zones[outcome.zones["level"] == Names(outcome).finest()]
    west, south, east, north = zones.total_bounds
    room = _MARGIN * max(east - west, north - south)
    extent = {"xmin": west - room, "ymin": south - room, "xmax": east + room, "ymax": north + room}
    told = {side: f"{value:.1f}" for side, value in extent.items()}
    canvas = ET.SubElement(root, "mapcanvas", {"name": "theMapCanvas", "annotationsVisible": "1"})
    _text(canvas, "units", "meters")
    box = ET.SubElement(canvas, "extent")
    for side, value in told.items():
        _text(box, side, value)
    _text(canvas, "rotation", "0")
    ET.SubElement(canvas, "destinationsrs").append(_crs(outcome))
    view = ET.SubElement(root, "ProjectViewSettings", {"UseProjectScales": "0"})
    ET.SubElement(view, "DefaultViewExtent", told).append(_crs(outcome))


def _properties(root: ET.Element, outcome: Outcome, title: str) -> None:
    """Keep paths relative, and show the title with the banner, the approval number and the credits on every map and print of it."""
    properties = ET.SubElement(root, "properties")
    _property(ET.SubElement(properties, "Paths"), "Absolute", "false", kind="bool")
    # without it QGIS takes no notice of the project's CRS
    _property(ET.SubElement(properties, "SpatialRefSys"), "ProjectionsEnabled", "1", kind="int")
    banner = titles.banner(outcome)
    shown = {
        "TitleLabel": f"{title} {banner}".rstrip(),
        "CopyrightLabel": " · ".join((titles.review_line(outcome), *titles.attribution(outcome.sources))),
    }
    for name, text in shown.items():
        if text:
            decoration = ET.SubElement(properties, name)
            _property(decoration, "Enabled", "true", kind="bool")
            _property(decoration, "Label", text)
    gui = ET.SubElement(properties, "Gui")
    for number, part in enumerate(("Red", "Green", "Blue")):
        value = styles.rgba(look.COLOURS["paper"]).split(",")[number]
        _property(gui, f"CanvasColor{part}Part", value, kind="int")


def _metadata(root: ET.Element, outcome: Outcome, title: str) -> None:
    """Say in the project's own description what the map shows, of whom, and who is to be credited."""
    metadata = ET.SubElement(root, "projectMetadata")
    _text(metadata, "language", outcome.lang)
    _text(metadata, "title", title)
    year = phrase("papers_year", outcome.lang, year=outcome.year)
    told = (titles.banner(outcome), year, titles.basis_line(outcome), *titles.attribution(outcome.sources))
    _text(metadata, "abstract", "\n".join(line for line in told if line))


def _text(parent: ET.Element, name: str, text: str) -> None:
    ET.SubElement(parent, name).text = text


def _property(parent: ET.Element, name: str, text: str, *, kind: str = "QString") -> None:
    ET.SubElement(parent, name, {"type": kind}).text = text
