"""Numbers that a planner writes, in a study, a pack, a scenario or a file of totals: each has a unit and a range.

A range is what can be meant at all, so that a slip (80 for 80 %, a rate that divides by almost nothing) is an error and no figure of a
report. No number may be NaN or infinite.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, get_args

from annotated_types import Ge, Gt, Le, Lt
from pydantic import Field
from pydantic.fields import FieldInfo


@dataclass(frozen=True)
class Unit:
    """Unit of a number, as the reference of the study file prints it."""

    text: str


@dataclass(frozen=True)
class Number:
    """A number that stands somewhere in an entry: its unit and range; None where it has none."""

    unit: str | None
    low: float | None
    high: float | None
    #: True where the end itself is inside.
    with_low: bool
    with_high: bool

    def text(self) -> str:
        """Return unit and range.

        Examples
        --------
        >>> next(numbers(Minutes)).text(), next(numbers(dict[str, Share])).text()
        ('min, > 0, ≤ 120', 'share, ≥ 0, ≤ 1')
        """
        low = f"{'≥' if self.with_low else '>'} {self.low:g}" if self.low is not None else ""
        high = f"{'≤' if self.with_high else '<'} {self.high:g}" if self.high is not None else ""
        return ", ".join(part for part in (self.unit or "", low, high) if part)


Share = Annotated[float, Field(ge=0, le=1), Unit("share")]
PositiveShare = Annotated[float, Field(gt=0, le=1), Unit("share")]
Factor = Annotated[float, Field(gt=0, le=1000), Unit("factor")]
Year = Annotated[int, Field(ge=1990, le=2100), Unit("year")]
FigureYear = Annotated[int, Field(ge=1900, le=2100), Unit("year")]
Minutes = Annotated[float, Field(gt=0, le=120), Unit("min")]
Seconds = Annotated[float, Field(gt=0, le=1_000_000), Unit("s")]
Pace = Annotated[float, Field(gt=0, le=10), Unit("km/h")]
Metres = Annotated[float, Field(gt=0, le=100_000), Unit("m")]
GridMetres = Annotated[float, Field(ge=-1e9, le=1e9), Unit("m")]
Longitude = Annotated[float, Field(ge=-180, le=180), Unit("°")]
Latitude = Annotated[float, Field(ge=-90, le=90), Unit("°")]
Coordinate = Annotated[float, Field(ge=-1e9, le=1e9), Unit("° or m, as the datum has it")]
People = Annotated[float, Field(gt=0, le=1e10), Unit("people")]
Households = Annotated[float, Field(gt=0, le=1_000_000), Unit("households")]
Per1000 = Annotated[float, Field(gt=0, le=100_000), Unit("per 1,000 people")]
Amount = Annotated[float, Field(ge=0, le=1e9), Unit("beds, places, m² … as the supply has it")]
RuleValue = Annotated[float, Field(ge=0, le=1e9), Unit("unit of the rule; a share 0-1")]
SquareMetres = Annotated[float, Field(gt=0, le=10_000), Unit("m²")]
Money = Annotated[float, Field(ge=0, le=1e9), Unit("10,000 yuan")]
Count = Annotated[int, Field(ge=0, le=1_000_000), Unit("number")]
Ordinal = Annotated[int, Field(ge=1, le=1_000_000), Unit("number")]


def numbers(annotation: Any, metadata: tuple[Any, ...] = ()) -> Iterator[Number]:  # noqa: ANN401 - walks type annotations
    """Yield every number that an entry of some type may hold, also inside lists, mappings and unions.

    Parameters
    ----------
    annotation, metadata
        Type of the entry and what an ``Annotated`` around it says, as pydantic keeps them.
    """
    if annotation in (float, int):
        rules = [
            rule for said in metadata for rule in (said.metadata if isinstance(said, FieldInfo) else [said])
        ]
        ends = {kind: [rule for rule in rules if isinstance(rule, kind)] for kind in (Ge, Gt, Le, Lt)}
        low, high = [*ends[Ge], *ends[Gt]], [*ends[Le], *ends[Lt]]
        yield Number(
            unit=next((rule.text for rule in rules if isinstance(rule, Unit)), None),
            low=next((_end(rule) for rule in low), None),
            high=next((_end(rule) for rule in high), None),
            with_low=bool(ends[Ge]),
            with_high=bool(ends[Le]),
        )
        return
    inner = getattr(annotation, "__metadata__", None)
    if inner is not None:
        yield from numbers(annotation.__origin__, (*inner, *metadata))
        return
    for part in get_args(annotation):
        # what an Annotated says of a union (`float | None`) is meant for the number in it
        yield from numbers(part, metadata if type(None) in get_args(annotation) else ())


def _end(rule: Any) -> float:  # noqa: ANN401 - one of four kinds
    """Return the end of a range."""
    return float(next(getattr(rule, name) for name in ("ge", "gt", "le", "lt") if hasattr(rule, name)))
