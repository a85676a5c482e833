"""The gain curve (点位数与效果) as SVG: what was found with so many sites, what no choice betters, and the number adopted.

It is drawn to be read in print as well: the found values are a solid line with dots, the bound a dashed one, and what lies between
them is shaded, so that nothing hangs on colour.
"""

import html
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from geoplan.report import look
from geoplan.words.numbers import format_number

#: Size of the drawing and of the space around its plot, in its own units.
WIDTH, HEIGHT = 640.0, 300.0
LEFT, RIGHT, TOP, BOTTOM = 74.0, 22.0, 64.0, 44.0
#: The axis begins at zero unless all values lie above this share of the largest.
FROM_ZERO = 0.6
#: Values that differ by less than this share stand for the same value.
SAME = 1e-6


@dataclass(frozen=True)
class Said:
    """The words of a chart: axes, lines, what is said where an axis does not begin at zero, and of what was adopted."""

    y: str
    x: str
    best: str
    bound: str
    met: str
    cut: str
    adopted: str = ""


def ticks(low: float, high: float, *, most: int = 6, whole: bool = False) -> list[float]:
    """Return round values from at most `low` to at least `high`: steps of 1, 2 or 5 times a power of ten.

    Examples
    --------
    >>> ticks(0, 1740)
    [0.0, 500.0, 1000.0, 1500.0, 2000.0]
    >>> ticks(0, 3, whole=True)
    [0.0, 1.0, 2.0, 3.0]
    """
    span = max(high - low, 1e-12)
    power = 10.0 ** math.floor(math.log10(span / most))
    step = next(s * power for s in (1.0, 2.0, 5.0, 10.0) if span / (s * power) <= most)
    step = max(1.0, round(step)) if whole else step
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [round(place * step, 12) for place in range(first, max(last, first + 1) + 1)]


def bound_met(curve: pd.DataFrame) -> bool:
    """Return whether every point of a curve has a bound and meets it."""
    objective, bound = curve["objective"].to_numpy(dtype=float), curve["bound"].to_numpy(dtype=float)
    return bool(np.isclose(objective, bound, rtol=SAME, atol=1e-9).all())


def gain_curve(
    curve: pd.DataFrame,
    *,
    said: Said,
    adopted: int | None,
    value: float | None = None,
    percent: bool = False,
) -> str:
    """Return the curve as one ``<svg>`` element; the same curve gives the same text.

    Parameters
    ----------
    curve
        Rows of `CURVE` of one question: ``sites`` (>= 0), ``objective``, ``bound`` (NaN where none was computed); at least one
        row with an objective.
    said
        Words, plain; they are escaped here.
    adopted
        Number of sites to mark, None for none.
    value
        What is reached with them, where that is not what the curve has: a budget may forbid the best of so many.
    percent
        Whether the objective is a share (0-1).

    Raises
    ------
    ValueError
        If no row has an objective.
    """
    rows = curve[curve["objective"].notna()].sort_values("sites", kind="stable")
    if rows.empty:
        raise ValueError("a curve without any value")
    plot = _Plot(rows, percent=percent, also=value)
    parts = [
        f'<svg viewBox="0 0 {WIDTH:g} {HEIGHT:g}" class="curve" role="img" font-size="11.5" fill="{look.COLOURS["ink"]}">',
        *plot.grid(said),
        *plot.between(),
        *plot.lines(),
        *(plot.mark(adopted, said.adopted, value) if adopted is not None else ()),
        *plot.key(said),
        "</svg>",
    ]
    return "".join(parts)


