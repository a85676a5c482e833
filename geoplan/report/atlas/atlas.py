"""布局图集: the outcome as an atlas, a PDF of A3 sheets to print and to hand in.

Sheets: index and notes, existing facilities, each service's circle and coverage, the flags of each indicator, planned facilities
and projects, and one sheet a town (a district where there are no towns). It needs ``geoplan[papers]``: matplotlib, and a Chinese
font of the system or of an installed wheel.
"""

import importlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from geoplan.report import look
from geoplan.report.content import titles
from geoplan.report.content.basemap import BaseMap
from geoplan.report.content.findings import indicators
from geoplan.report.content.table import Listed, Table, column
from geoplan.report.look.fonts import Face, face
from geoplan.tables import LEVELS, Outcome
from geoplan.words.catalogue import catalogue, phrase
from geoplan.words.errors import Note, OutputError
from geoplan.words.labels import facility_label, labels
from geoplan.words.vocabulary import vocabulary

if TYPE_CHECKING:
    from geoplan.report.atlas.frame import Page
    from geoplan.report.atlas.sheets import Maker

#: What matplotlib is set to while the atlas is drawn, whatever the user's own settings say.
_SETTINGS: dict[str, Any] = {
    "pdf.fonttype": 42,
    "pdf.compression": 6,
    "path.simplify": False,
    "hatch.linewidth": 0.4,
    "axes.unicode_minus": False,
}


def write_atlas(outcome: Outcome, path: Path) -> None:
    """Write the atlas; the same outcome and the same font give the same bytes.

    Parameters
    ----------
    outcome
        What a run found out.
    path
        The PDF; replaced where it is there.

    Raises
    ------
    OutputError
        If matplotlib is not installed, no Chinese font is found, or the file cannot be written.
    """
    try:
        mpl = importlib.import_module("matplotlib")
    except ImportError as error:
        raise OutputError(Note.of("atlas_no_matplotlib", missing="matplotlib", severity="error")) from error
    from matplotlib.backends.backend_pdf import PdfPages

    from geoplan.report.atlas.canvas import word

    with mpl.rc_context():
        # a user's own settings must not change what an office hands in; they are back when the block ends
        mpl.rcdefaults()
        mpl.rcParams.update(_SETTINGS)
        with face(printed(outcome)) as own:
            pages = list(_pages(outcome, own))
            info = {
                "Title": f"{outcome.name} {word('title', outcome.lang)}",
                "CreationDate": None,
                "ModDate": None,
                "Creator": "geoplan",
                "Producer": "geoplan",
            }
            try:
                with PdfPages(path, metadata=info) as pdf:
                    for number, page in enumerate(pages, start=1):
                        page.number = f"{number:02d}"
                        page.frame(of=len(pages))
                        pdf.savefig(page.figure)
                        page.figure.clear()
            except OSError as error:
                note = Note.of("exports_unwritable", name=path.name, why=str(error), severity="error")
                raise OutputError(note) from error


def _pages(outcome: Outcome, face: Face) -> Iterator["Page"]:
    """Yield every sheet, the index first, without number and frame, which need their count."""
    from geoplan.report.atlas.canvas import Stamp
    from geoplan.report.atlas.sheets import Maker, sheets

    stamp = Stamp(
        study=outcome.name,
        year=outcome.year,
        lang=outcome.lang,
        crs=crs_name(outcome.crs),
        banner=titles.banner(outcome),
        credits=phrase("join_wide", outcome.lang).join(titles.attribution(outcome.sources)),
        basis=titles.basis_line(outcome),
        review=titles.review_line(outcome),
    )
    maker = Maker(outcome, BaseMap(outcome), face, stamp)
    drawn = list(sheets(maker))
    yield index_sheet(maker, drawn)
    yield from drawn


def crs_name(crs: str) -> str:
    """Return a CRS as a title block names it.

    Examples
    --------
    >>> crs_name("EPSG:4547")
    'CGCS2000 / CM 114E'
    """
    from pyproj import CRS

    return str(CRS.from_user_input(crs).name).replace("3-degree Gauss-Kruger ", "")


