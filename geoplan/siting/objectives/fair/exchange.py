"""Exchange heuristic under requirements of zones, for most people, the least spread or people up to a cap; compiled."""

from collections import namedtuple
from typing import Any

import numpy as np

from geoplan.network.compiled import compiled
from geoplan.siting.solve.control import SearchControl
from geoplan.siting.solve.iterated_greedy import flat_of
from geoplan.siting.solve.problems import Bools, Floats, Ints
from geoplan.siting.solve.set_cover import ResidualCover
from geoplan.siting.solve.tolerance import GAIN_TOLERANCE, ROUNDING_TOLERANCE

#: Most exchanges: each improves the selection, so that they end by themselves; this bounds the time.
MOST_EXCHANGES = 500


#: How often points are covered, what rows use, people newly covered (by zone; in `sums`: all, in zones), scratch.
Now = namedtuple("Now", "times used zone sums part touched")  # noqa: PYI024 - compiled code takes it


#: The aim: 0 most people, 1 least spread, 2 people up to a cap; people of each zone covered otherwise, each zone's part of all people, the
#: cap; the least gain that counts.
Aim = namedtuple("Aim", "mode base part cap tolerance")  # noqa: PYI024 - compiled code takes it


def exchanged(
    question: ResidualCover,
    chosen: Ints,
    *,
    control: SearchControl,
    base: Floats | None = None,
    people: Floats | None = None,
    cap: Floats | None = None,
) -> Ints:
    """Return `chosen` after the best exchange, addition or removal of one option again and again, while one helps.

    Parameters
    ----------
    question
        What is left to be covered; its needs hold before and after.
    chosen
        Positions of the options to begin with, which meet the needs.
    control
        Ends the exchanges early.
    base, people
        People of each zone who are covered besides the open points, and all people of each zone, shape (n_zones,): the spread of
        shares is made least. None: most people are covered.
    cap
        With `base` and `people`: people count up to this number in each zone, shape (n_zones,), instead of the spread.
    """
    flat = flat_of(question)
    none = np.zeros(len(flat.need_zone))
    if base is None or people is None:
        aim = Aim(0, none, none, none, GAIN_TOLERANCE * float(question.weight.sum()))
    else:
        tolerance = GAIN_TOLERANCE * float(people.sum())
        aim = Aim(
            1 if cap is None else 2, base, people / people.sum(), none if cap is None else cap, tolerance
        )
    picked = np.zeros(len(flat.cost), np.bool_)
    picked[chosen] = True
    for _ in range(MOST_EXCHANGES):
        if control.stopped() or not _exchange(flat, aim, picked):
            break
    return np.flatnonzero(picked)


@compiled
def _exchange(flat: Any, aim: Any, picked: Bools) -> bool:  # noqa: ANN401
    """Make the best exchange; False where none helps. The lowest positions of equals."""
    now = _counted(flat, picked)
    best = _value(flat, aim, now, 0) + aim.tolerance
    out, into = -1, -1
    held = np.flatnonzero(picked)
    for q in range(-1, len(held)):
        a = held[q] if q >= 0 else -1
        if a >= 0:
            if flat.fixed[a]:
                continue
            _put(flat, now, a, -1)
            value = _tried(flat, aim, now, a, -1)
            if value > best:
                best, out, into = value, a, -1
        for b in range(len(picked)):
            if picked[b] or not flat.allowed[b]:
                continue
            value = _tried(flat, aim, now, a, b)
            if value > best:
                best, out, into = value, a, b
        if a >= 0:
            _put(flat, now, a, 1)
    if out >= 0:
        picked[out] = False
    if into >= 0:
        picked[into] = True
    return out >= 0 or into >= 0


@compiled
def _counted(flat: Any, picked: Bools) -> Any:  # noqa: ANN401
    zones = len(flat.need_zone)
    now = Now(
        np.zeros(len(flat.weight), np.int64),
        np.zeros(len(flat.least)),
        np.zeros(zones),
        np.zeros(2),
        np.zeros(zones),
        np.empty(zones, np.int64),
    )
    for j in range(len(picked)):
        if picked[j]:
            _put(flat, now, j, 1)
    return now


