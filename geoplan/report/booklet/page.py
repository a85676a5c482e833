"""The report to print (``report.html``): a document drawn as one self-contained page for A4 that fetches and runs nothing."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from geoplan.report import look
from geoplan.report.booklet.map import CLASS_STYLES, flag_map, shapes, site_map
from geoplan.report.content import titles
from geoplan.report.content.basemap import BaseMap
from geoplan.report.content.document import (
    Block,
    Curve,
    Figures,
    FlagMaps,
    Heading,
    Paragraph,
    Points,
    Remark,
    Shown,
    SiteMap,
)
from geoplan.report.content.names import rows_of
from geoplan.report.content.report import flagged_level, report
from geoplan.report.content.shortfalls import flag_class, overall_texts
from geoplan.report.content.table import Cell, Coded, Column, Table, cell_text
from geoplan.report.look.curve_chart import gain_curve
from geoplan.report.look.offline import clean, template
from geoplan.tables import Outcome
from geoplan.words.catalogue import phrase
from geoplan.words.labels import label
from geoplan.words.numbers import FORMATS, NOTHING

#: A piece without a space that is longer, such as a file's name, may break anywhere.
LONG_NAME = 16


def write_report(outcome: Outcome, path: Path, pages: Mapping[str, str] | None = None) -> None:
    """Write the report to `path`, HTML, UTF-8: same outcome, same bytes; `pages`: zone_id -> address of its page, seen from the report."""
    path.write_bytes(report_page(outcome, pages).encode("utf-8"))


def report_page(outcome: Outcome, pages: Mapping[str, str] | None = None) -> str:
    """Return the report's page; a community that `pages` has is linked to its own page where it is listed."""
    lang, document = outcome.lang, report(outcome)
    definitions, height = shapes(BaseMap(outcome), flagged_level(outcome))
    return template("report.html.j2").render(
        lang="zh-CN" if lang == "zh" else "en",
        font=look.FONT_STACK,
        colour=look.COLOURS,
        verdict_colour=look.VERDICT_COLOURS,
        grades=look.GRADE_COLOURS,
        served=look.SITE_SERVED,
        kind=document.title,
        title=outcome.name,
        year=phrase("papers_year", lang, year=outcome.year),
        banner=titles.banner(outcome),
        basis=titles.basis_line(outcome),
        definitions=definitions,
        body="".join(
            part for block in document.blocks for part in _draw(block, outcome, height, pages or {})
        ),
    )


def _draw(block: Block, outcome: Outcome, height: float, pages: Mapping[str, str]) -> Iterator[str]:
    """Yield the markup of one block; every text is escaped."""
    lang = outcome.lang
    match block:
        case Heading(text, 1):
            yield f'<div class="part">{clean(text)}</div>'
        case Heading(text, level):
            yield f"<h{level}>{clean(text)}</h{level}>"
        case Paragraph(text, lead):
            yield f"<p>{f'<b>{clean(lead)}</b>' if lead else ''}{clean(text)}</p>"
        case Points(items):
            yield f"<ul>{''.join(f'<li>{clean(item)}</li>' for item in items)}</ul>" if items else ""
        case Remark(text):
            yield f'<div class="note">{clean(text)}</div>'
        case Figures():
            yield from _figures(block, lang)
        case Shown(table):
            yield from _table(table.to(2).slim(), lang, pages)
        case FlagMaps():
            yield from _flag_maps(block, outcome, height)
        case SiteMap(level, ""):
            yield site_map(outcome, level)
        case Curve(curve):
            svg = gain_curve(
                curve.points,
                said=curve.words,
                adopted=curve.adopted,
                value=curve.value,
                percent=curve.percent,
            )
            note = f'<div class="note">{clean(curve.note)}</div>' if curve.note else ""
            yield f'<figure class="chart"><figcaption><b>{clean(curve.title)}</b></figcaption>{svg}{note}</figure>'
        case _:
            raise TypeError(f"the report draws no {type(block).__name__}")


