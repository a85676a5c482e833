"""What can go wrong, said once, in Chinese and English.

A :class:`Note` is one thing found in the input: a code, where it stands, and the values that were found. Its
words come from the catalogue (`geoplan.words.catalogue`), so that the console, the workbook and the page say the
same. A stage lists notes and goes on; what cannot go on raises a :class:`GeoplanError` that holds every note at once::

    GeoplanError
    ├── StudyError(ValueError)       the study file has wrong entries                    exit code 2
    ├── InputError(ValueError)       an input file cannot be used as it is               exit code 3
    ├── TableError(ValueError)       a table handed to a stage lacks a column or an id   exit code 4
    ├── NetworkError(ValueError)     the streets give no usable network                  exit code 5
    ├── PackError(ValueError)        a pack of rules has wrong entries                   exit code 6
    ├── OutputError(OSError)         results cannot be written where they should go      exit code 7
    └── DownloadError(OSError)       the explicit download failed                        exit code 8
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from geoplan.words.catalogue import catalogue, filled, phrase


@dataclass(frozen=True)
class Note:
    """One thing found: which message, where, and the values that fill it.

    Parameters
    ----------
    code
        Key of the message in the catalogue.
    file, row, zone
        Where it stands: file name, row as the planner's program numbers it (the header is row 1), zone id.
    values
        What fills the message's ``{…}``.
    severity
        ``error`` (nothing can be computed), ``warning`` (something was changed or left out), ``info``.

    Examples
    --------
    >>> Note.of("file_missing", file="register.xlsx").text("en")
    'register.xlsx: no such file. Check the path; it is read relative to the study file.'
    """

    code: str
    file: str = ""
    row: int | None = None
    zone: str = ""
    values: dict[str, Any] = field(default_factory=dict, hash=False)
    severity: str = "warning"

    @classmethod
    def of(
        cls,
        code: str,
        *,
        file: str = "",
        row: int | None = None,
        zone: str = "",
        severity: str = "warning",
        **values: Any,  # noqa: ANN401 - whatever the message names
    ) -> "Note":
        """Return a note; keyword arguments beyond the named ones fill the message."""
        return cls(code, file, row, zone, values, severity)

    def found(self, lang: str) -> str:
        """Return what was found, in `lang` (``zh`` or ``en``)."""
        return phrase(self.code, lang, **self.values)

    def action(self, lang: str) -> str:
        """Return what was done about it or what to do, in `lang`; may be empty."""
        return filled(str(catalogue()[self.code].get(f"do_{lang}", "")), lang, self.values)

    def where(self, lang: str) -> str:
        """Return the place: file, row, zone, as far as known."""
        return place(self.file, self.row, self.zone, lang)

    def text(self, lang: str) -> str:
        """Return place, finding and action on one line."""
        return sentence(self.where(lang), (self.found(lang), self.action(lang)), lang)

    def said(self, lang: str) -> "Said":
        """Return the note in `lang`, as the table of warnings has it."""
        return Said(
            self.severity, self.code, self.file, self.row, self.zone, self.found(lang), self.action(lang)
        )


class Said(NamedTuple):
    """A note in one language: the row of the table of warnings."""

    severity: str
    code: str
    file: str
    row: int | None
    zone: str
    text: str
    action: str


#: From grave to slight.
SEVERITIES = ("error", "warning", "info")
#: Notes of one kind of which a line shows the words, and errors of one kind that each have a line.
EXAMPLES = 3
MOST_ALIKE = 20


def kinds_of(said: Iterable[Said]) -> list[list[Said]]:
    """Return notes by kind, that is severity, message and file, the gravest kind first.

    Errors go before warnings; what concerns a whole file or the whole study before what concerns single rows; then the most frequent.
    """
    kinds: dict[tuple[str, str, str], list[Said]] = {}
    for one in said:
        kinds.setdefault((one.severity, one.code, one.file), []).append(one)
    return sorted(
        kinds.values(),
        key=lambda kind: (SEVERITIES.index(kind[0].severity), kind[0].row is not None, -len(kind)),
    )


def kind_line(kind: Sequence[Said], lang: str) -> str:
    """Return the notes of one kind in one line: the note where there is one, else their number and the first three."""
    first = kind[0]
    if len(kind) == 1:
        return sentence(place(first.file, first.row, first.zone, lang), (first.text, first.action), lang)
    where = (place("", one.row, one.zone, lang) for one in kind[:EXAMPLES])
    shown = [sentence(at, (one.text,), lang, stop=False) for at, one in zip(where, kind, strict=False)]
    examples = phrase(
        "note_examples", lang, count=f"{len(kind):,}", examples=phrase("note_between", lang).join(shown)
    )
    return sentence(first.file, (examples, first.action), lang)


def place(file: str, row: int | None, zone: str, lang: str) -> str:
    """Return where a note stands: file, row, zone, as far as known."""
    at_row = "" if row is None else phrase("note_row", lang, row=row)
    return " ".join(part for part in (file, at_row, zone) if part)


def sentence(where: str, parts: Sequence[str], lang: str, *, stop: bool = True) -> str:
    """Return a place and sentences on one line, each sentence with its stop."""
    end = phrase("stop", lang)
    plain = [part.rstrip(f" .{end}") for part in parts if part]
    ended = [part if part.endswith("?") or not stop else part + end for part in plain]
    body = phrase("note_space", lang).join(ended)
    return phrase("note_place", lang, where=where, text=body) if where else body


class GeoplanError(Exception):
    """Something that a planner can act on; holds one or more notes.

    Parameters
    ----------
    *notes
        What was found, every problem at once; or one plain sentence.
    """

    exit_code = 1

    def __init__(self, *notes: Note | str) -> None:
        self.notes = notes
        super().__init__(self.text("en"))

    def text(self, lang: str) -> str:
        """Return every note in `lang`, one a line, but a kind of more than `MOST_ALIKE` in one; several lines get bullets."""
        many = [
            kind
            for kind in kinds_of(n.said(lang) for n in self.notes if isinstance(n, Note))
            if len(kind) > MOST_ALIKE
        ]
        lines = [kind_line(kind, lang) for kind in many]
        gathered = {(one.code, one.file) for kind in many for one in kind}
        lines += [
            note if isinstance(note, str) else note.text(lang)
            for note in self.notes
            if isinstance(note, str) or (note.code, note.file) not in gathered
        ]
        return lines[0] if len(lines) == 1 else "\n".join(f"- {line}" for line in lines)


class StudyError(GeoplanError, ValueError):
    """The study file has wrong entries."""

    exit_code = 2


class InputError(GeoplanError, ValueError):
    """An input file cannot be used as it is."""

    exit_code = 3


class TableError(GeoplanError, ValueError):
    """A table handed to a stage lacks a column, or names an id that another lacks."""

    exit_code = 4


class NetworkError(GeoplanError, ValueError):
    """The streets give no usable network."""

    exit_code = 5


class PackError(GeoplanError, ValueError):
    """A pack of rules has wrong entries."""

    exit_code = 6


class OutputError(GeoplanError, OSError):
    """Results cannot be written where they should go."""

    exit_code = 7


class DownloadError(GeoplanError, OSError):
    """The explicit download failed."""

    exit_code = 8


def raise_errors(notes: Iterable[Note], kind: type[GeoplanError]) -> None:
    """Raise one `kind` that holds every note of severity ``error``; return where there is none."""
    errors = [note for note in notes if note.severity == "error"]
    if errors:
        raise kind(*errors)
