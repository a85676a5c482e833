"""The views of the map as plain values for its script: classes, figures and what is known of each zone, in the order of its zones.

Texts and numbers are those of the content; the script only chooses what to show.
"""

from collections.abc import Mapping

import pandas as pd

from geoplan.report.content.basemap import BaseMap
from geoplan.report.content.catchments import CatchmentView, catchment_views
from geoplan.report.content.names import text
from geoplan.report.content.packed import Plain, packed_figures, packed_lines, packed_table
from geoplan.report.content.table import Listed, cell_text
from geoplan.report.content.zone_views import ZoneView, zone_views
from geoplan.tables import Outcome
from geoplan.words.catalogue import catalogue, phrase
from geoplan.words.labels import of_group


def view_list(base: BaseMap, marks: Mapping[str, int]) -> list[Plain]:
    """Return every view; `marks`: place of each facility among those that are drawn."""
    position = {str(zone): place for place, zone in enumerate(base.outcome.zones.index)}
    views = [_view(view, position, base.lang) for view in zone_views(base)]
    return views + [
        _view(own.view, position, base.lang) | _catchment(base, own, marks) for own in catchment_views(base)
    ]


def _catchment(base: BaseMap, own: CatchmentView, marks: Mapping[str, int]) -> Plain:
    """Return what a view of catchments has beside its zones: its facilities, those drawn by their place, and the lines between them."""
    ids = [cell_text(cell, base.lang) for cell in own.facilities.cells("facility_id")]
    keys = ("catchment", "catchment_people", "catchment_capacity", "unit", "catchment_load")
    return {
        "list": own.view.list_title,
        "facilities": {"columns": packed_table(own.facilities.only(*keys), base.lang), "mark": [marks.get(one, -1) for one in ids]},
        "edges": packed_lines(own.edges, base.outcome.crs),
    }  # fmt: skip


def _view(view: ZoneView, position: dict[str, int], lang: str) -> Plain:
    rank = {row: place for place, row in enumerate(view.worst())}
    return {
        "subject": view.subject,
        "key": view.key,
        "title": view.title,
        "group": view.group,
        "what": view.what,
        "notes": list(view.notes),
        "files_text": phrase("map_files", lang, files=Listed(view.files).text(lang)),
        "classes": [{"text": c.text, "colour": c.colour, "hatch": c.hatch} for c in view.classes],
        "zone": [position[zone] for zone in view.zones],
        "of": list(view.of_class),
        "columns": packed_table(view.table, lang),
        "lead": view.lead,
        "rank": [rank.get(row, -1) for row in range(len(view.zones))],
        "list": f"{view.list_title} · {view.table.columns[view.lead].header}",
        "figures": {level: packed_figures(figures, lang) for level, figures in view.figures.items()},
    }


def service_list(outcome: Outcome) -> list[Plain]:
    """Return the services: name, and what those outside its circle are called."""
    return [
        {
            "label": outcome.services[service].label(outcome.lang),
            "outside": of_group("outside", entry.group, outcome.lang),
        }
        for service, entry in outcome.services.items()
    ]


def unplaced_list(outcome: Outcome) -> list[str]:
    """Return 待落点清单: the facilities that stand in the register but not on the map, a line each."""
    names, table = outcome.zones["name"], outcome.unplaced
    empty = pd.Series("", index=table.index)
    columns = (table.get(column, empty) for column in ("name", "zone_id", "source_file", "source_row"))
    return [
        " · ".join(part for part in (text(name), text(names.get(zone)), f"{file} #{row}") if part)
        for name, zone, file, row in zip(*columns, strict=True)
    ]


def page_words(lang: str) -> dict[str, str]:
    """Return the words of the map's own page: those of ``words.yaml`` beside this module, without their prefix."""
    return {
        code.removeprefix("map_"): str(both[lang])
        for code, both in catalogue().items()
        if code.startswith("map_")
    }
