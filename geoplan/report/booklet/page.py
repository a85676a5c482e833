"""The report to print (``report.html``): says first what is short and where, then how it was found."""

from functools import cache
from importlib import resources
from pathlib import Path

import jinja2

from geoplan.report import look
from geoplan.report.booklet import circle as page_circle
from geoplan.report.booklet import flags as page_flags
from geoplan.report.booklet import sites as page_sites
from geoplan.report.booklet import sources as page_sources
from geoplan.report.booklet.map import shapes
from geoplan.tables import Outcome
from geoplan.words.labels import labels


def write_report(outcome: Outcome, path: Path) -> None:
    """Write the report to `path`, one self-contained page for A4: same outcome, same bytes.

    Parameters
    ----------
    outcome
        What the run found out.
    path
        File to write, HTML, UTF-8.
    """
    path.write_bytes(report_page(outcome).encode("utf-8"))


def report_page(outcome: Outcome) -> str:
    """Return the report's page."""
    lang = outcome.lang
    level = page_flags.finest_level(outcome)
    definitions, height = shapes(outcome.zones, level)
    return _template().render(
        lang="zh-CN" if lang == "zh" else "en",
        t={word: both[lang] for word, both in labels().items()},
        font=look.FONT_STACK,
        colour=look.COLOURS,
        verdict_colour=look.VERDICT_COLOURS,
        title=outcome.name,
        year=outcome.year,
        banner=look.banner(outcome),
        basis=look.basis_line(outcome),
        credits=look.attribution(outcome.sources),
        level=look.label(level, lang),
        key=page_flags.key_figures(outcome, level),
        lead=page_flags.lead(outcome, level),
        flags=page_flags.by_place(outcome, level),
        definitions=definitions,
        maps=page_flags.maps(outcome, level, height),
        worst=page_flags.worst(outcome, level),
        indicators=page_flags.indicators(outcome),
        gaps=page_flags.gaps(outcome),
        siting=page_sites.section(outcome, level),
        circle=page_circle.table(outcome),
        circle_notes=page_circle.notes(outcome),
        **page_sources.everything(outcome),
    )


@cache
def _template() -> jinja2.Template:
    text = (resources.files("geoplan") / "report" / "templates" / "report.html.j2").read_text(
        encoding="utf-8"
    )
    environment = jinja2.Environment(
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    template: jinja2.Template = environment.from_string(text.replace("\r\n", "\n"))
    return template