def _figures(block: Figures, lang: str) -> Iterator[str]:
    yield '<div class="key">'
    for place, figure in enumerate(block.figures):
        mark = ' class="strong"' if place in block.strong else ""
        caveats = "".join(f" · {clean(said)}" for said in figure.caveats)
        shown = clean(cell_text(figure.value, lang) or NOTHING)
        unit = f" <small>{clean(figure.unit)}</small>" if figure.unit else ""
        yield f"<div{mark}><b>{shown}{unit}</b><span>{clean(figure.name)}{caveats}</span></div>"
    yield "</div>"


def _flag_maps(block: FlagMaps, outcome: Outcome, height: float) -> Iterator[str]:
    yield _flag_legend(block.level, outcome.lang)
    yield f'<div class="maps" style="--columns:{3 if len(block.maps) > 2 else 2}">'
    for rule, title, note in block.maps:
        own = outcome.flags[outcome.flags["rule_id"] == rule]
        classes = {row["zone_id"]: flag_class(row, outcome.lang).code for row in rows_of(own)}
        caption = f'<b>{clean(title)}</b> <span class="note">{clean(note)}</span>'
        drawn = flag_map(outcome, block.level, classes, height)
        yield f"<figure><figcaption>{caption}</figcaption>{drawn}</figure>"
    yield "</div>"


def _flag_legend(level: str, lang: str) -> str:
    keys = [(CLASS_STYLES[code], text) for code, text in overall_texts(lang).items() if code != "unknown"]
    keys.append(("h", label("no_data", lang)))
    parts = [f'<span><i class="{style}"></i>{clean(text)}</span>' for style, text in keys]
    return f'<div class="legend">{"".join(parts)}<span>{clean(label(level, lang))}</span></div>'


def _table(table: Table, lang: str, pages: Mapping[str, str]) -> Iterator[str]:
    """Yield a table with its title above and its notes below."""
    total = sum(column.width for column in table.columns)
    yield f"<h3>{clean(table.title)}</h3>" + '<table class="data"><thead><tr>'
    for column in table.columns:
        style = f'style="width:{100 * column.width / total:.1f}%"'
        yield f"<th{_number(column)} {style}>{_lines(column.header)}</th>"
    yield "</tr></thead><tbody>"
    for place, row in enumerate(table.rows):
        cells = (_cell(cell, column, lang, pages) for cell, column in zip(row, table.columns, strict=True))
        bold = ' class="bold"' if place in table.strong else ""
        yield f"<tr{bold}>{''.join(cells)}</tr>\n"
    if not table.rows:
        yield f'<tr><td colspan="{len(table.columns)}">{clean(table.empty or phrase("papers_nothing", lang))}</td></tr>'
    yield "</tbody></table>"
    yield from (f'<div class="note">{clean(note)}</div>' for note in table.notes)


def _cell(cell: Cell, column: Column, lang: str, pages: Mapping[str, str]) -> str:
    shown = _lines(cell_text(cell, lang))
    if isinstance(cell, Coded) and cell.code in pages:
        return f'<td><a href="{clean(pages[cell.code])}">{shown}</a></td>'
    if isinstance(cell, Coded) and column.mark == "code":
        return f'<td><span class="chip {clean(cell.code)}">{shown}</span></td>'
    strong = ' class="strong"' if column.mark == "short" and shown not in ("", "0") else ""
    return f"<td{_number(column)}>{f'<span{strong}>{shown}</span>' if strong else shown}</td>"


def _number(column: Column) -> str:
    return ' class="n"' if column.format in FORMATS or column.format == "tally" else ""


def _lines(text: str) -> str:
    """Return a text with its line breaks; words break nowhere, names longer than `LONG_NAME` at their signs and letters."""
    pieces = re.split(rf"([!-~]{{{LONG_NAME},}})", text)
    parts = (
        clean(piece).replace("\n", "<br>") if place % 2 == 0 else f'<span class="long">{clean(piece)}</span>'
        for place, piece in enumerate(pieces)
    )
    return "".join(parts)
