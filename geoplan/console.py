"""What the command line prints: stages, the check's table, the run's summary."""

import locale
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich import box
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from geoplan.errors import Note
from geoplan.progress import STAGES

out = Console(soft_wrap=False)


def language() -> str:
    """Return the language of messages before a study has been read: English only where the system says so."""
    name = locale.getlocale()[0] or ""
    return "en" if name.lower().startswith("en") else "zh"


def say(code: str, **values: object) -> None:
    """Print one message of the catalogue."""
    out.print(Note.of(code, **values).text(language()), highlight=False, markup=False, soft_wrap=True)


@contextmanager
def progress(lang: str) -> Iterator[Callable[[str, float | None], None]]:
    """Show stages as they run, with the seconds of each that has ended; yield the listener for `Stages`."""
    column = 0 if lang == "zh" else 1
    bar = Progress(
        SpinnerColumn("line"),
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=out,
        transient=True,
    )
    task = bar.add_task("", total=len(STAGES))

    def listen(key: str, seconds: float | None) -> None:
        words = STAGES[key][column]
        if seconds is None:
            bar.update(task, description=words)
        else:
            bar.console.print(f"  {words}  {seconds:.1f} s", highlight=False, style="dim")
            bar.advance(task)

    with bar:
        yield listen


def table(title: str, columns: list[str], rows: list[tuple[str, ...]], *, right: set[int] = frozenset()) -> None:  # type: ignore[assignment]
    """Print `rows` under `columns`; those numbered in `right` are set flush right."""
    grid = Table(title=title, box=box.SIMPLE_HEAD, title_justify="left", title_style="bold", show_edge=False)
    for number, column in enumerate(columns):
        grid.add_column(column, justify="right" if number in right else "left", overflow="fold")
    for row in rows:
        grid.add_row(*row)
    out.print(grid)