@compiled
def _put(flat: Any, now: Any, j: Any, sign: int) -> None:  # noqa: ANN401
    # take an option in (1) or out (-1)
    for k in range(flat.start[j], flat.start[j + 1]):
        i = flat.points[k]
        now.times[i] += sign
        if now.times[i] == (1 if sign > 0 else 0):
            now.sums[0] += sign * flat.weight[i]
            if flat.zone[i] >= 0:
                now.zone[flat.zone[i]] += sign * flat.weight[i]
                now.sums[1] += sign * flat.weight[i]
    for k in range(flat.row_start[j], flat.row_start[j + 1]):
        now.used[flat.row_of[k]] += sign * flat.row_value[k]


@compiled
def _tried(flat: Any, aim: Any, now: Any, a: Any, b: Any) -> float:  # noqa: ANN401
    # the value with b in, a being out already; -inf where the constraints or the needs are violated
    if not _rows_let(flat, now, a, b):
        return -np.inf
    n, total, inside = 0, 0.0, 0.0
    if b >= 0:
        for k in range(flat.start[b], flat.start[b + 1]):
            i = flat.points[k]
            if now.times[i] > 0:
                continue
            total += flat.weight[i]
            z = flat.zone[i]
            if z >= 0:
                inside += flat.weight[i]
                if now.part[z] == 0.0:
                    now.touched[n] = z
                    n += 1
                now.part[z] += flat.weight[i]
    for q in range(n):
        now.zone[now.touched[q]] += now.part[now.touched[q]]
    now.sums[0] += total
    now.sums[1] += inside
    value = _value(flat, aim, now, 1)
    now.sums[0] -= total
    now.sums[1] -= inside
    for q in range(n):
        z = now.touched[q]
        now.zone[z] -= now.part[z]
        now.part[z] = 0.0
    return value


@compiled
def _rows_let(flat: Any, now: Any, a: Any, b: Any) -> bool:  # noqa: ANN401
    if b >= 0:
        for k in range(flat.row_start[b], flat.row_start[b + 1]):
            r = flat.row_of[k]
            most = flat.most[r]
            if most < np.inf and now.used[r] + flat.row_value[k] > most + ROUNDING_TOLERANCE * max(
                1.0, abs(most)
            ):
                return False
    if a >= 0:
        for k in range(flat.row_start[a], flat.row_start[a + 1]):
            r = flat.row_of[k]
            if flat.least[r] <= 0.0 or now.used[r] >= flat.least[r] - ROUNDING_TOLERANCE:
                continue
            gets = 0.0
            if b >= 0:
                for m in range(flat.row_start[b], flat.row_start[b + 1]):
                    if flat.row_of[m] == r:
                        gets += flat.row_value[m]
            if now.used[r] + gets < flat.least[r] - ROUNDING_TOLERANCE:
                return False
    return True


@compiled
def _value(flat: Any, aim: Any, now: Any, strict: int) -> float:  # noqa: ANN401
    # larger is better: people covered, or minus what zones have above their part of all, or lack of their cap
    if strict:
        if now.sums[0] < flat.need_total:
            return -np.inf
        for z in range(len(flat.need_zone)):
            if now.zone[z] < flat.need_zone[z] and flat.need_zone[z] > 0.0:
                return -np.inf
    if aim.mode == 0:
        return float(now.sums[0])
    if aim.mode == 2:
        lacking = 0.0
        for z in range(len(aim.base)):
            lacking += max(0.0, aim.cap[z] - aim.base[z] - now.zone[z])
        return float(-lacking)
    everyone = aim.base.sum() + now.sums[1]
    over = 0.0
    for z in range(len(aim.base)):
        over += max(0.0, aim.base[z] + now.zone[z] - aim.part[z] * everyone)
    return float(-over)