def printed(outcome: Outcome) -> Iterator[str]:
    """Yield every text that a sheet may print, for the font that is embedded: words of the program, and texts of the outcome."""
    for words in (*catalogue().values(), *labels().values()):
        yield str(words[outcome.lang])
    for section in ("supplies", "attributes", "types", "groups", "units", "zone_kinds"):
        for words in vocabulary(section).values():
            yield str(words[outcome.lang])
    yield from (outcome.name, titles.review_line(outcome), *titles.attribution(outcome.sources))
    for service in outcome.services.values():
        yield from (service.label(outcome.lang), *service.facilities)
    tables = (
        outcome.zones,
        outcome.facilities,
        outcome.planned,
        outcome.projects,
        outcome.sites,
        outcome.answers,
        outcome.rules,
        outcome.groups,
        outcome.findings,
    )
    for table in (*tables, outcome.flags[[c for c in outcome.flags.columns if c.startswith("note_")]]):
        for name in table.columns:
            if name != "geometry" and table[name].dtype.kind not in "fiub":
                yield from (str(value) for value in table[name].dropna().unique() if isinstance(value, str))
    yield from (f"{source.file}{source.note}" for source in outcome.sources)


def index_sheet(maker: "Maker", drawn: "list[Page]") -> "Page":
    """Return 图纸目录: every sheet with its number and scale, the whole area's indicators, and how the figures were found."""
    from geoplan.report.atlas.canvas import MAP, word

    outcome, lang = maker.outcome, maker.lang
    page = maker.page(word("title", lang))
    left, bottom, width, height = MAP
    page.text(left + 16, bottom + height - 26, maker.face.cut(outcome.name, 30, width - 30), 30)
    subtitle = phrase("join_wide", lang).join((word("title", lang), str(outcome.year)))
    page.text(left + 16, bottom + height - 42, subtitle, 18, colour=look.COLOURS["accent"])
    page.rule(left + 16, bottom + height - 50, left + width - 16, bottom + height - 50, width=0.8)
    page.text(left + 16, bottom + height - 60, word("index", lang), 12)
    rows = [
        [
            f"{number:02d}",
            sheet.title,
            word("scale", lang, scale=f"{sheet.scale:,.0f}") if sheet.scale else None,
        ]
        for number, sheet in enumerate(drawn, start=2)
    ]
    columns = [column(key, lang) for key in ("sheet_number", "sheet_title", "sheet_scale")]
    table = Table.of("index", word("index", lang), columns, rows)
    room = (left + 16, bottom + 10, 128.0, height - 78)
    points = 8 if len(rows) < 80 else 6.5
    shown = page.table(table, box=room, points=points)
    beside = (room[0] + 138, *room[1:])
    found = whole_area(outcome)
    if shown < len(rows):
        page.table(table, box=beside, points=points, first=shown)
    elif found is not None:
        page.text(beside[0], beside[1] + beside[3] + 8, found.title, 12)
        listed = page.table(found, box=beside, points=7)
        if listed < len(found.rows):
            page.note(phrase("table_more", lang, count=len(found.rows) - listed))
    page.heading(word("index_what", lang))
    for service, entry in outcome.services.items():
        types = Listed(tuple(facility_label(kind, lang) for kind in entry.facilities)).text(lang)
        name = outcome.services[service].label(lang)
        minutes, kmh = f"{entry.walk_minutes:g}", f"{entry.walk_kmh:g}"
        page.note(word("pace", lang, service=name, types=types, minutes=minutes, kmh=kmh), points=8)
    page.note(titles.basis_line(outcome), points=8)
    page.note(word("method", lang), points=8)
    files = Listed(tuple(dict.fromkeys(source.file for source in outcome.sources))).text(lang)
    page.note(word("sources", lang, files=files), points=8, lines=16)
    page.note(word("review_note", lang), points=8)
    return page


def whole_area(outcome: Outcome) -> Table | None:
    """Return the indicator table of the one zone that stands for the whole, the area or its only district; None without findings."""
    zones = outcome.zones
    whole = [z[0] for level in LEVELS[:2] if len(z := zones.index[zones["level"] == level]) == 1]
    own = outcome.findings[outcome.findings["zone_id"].isin(whole)]
    return indicators(replace(outcome, findings=own)) if len(own) else None
