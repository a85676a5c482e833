"""The map: one self-contained page that opens without a network (``map.html``)."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from branca.element import Element, Figure
from jinja2 import Template

from geoplan.report import look
from geoplan.report.content import packed, sites, titles
from geoplan.report.content.basemap import BaseMap
from geoplan.report.content.old_people import people_change
from geoplan.report.look.offline import (
    OfflineMap,
    Script,
    bundle,
    clean,
    fix_ids,
    inline_json,
    inline_script,
    leaflet,
    own,
    policy,
)
from geoplan.report.webmap import views
from geoplan.tables import Outcome, Tiles
from geoplan.words.catalogue import phrase

DATA_ID = "geoplan-data"


class Raw(Element):
    """A piece of page that stands as it is; braces in it are no template."""

    _template = Template("{{ this.text }}")

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text


def write_map(outcome: Outcome, path: Path, pages: Mapping[str, str] | None = None) -> None:
    """Write the map to `path`: same outcome, same bytes.

    Parameters
    ----------
    outcome
        What the run found out.
    path
        File to write, HTML, UTF-8.
    pages
        zone_id -> address of the page of the zone, seen from the map; None: there are none.

    Raises
    ------
    OutputError
        If Leaflet is not installed.
    """
    path.write_bytes(map_page(outcome, pages).encode("utf-8"))


def map_page(outcome: Outcome, pages: Mapping[str, str] | None = None) -> str:
    """Return the map's page; `pages` as for `write_map`.

    Raises
    ------
    OutputError
        If Leaflet is not installed.
    """
    script, style = leaflet()
    bounds = packed.map_bounds(outcome)
    centre = [(bounds[0][0] + bounds[1][0]) / 2, (bounds[0][1] + bounds[1][1]) / 2]
    figure = Figure(title=clean(outcome.name))
    page = OfflineMap(
        location=[round(value, 6) for value in centre],
        tiles=None,
        zoom_start=12,
        zoom_snap=0.25,
        zoom_delta=0.5,
        max_zoom=19,
        wheel_px_per_zoom_level=90,
        attribution_control=False,
        fade_animation=False,  # tiles stand at once
        font_size="14px",
    )
    figure.add_child(page)
    own_style = own("map.css").replace("GP_FONT_STACK", look.FONT_STACK)
    if sites.asked(outcome):
        own_style += "\n" + own("sites.css")
    tiles = outcome.tiles
    figure.header.add_child(
        Raw(f'<meta http-equiv="Content-Security-Policy" content="{policy(tiles.origin if tiles else "")}">'),
        name="policy",
    )
    figure.header.add_child(Raw(inline_script(script)), name="leaflet")
    figure.header.add_child(Raw(f"<style>{style}\n{own_style}</style>"), name="style")
    data = payload(outcome) | {"pages": _packed_links(outcome, pages or {})}
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    figure.html.add_child(Raw(inline_json(text, element_id=DATA_ID)), name="data")
    start = f'const data = JSON.parse(document.getElementById("{DATA_ID}").textContent), page = startMap({{map}}, data);'
    scripts = ["map.js"]
    if "siting" in data:
        scripts.append("sites.js")
        start += "\nstartSites({map}, data, page);"
    page.add_child(Script(f"{bundle(*scripts)}\n{start}"))
    fix_ids(figure)
    return str(figure.render()) + "\n"


def _tiles(tiles: Tiles) -> dict[str, Any]:
    """Return the address of a server's tiles, or the images of an archive."""
    if tiles.images:
        return {"images": dict(tiles.images), "min_zoom": tiles.min_zoom, "max_zoom": tiles.max_zoom}
    return {"address": tiles.address, "max_zoom": tiles.max_zoom}


def _packed_links(outcome: Outcome, pages: Mapping[str, str]) -> dict[str, Any]:
    """Return the addresses of pages in the order of the zones: files once, then place among them and end of the address; -1: none."""
    parts = {zone: tuple(address.split("#")) for zone, address in pages.items()}
    files = list(dict.fromkeys(file for file, _ in parts.values()))
    own = [parts.get(str(zone)) for zone in outcome.zones.index]
    return {
        "files": files,
        "of": [files.index(one[0]) if one else -1 for one in own],
        "at": [one[1] if one else "" for one in own],
    }


def payload(outcome: Outcome) -> dict[str, Any]:
    """Return everything that the map's script reads, as plain values."""
    lang = outcome.lang
    base = BaseMap(outcome)
    siting, (facilities, marks) = packed.siting_layer(base), packed.facility_layer(base)
    tiles = outcome.tiles
    year = phrase("map_year", lang, year=outcome.year)
    files = dict.fromkeys(source.file for source in outcome.sources)
    return {
        "lang": lang,
        "title": outcome.name,
        "year": year,
        "banner": titles.banner(outcome),
        "basis": titles.basis_line(outcome),
        "people_change": people_change(outcome),
        "review": titles.review_line(outcome),
        "credits": " · ".join(
            [
                *titles.attribution(outcome.sources),
                *([tiles.attribution] if tiles and tiles.attribution else []),
            ]
        ),
        "tiles": _tiles(tiles) if tiles else None,
        "files": list(files),
        "words": views.page_words(lang),
        "look": packed.map_look(),
        "bounds": packed.map_bounds(outcome),
        "levels": packed.level_list(outcome.zones, lang),
        "zones": packed.zone_layer(outcome.zones, lang),
        "services": views.service_list(outcome),
        "views": views.view_list(base, marks),
        "rules": packed.zone_rule_layer(outcome),
        "facilities": facilities,
        "unplaced": views.unplaced_list(outcome),
        "isochrones": packed.isochrone_layer(base),
        "outside": packed.outside_layer(base),
        "ground": packed.ground_layer(base),
        "streets": packed.street_layer(base),
    } | ({} if siting is None else {"siting": siting})
