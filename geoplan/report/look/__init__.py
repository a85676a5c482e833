"""One look for the map, the workbook, the atlas and the page: colours, classes and fonts.

Nothing here measures anything. Colours are colour-blind safe because every ramp is ordered by lightness alone, and a
flag differs from every ramp colour in hue *and* lightness.
"""

import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from geoplan.words.numbers import missing

#: Chinese first in a CJK font of the system; Latin falls to the same font, so digits align in tables.
FONT_STACK = (
    '"Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC", "Source Han Sans CN", "PingFang SC", "Hiragino Sans GB", '
    '"Microsoft YaHei", "WenQuanYi Micro Hei", "Segoe UI", "Helvetica Neue", Arial, sans-serif'
)
#: A workbook names one font; where it is absent the program falls back to its own CJK font.
FONT_WORKBOOK = "Microsoft YaHei"

#: Quiet colours of page and map, and the two strong ones.
COLOURS: Mapping[str, str] = {
    "ink": "#1d2733",
    "ink_soft": "#5b6875",
    "line": "#d9dee3",
    "paper": "#ffffff",
    "ground": "#f4f5f3",
    "street": "#c3c8cc",
    "street_major": "#aab1b7",
    "boundary": "#ffffff",
    "boundary_strong": "#4a5663",
    "flag": "#d1431b",  # the one strong colour: a flag (短板)
    "flag_soft": "#f3c3b1",
    "flag_medium": "#e58866",
    "mean_met": "#f2d27a",  # the mean is met, but too few are in the circle: neither a flag nor none
    "not_flagged": "#e6ebea",
    "no_data": "#f2f2f0",  # drawn with a hatch
    "hatch": "#b3b8bd",
    "accent": "#14606f",
    "gain": "#2a49d8",  # what gets better from one result to the other; beside `flag` for what gets worse
    "people_outside": "#7b2d12",
    "banner": "#fff3cd",
    "banner_ink": "#6b4e00",
}


@dataclass(frozen=True)
class GroundStyle:
    """How one kind of the quiet base is drawn.

    Parameters
    ----------
    colour
        Of the fill of areas, or of the line.
    width
        Of lines, points; 0: areas, filled.
    dashes
        Lengths of dash and gap, points; empty: a whole line.
    above
        Whether print, which has no blending, draws it above the fills of zones: only what covers nobody.
    """

    colour: str
    width: float = 0.0
    dashes: tuple[float, ...] = ()
    above: bool = False


#: Kinds of the quiet base in the order in which they are drawn; paler than any class, and of no ramp's hue.
GROUND_STYLES: Mapping[str, GroundStyle] = {
    "green": GroundStyle("#e9f0d9"),
    "water": GroundStyle("#d3e2ec", above=True),
    "rail": GroundStyle("#8b949d", width=0.7, dashes=(5.0, 1.5), above=True),
    "barrier": GroundStyle("#a3abb4", width=0.7, dashes=(3.5, 2.0), above=True),
}

#: Grades of a flag, from nothing at all to nearly met: background and ink; one hue, lightness rises with every step.
GRADE_COLOURS: Mapping[str, tuple[str, str]] = {
    "none": ("#7a1e06", "#ffffff"),
    "severe": ("#bf3a14", "#ffffff"),
    "short": ("#e27a52", "#1d2733"),
    "slight": ("#f2b598", "#1d2733"),
    "near": ("#fae0d3", "#1d2733"),
}

#: Sequential ramp, light to dark, for shares and supply; lightness falls with every step.
SEQUENTIAL = ("#e0ede7", "#b5d8d2", "#7cb9bc", "#3c8a9b", "#14546b")

#: Verdicts have their own colours, told apart from flags: green-grey, plum, and greys.
VERDICT_COLOURS: Mapping[str, str] = {
    "met": "#8fb996",
    "not_met": "#7d4878",
    "no_data": "#f2f2f0",
    "not_applicable": "#e3e5e8",
    "not_quantified": "#c9d3e0",
}

#: Code of a cell (verdict, state, severity) -> background and ink, in every table that colours codes.
CODE_COLOURS: Mapping[str, tuple[str, str]] = {
    **dict.fromkeys(("flag", "flagged", "error"), (COLOURS["flag_soft"], COLOURS["flag"])),
    "mean_met": (COLOURS["mean_met"], COLOURS["ink"]),
    **dict.fromkeys(("unknown", "no_data", "may_count"), (COLOURS["no_data"], COLOURS["ink_soft"])),
    **dict.fromkeys(("met", "has"), (VERDICT_COLOURS["met"], COLOURS["ink"])),
    **dict.fromkeys(("not_met", "has_not"), (VERDICT_COLOURS["not_met"], COLOURS["paper"])),
    **dict.fromkeys(
        ("not_applicable", "member_lacks"), (VERDICT_COLOURS["not_applicable"], COLOURS["ink_soft"])
    ),
    "not_quantified": (VERDICT_COLOURS["not_quantified"], COLOURS["ink"]),
    "warning": (COLOURS["banner"], COLOURS["banner_ink"]),
    **GRADE_COLOURS,
}