class _Plot:
    """A curve with its scales."""

    def __init__(self, rows: pd.DataFrame, *, percent: bool, also: float | None) -> None:
        self.n = rows["sites"].to_numpy(dtype=float)
        self.objective = rows["objective"].to_numpy(dtype=float)
        self.bound = rows["bound"].to_numpy(dtype=float)
        self.met, self.percent = bound_met(rows), percent
        more = [] if also is None else [also]
        values = np.r_[self.objective, self.bound[np.isfinite(self.bound)], more]
        low, high = float(values.min()), float(values.max())
        self.from_zero = low <= FROM_ZERO * high or high <= 0
        begin = min(low, 0.0) if self.from_zero else low - 0.08 * (high - low)
        self.y_ticks = ticks(begin, max(high, begin + 1e-9))
        self.x_ticks = ticks(
            min(float(self.n.min()), 1.0), max(float(self.n.max()), 2.0), most=10, whole=True
        )

    def x(self, value: float) -> float:
        low, high = self.x_ticks[0], self.x_ticks[-1]
        return LEFT + (value - low) / (high - low) * (WIDTH - LEFT - RIGHT)

    def y(self, value: float) -> float:
        low, high = self.y_ticks[0], self.y_ticks[-1]
        return HEIGHT - BOTTOM - (value - low) / (high - low) * (HEIGHT - TOP - BOTTOM)

    def written(self, value: float) -> str:
        return format_number(value, "percent") if self.percent else format_number(value, "per_1000")

    def grid(self, said: Said) -> list[str]:
        soft, line = look.COLOURS["ink_soft"], look.COLOURS["line"]
        foot, end = HEIGHT - BOTTOM, WIDTH - RIGHT
        out = []
        for value in self.y_ticks:
            y = self.y(value)
            out.append(f'<path d="M{LEFT:g} {y:.1f}H{end:g}" stroke="{line}" stroke-width=".8"/>')
            out.append(_text(LEFT - 7, y + 4, self.written(value), anchor="end", fill=soft))
        out.append(
            f'<path d="M{LEFT:g} {foot:g}H{end:g}" stroke="{look.COLOURS["ink"]}" stroke-width="1.1"/>'
        )
        out += [_text(self.x(v), foot + 16, f"{v:g}", anchor="middle", fill=soft) for v in self.x_ticks]
        out.append(_text((LEFT + end) / 2, HEIGHT - 8, said.x, anchor="middle"))
        out.append(_text(4, TOP - 14, said.y + ("" if self.from_zero else said.cut)))
        return out

    def between(self) -> list[str]:
        """Shade what may still lie between the found values and the bound."""
        out: list[str] = []
        if self.met:
            return out
        for first, last in _runs(np.isfinite(self.bound)):
            there = [f"{self.x(self.n[k]):.1f} {self.y(self.objective[k]):.1f}" for k in range(first, last)]
            back = [
                f"{self.x(self.n[k]):.1f} {self.y(self.bound[k]):.1f}" for k in reversed(range(first, last))
            ]
            out.append(
                f'<path d="M{"L".join([*there, *back])}Z" fill="{look.COLOURS["accent"]}" fill-opacity=".13"/>'
            )
        return out

    def lines(self) -> list[str]:
        ink, soft = look.COLOURS["accent"], look.COLOURS["ink_soft"]
        out = []
        # under the found values, so that where the two meet both can be seen
        for first, last in _runs(np.isfinite(self.bound)):
            points = [f"{self.x(self.n[k]):.1f} {self.y(self.bound[k]):.1f}" for k in range(first, last)]
            style = f'fill="none" stroke="{soft}" stroke-width="{4.5 if self.met else 1.4}"'
            dash = ' stroke-opacity=".35"' if self.met else ' stroke-dasharray="5 3.5"'
            out.append(f'<path d="M{"L".join(points)}" {style}{dash}/>')
        points = [f"{self.x(a):.1f} {self.y(b):.1f}" for a, b in zip(self.n, self.objective, strict=True)]
        out.append(f'<path d="M{"L".join(points)}" fill="none" stroke="{ink}" stroke-width="2"/>')
        radius = 3.0 if len(points) <= 30 else 1.6
        for a, b in zip(self.n, self.objective, strict=True):
            out.append(f'<circle cx="{self.x(a):.1f}" cy="{self.y(b):.1f}" r="{radius:g}" fill="{ink}"/>')
        return out

    def mark(self, adopted: int, words: str, own: float | None) -> list[str]:
        """Mark the adopted number where the curve has it, or at its own value."""
        here = np.flatnonzero(self.n == adopted)
        if not len(here):
            return []
        strong, value = look.COLOURS["flag"], float(self.objective[here[0]]) if own is None else own
        x, y = self.x(float(adopted)), self.y(value)
        foot = HEIGHT - BOTTOM
        # beside a rising curve there is room below it, beside a falling one above it
        rising = self.objective[-1] >= self.objective[0]
        left = x > LEFT + 0.55 * (WIDTH - LEFT - RIGHT)
        tx = x - 11 if left else x + 11
        over = np.linspace(tx - _wide(words) if left else tx, tx if left else tx + _wide(words), 12)
        beside = np.interp(
            over, [self.x(n) for n in self.n], [self.y(v) for v in self.objective], left=y, right=y
        )
        ty = max(y + 22, float(beside.max()) + 18) if rising else min(y - 14, float(beside.min()) - 10)
        ty = min(max(ty, TOP + 12), foot - 8)
        return [
            f'<path d="M{x:.1f} {y:.1f}V{foot:g}" stroke="{strong}" stroke-width="1.2" stroke-dasharray="2 2.5"/>',
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="6" fill="#fff" stroke="{strong}" stroke-width="2.2"/>',
            _text(tx, ty, words, anchor="end" if left else "start", fill=strong, bold=True, halo=True),
        ]

    def key(self, said: Said) -> list[str]:
        """Say what each line is, above the plot."""
        ink, soft = look.COLOURS["accent"], look.COLOURS["ink_soft"]
        y, x = 14.0, LEFT
        out = [
            f'<path d="M{x:g} {y:g}h26" stroke="{ink}" stroke-width="2"/>',
            f'<circle cx="{x + 13:g}" cy="{y:g}" r="3" fill="{ink}"/>',
            _text(x + 32, y + 4, said.best),
        ]
        x += 32 + _wide(said.best) + 24
        if self.met:
            out.append(f'<path d="M{x:g} {y:g}h26" stroke="{soft}" stroke-opacity=".35" stroke-width="4.5"/>')
            out.append(_text(x + 32, y + 4, said.met))
        elif np.isfinite(self.bound).any():
            out.append(f'<path d="M{x:g} {y:g}h26v7h-26z" fill="{ink}" fill-opacity=".13"/>')
            out.append(
                f'<path d="M{x:g} {y:g}h26" stroke="{soft}" stroke-width="1.4" stroke-dasharray="5 3.5"/>'
            )
            out.append(_text(x + 32, y + 4, said.bound))
        return out


def _runs(known: Sequence[bool] | np.ndarray) -> list[tuple[int, int]]:
    """Return begin and end of each run of True of at least two.

    Examples
    --------
    >>> _runs([True, True, False, True, True, True])
    [(0, 2), (3, 6)]
    """
    edges = np.flatnonzero(np.diff(np.r_[False, np.asarray(known, dtype=bool), False].astype(int)))
    found = [(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]
    return [(a, b) for a, b in found if b - a >= 2]


def _wide(words: str) -> float:
    """Return about how wide words are set: a Chinese sign is as wide as it is high, a Latin one about half."""
    return sum(11.8 if ord(sign) > 0x2E80 else 6.1 for sign in words)


def _text(
    x: float, y: float, words: str, *, anchor: str = "start", fill: str = "", bold: bool = False, halo: bool = False
) -> str:  # fmt: skip
    style = f' text-anchor="{anchor}"' if anchor != "start" else ""
    style += f' fill="{fill}"' if fill else ""
    style += ' font-weight="600"' if bold else ""
    style += ' stroke="#fff" stroke-width="3.5" stroke-linejoin="round" paint-order="stroke"' if halo else ""
    return f'<text x="{x:.1f}" y="{y:.1f}"{style}>{html.escape(words)}</text>'
