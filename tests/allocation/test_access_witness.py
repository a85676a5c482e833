"""Reachable supply against PySAL's `access` on the same matrix."""

import numpy as np
import pandas as pd
import pytest

from geoplan.coverage.provision import reachable_supply

access = pytest.importorskip("access", reason="PySAL's `access` is not installed: no witness to compare with")
# the witness is written for an older pandas; its own warnings are not ours
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")

BANDS = {5: 1.0, 10: 0.68, 15: 0.22}


def town(*, points, homes, pairs, seed):
    rng = np.random.default_rng(seed)
    each = rng.choice(points * homes, pairs, replace=False)
    seconds = rng.uniform(0, 1200, pairs).round(3)
    reach = pd.DataFrame({"demand_id": each // homes, "facility_id": each % homes, "seconds": seconds})
    need = pd.Series(rng.lognormal(3, 1, points))
    supply = pd.Series(rng.integers(0, 200, homes) * 1.0)
    return reach, need, supply


def witness(reach, need, supply):
    """Return an Access of the same people, supply and walks (in seconds)."""
    return access.Access(
        demand_df=need.rename_axis("id").rename("people").reset_index(),
        demand_index="id",
        demand_value="people",
        supply_df=supply.rename_axis("id").rename("beds").reset_index(),
        supply_index="id",
        supply_value="beds",
        cost_df=reach.rename(columns={"demand_id": "origin", "facility_id": "dest", "seconds": "cost"}),
        cost_origin="origin",
        cost_dest="dest",
        cost_name="cost",
    )


def compare(got, theirs, need):
    theirs = theirs.reindex(need.index).fillna(0.0)
    assert (got["low"] > 0).sum() > 100
    assert (got["low"] == got["high"]).all()
    np.testing.assert_allclose(got["low"].to_numpy(), theirs.to_numpy(), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(("seed", "bands"), [(0, None), (1, None), (2, None), (3, BANDS), (4, BANDS)])
def test_two_step_floating_catchment_and_its_decay_bands(seed, bands):
    reach, need, supply = town(points=400, homes=60, pairs=3000, seed=seed)
    beds = pd.DataFrame({"low": supply, "high": supply})
    got = reachable_supply(reach, need, beds, walk_minutes=15, bands=bands)
    theirs = witness(reach, need, supply)
    if bands is None:
        table = theirs.two_stage_fca(name="w", max_cost=900)
    else:
        steps = access.weights.step_fn({60.0 * minutes: weight for minutes, weight in bands.items()})
        table = theirs.enhanced_two_stage_fca(name="w", max_cost=900, weight_fn=steps)
    compare(got, table["w_beds"], need)
