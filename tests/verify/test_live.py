"""Hundreds of drawn changes of the demo and of Wuhan: each sequence ends as a fresh run of the scenario that it exports."""

import pytest
from live_changes import change, fresh, generator, same

import geoplan as gp
from geoplan.pipeline.gather import gather


@pytest.mark.parametrize(("name", "sequences"), [("demo", 300), ("wuhan", 20)])
def test_every_sequence_of_changes_ends_as_a_fresh_run(study, name, sequences, tmp_path):
    read = gp.read_study(study(name))
    live, base = gp.live(read, file=tmp_path / "live.yaml"), gather(read)
    for seed in range(1000, 1000 + sequences):
        rng = generator(seed)
        done = [change(live, rng) for _ in range(rng.integers(1, 4))]
        try:
            same(live.evaluation, fresh(live, base))
        except AssertionError as differs:
            raise AssertionError(f"seed {seed}: {done}") from differs
