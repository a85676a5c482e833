"""Seeded variants of the small town: what was done to it, and the right answer.

A mutator changes a town's files or study by a seed and returns what is right. A variant passes if geoplan gives the right figures, or names
what is wrong in a warning or an error by one of the codes that are due; a traceback, a wrong figure without a word, or a word about something
else fails.
"""

import random
from dataclasses import dataclass, field

import pytest
from small_town import COVERED, SmallTown


@dataclass(frozen=True)
class Right:
    """The right answer: figures (each within `within`, a share), codes of which one names the fault, or both.

    With `must_name` the figures alone do not do: a fault that cannot be undone has to be named.
    """

    figures: dict[str, float] = field(default_factory=dict)
    codes: frozenset[str] = frozenset()
    within: float = 1e-6
    must_name: bool = False

    def judge(self, seen):
        """Return what is wrong with an answer; empty if nothing is."""
        named = seen.loud() & self.codes
        if seen.is_error:
            return "" if named else f"refused for another reason: {seen.text}"
        if named:
            return ""
        if self.must_name:
            return f"not named by any of {sorted(self.codes)}; found {sorted(seen.codes)}"
        wrong = {
            name: (seen.figures.get(name), value)
            for name, value in self.figures.items()
            if abs(seen.figures.get(name, float("nan")) - value) > self.within * max(1.0, abs(value))
            or name not in seen.figures
        }
        return f"without a word (found, right): {wrong}; codes {sorted(seen.codes)}" if wrong else ""


#: What everybody counts in the town as it is.
AS_BEFORE = {
    "residents.W": 1000.0, "residents.E": 1000.0, "elders_60": 400.0, "covered.eldercare": COVERED, "beds.low": 30.0,
    "beds.high": 30.0, "facilities": 1.0,
}  # fmt: skip


def right(*codes, within=1e-6, **figures):
    """Return: the figures are as before but for those given, or one of `codes` is named."""
    changed = {name.replace("__", "."): value for name, value in figures.items()}
    return Right(AS_BEFORE | changed, frozenset(codes), within)


def named(*codes):
    """Return: one of `codes` must be named."""
    return Right(codes=frozenset(codes), must_name=True)


def variants(*mutators, seeds):
    """Return the marker that runs a test on every mutator with several seeds."""
    return pytest.mark.parametrize(
        ("mutator", "seed"),
        [
            pytest.param(mutator, seed, id=f"{mutator.__name__}-{seed}")
            for mutator in mutators
            for seed in range(seeds)
        ],
    )


def check(mutator, seed, folder):
    """Make a variant in `folder` and judge geoplan's answer."""
    town = SmallTown(folder)
    due = mutator(town, random.Random(f"{mutator.__name__} {seed}"))
    wrong = due.judge(town.seen())
    assert not wrong, wrong
