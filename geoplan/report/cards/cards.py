"""一社区一表 as PDF files and as HTML files: one page a community in the order of the codes, one file a town (a district where there are no towns).

The PDF files need ``geoplan[papers]``: reportlab draws a page with its map in some 50 ms, where a sheet of the atlas takes matplotlib ten times as long.
"""

import importlib.util
import string
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from urllib.parse import quote

from geoplan.report.cards.html_page import anchor, write_html
from geoplan.report.content import titles
from geoplan.report.content.basemap import BaseMap
from geoplan.report.content.community_sheet import Sheet, Sheets
from geoplan.report.look.fonts import face
from geoplan.tables import Outcome
from geoplan.words.catalogue import catalogue, phrase
from geoplan.words.errors import InputError, Note, OutputError

#: Subfolder of a run's folder that holds the files.
FOLDER = "communities"
#: Longest name of a file, in characters, and what no system takes in one.
_LONGEST, _FORBIDDEN = 60, str.maketrans(dict.fromkeys('<>:"/\\|?*' + string.whitespace, "_"))
#: Names that are told where a name fits no zone.
_GUESSES = 5


def write_cards(
    outcome: Outcome, folder: Path, zones: Sequence[str] | None = None, *, each: bool = False
) -> tuple[Path, ...]:
    """Write the pages of `zones`, by default of every community, as PDF and as HTML; return the files. The same outcome and font give the same bytes.

    Parameters
    ----------
    folder
        Made where it is not there; files of the same name are replaced.
    zones
        zone_ids of communities; None: all.
    each
        A file a community, called by its name, and not one a town.

    Raises
    ------
    OutputError
        If reportlab is not installed, no Chinese font is found, or a file cannot be written.
    """
    check_installed()
    from geoplan.report.cards.page import write_pages

    base = BaseMap(outcome)
    made = Sheets(outcome, base)
    wanted = made.zones if zones is None else [zone for zone in made.zones if zone in set(zones)]
    sheets = [made.sheet(zone) for zone in wanted]
    files: dict[str, list[Sheet]] = {}
    for sheet in sheets:
        files.setdefault(sheet.zone_id if each else made.upper(sheet.zone_id), []).append(sheet)
    names = _names(made, list(files))
    head = phrase("sheet_head", outcome.lang)
    paths = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with face(_printed(outcome, sheets)) as own:
            for name, pages in zip(names, files.values(), strict=True):
                paths += [folder / f"{name}.pdf", folder / f"{name}.html"]
                write_pages(pages, base, own, paths[-2], title=f"{name} {head}")
                write_html(pages, base, paths[-1], title=f"{name} {head}")
    except OSError as error:
        raise OutputError(Note.of("output_unwritable", file=str(folder), why=str(error), severity="error")) from error  # fmt: skip
    return tuple(paths)


def page_links(outcome: Outcome) -> Mapping[str, str]:
    """Return the address of each community's page of HTML, from the folder of a run in which `write_cards` wrote all of them."""
    made = Sheets(outcome)
    uppers = list(dict.fromkeys(map(made.upper, made.zones)))
    file = dict(zip(uppers, _names(made, uppers), strict=True))
    return {zone: f"{FOLDER}/{quote(file[made.upper(zone)])}.html{anchor(zone)}" for zone in made.zones}


def check_installed() -> None:
    """Raise an OutputError where what draws the pages is not installed."""
    missing = [
        name for name in ("reportlab", "matplotlib", "fontTools") if importlib.util.find_spec(name) is None
    ]
    if missing:
        raise OutputError(Note.of("cards_not_installed", missing=", ".join(missing), severity="error"))


def chosen_zones(outcome: Outcome, *, zone: str | None = None, town: str | None = None) -> tuple[str, ...]:
    """Return the communities that a code or a name means, and those of a town (or district); with neither all of them.

    A name that several communities have means all of them.

    Raises
    ------
    InputError
        If no community, or no town or district, has the code or name.
    """
    made = Sheets(outcome)
    names = made.names
    found = made.zones
    if town is not None:
        uppers = [
            one
            for one in outcome.zones.index
            if names.level(one) in ("town", "district") and _meant(made, one, town)
        ]
        if not uppers:
            raise InputError(
                _unknown(
                    made,
                    town,
                    (one for one in outcome.zones.index if names.level(one) in ("town", "district")),
                )
            )
        found = tuple(
            one for one in found if {names.at(one, "town"), names.at(one, "district")} & set(uppers)
        )
    if zone is not None:
        inside, found = found, tuple(one for one in found if _meant(made, one, zone))
        if not found:
            raise InputError(_unknown(made, zone, inside))
    return found


def _meant(made: Sheets, zone_id: str, said: str) -> bool:
    return said.strip() in (made.names.code(zone_id), made.names.zone(zone_id), zone_id)


def _unknown(made: Sheets, said: str, zones: Iterable[str]) -> Note:
    """Return that nothing is called so, with names that hold what was said, else the first ones."""
    every = [f"{made.names.zone(one)} {made.names.code(one)}" for one in zones]
    close = [name for name in every if said.strip() and said.strip() in name] or every
    return Note.of("cards_unknown_zone", name=said, known=tuple(close[:_GUESSES]), severity="error")


def _names(made: Sheets, zones: Sequence[str]) -> list[str]:
    """Return the names of the files of some zones, without ending."""
    return file_names([made.names.zone(one) for one in zones], [made.names.code(one) for one in zones])


def file_names(names: Sequence[str], codes: Sequence[str]) -> list[str]:
    """Return names as file names that every system takes; those that are alike get their code behind them.

    Examples
    --------
    >>> file_names(["临江街道", "a/b", "A/b"], ["1", "2", "3"])
    ['临江街道', 'a_b_2', 'A_b_3']
    """
    plain = [_plain(name) for name in names]
    folded = [name.casefold() for name in plain]
    return [
        f"{name}_{_plain(code)}" if folded.count(name.casefold()) > 1 else name
        for name, code in zip(plain, codes, strict=True)
    ]


def _plain(name: str) -> str:
    shown = "".join(c for c in name.translate(_FORBIDDEN) if c.isprintable())
    return shown[:_LONGEST].strip("._ ") or "_"


def _printed(outcome: Outcome, sheets: Iterable[Sheet]) -> Iterator[str]:
    """Yield every text that the pages print, for the font that is embedded."""
    lang = outcome.lang
    yield from (
        str(words[lang])
        for code, words in catalogue().items()
        if code.startswith(("sheet_", "basemap_north"))
    )
    yield titles.review_line(outcome)
    yield from outcome.zones["name"].dropna().map(str)
    yield from (kind.label for kind in BaseMap(outcome).kinds)
    for sheet in sheets:
        yield from (sheet.title, sheet.place, sheet.banner, sheet.priority, *sheet.notes, *sheet.foot)
        yield from (sheet.confirmation.title, *sheet.confirmation.opinions, *sheet.confirmation.blanks)
        for section in sheet.sections:
            table = section.table
            yield from (table.title, table.empty, *(column.header for column in table.columns))
            for row in table.texts(lang):
                yield from row