#: Limits of the classes of a covered share; 0.8 is the usual limit below which a community is flagged.
SHARE_LIMITS = (0.5, 0.7, 0.8, 0.9)
#: Limits of the classes of supply as multiples of the standard: 1 separates enough from short.
SUPPLY_FACTORS = (0.25, 0.5, 1.0, 1.5)

#: Marks of facilities: shape by type, colour by service.
MARK_SHAPES = ("circle", "square", "triangle", "diamond", "pentagon", "cross")
#: The same shapes as matplotlib names them.
MATPLOTLIB_MARKS = {
    "circle": "o",
    "square": "s",
    "triangle": "^",
    "diamond": "D",
    "pentagon": "p",
    "cross": "P",
}
SERVICE_COLOURS = ("#2f2a6b", "#8a4b08", "#0b5a3c", "#5a1a5c")

#: Codes that are coloured as others: what turns out well as what is met, what turns out badly as a flag.
TONES: Mapping[str, str] = {
    "won": "met", "gone": "met", "opened": "met", "larger": "met", "on_path": "met", "behind": "not_met",
    "built": "met", "late": "flag", "due": "mean_met", "unverified": "no_data", "undated": "no_data",
    "lost": "flag", "new": "flag", "closed": "flag", "smaller": "flag",
}  # fmt: skip

#: Proposed sites: fill of the numbered disc by phase, dark to light, and the ink of its number; blue, which no facility has.
SITE_COLOURS = ("#1b2fa0", "#5470e8", "#aab8f7", "#dde3fd")
SITE_INKS = ("#ffffff", "#ffffff", "#0f1c66", "#0f1c66")
#: Edge of candidates and of the dashed ring around an area of intent.
SITE_EDGE = "#1b2fa0"
#: Catchments side by side: quiet, of one lightness, none of them a class.
CATCHMENT_COLOURS = ("#d3e0ec", "#e8dcc4", "#d6e6cf", "#ecd6dd", "#dcd6ec", "#c9e2df")
#: Isochrones of sites, the widest band lightest.
SITE_BANDS = ("#dfe5fb", "#c3cdf6", "#a3b2ef", "#8498e6")
#: Zones that the sites serve.
SITE_SERVED = "#d5dcf8"


def site_colour(place: int) -> str:
    """Return the fill of a site that opens in the phase at `place`; phases beyond the last colour share it.

    Examples
    --------
    >>> site_colour(0), site_colour(9)
    ('#1b2fa0', '#dde3fd')
    """
    return SITE_COLOURS[min(max(place, 0), len(SITE_COLOURS) - 1)]


def site_ink(place: int) -> str:
    """Return the ink of the number on `site_colour`."""
    return SITE_INKS[min(max(place, 0), len(SITE_INKS) - 1)]


def site_edge(place: int) -> str:
    """Return the edge of a site's disc: white around a dark one, dark around a light one."""
    return COLOURS["paper"] if site_ink(place) == COLOURS["paper"] else SITE_EDGE


@dataclass(frozen=True)
class Scale:
    """Classes of a measured value: limits (in the value's own unit), one colour a class, one printed range a class."""

    limits: tuple[float, ...]
    colours: tuple[str, ...]
    texts: tuple[str, ...]

    def classes(self, values: Iterable[float]) -> np.ndarray:
        """Return the class of each value, 0 the lowest; a value on a limit belongs above it; NaN is -1.

        Examples
        --------
        >>> share_scale().classes([0.0, 0.8, 1.0, float("nan")]).tolist()
        [0, 3, 4, -1]
        """
        array = np.asarray(list(values), dtype=float)
        # a share that is 0.8 but for rounding of a sum stands in the class that begins with 0.8
        found = np.searchsorted(np.asarray(self.limits) - 1e-9, array, side="right")
        return np.where(np.isnan(array), -1, found)


def share_scale() -> Scale:
    """Return the classes of a covered share, the same everywhere."""
    texts = _ranges([f"{100 * limit:g}" for limit in SHARE_LIMITS], "%")
    return Scale(SHARE_LIMITS, SEQUENTIAL, texts)


def supply_scale(required: float) -> Scale:
    """Return the classes of a supply against its standard `required` (> 0), printed in the standard's own unit.

    Examples
    --------
    >>> supply_scale(50).limits
    (12.5, 25.0, 50.0, 75.0)
    """
    limits = tuple(float(required) * factor for factor in SUPPLY_FACTORS)
    return Scale(limits, SEQUENTIAL, _ranges([f"{limit:.6g}" for limit in limits], ""))


def _ranges(limits: Sequence[str], suffix: str) -> tuple[str, ...]:
    between = [f"{low}–{high}{suffix}" for low, high in itertools.pairwise(limits)]
    return (f"< {limits[0]}{suffix}", *between, f"≥ {limits[-1]}{suffix}")


def mark_radius(capacity: float | None) -> float:
    """Return the radius in pixels of a facility's mark: area grows with beds or places; unknown is the smallest.

    Examples
    --------
    >>> mark_radius(None), mark_radius(0), mark_radius(100), mark_radius(10000)
    (3.0, 3.0, 5.0, 7.0)
    """
    if missing(capacity) or capacity is None:
        return 3.0
    return round(3.0 + 4.0 * math.sqrt(min(max(float(capacity), 0.0), 400.0) / 400.0), 1)
