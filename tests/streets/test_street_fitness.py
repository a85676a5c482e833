"""What streets can carry: lengths by kind and extent by hand, and what the check says of a whole study."""

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geoplan.inputs.streets.fitness import KINDS, OTHER, fitness_notes, street_extent, street_lengths
from geoplan.inputs.streets.walk_table import NOT_WALKED, WALKED

CRS = "EPSG:4547"


def zones(*boxes):
    return gpd.GeoDataFrame(
        index=[f"district/{i}" for i in range(len(boxes))], geometry=[shapely.box(*b) for b in boxes], crs=CRS
    )


def edges(*lines):
    shapes = [shapely.LineString(line) for _, line in lines]
    return gpd.GeoDataFrame({"highway": [name for name, _ in lines]}, geometry=shapes, crs=CRS)


def test_lengths_and_extent_by_hand():
    # two zones of 1 km²; the streets reach to x = 1,500: half of the second lies within their hull
    both = zones((0, 0, 1000, 1000), (1000, 0, 2000, 1000))
    streets = edges(
        ("footway", [(0, 0), (600, 0)]), ("residential", [(0, 1000), (1500, 1000)]), ("service", [(1500, 0), (1500, 1000)]),
        ("primary", [(0, 0), (0, 1000)]), ("ferry", [(1100, 500), (1200, 500)]), ("entry", [(5, 5), (5, 5)]),
        ("steps", [(1400, 0), (1500, 0)]),
    )  # fmt: skip
    found = street_lengths(both, streets)
    # the residential street's middle lies in the first zone
    assert found.loc["district/0"].tolist() == pytest.approx([0.6, 1.5, 0, 1.0, 0])
    assert found.loc["district/1"].tolist() == pytest.approx([0.1, 0, 1.0, 0, 0.1])
    assert street_extent(both, streets).tolist() == pytest.approx([1.0, 0.5])


LACKS = ["streets_no_foot", "streets_no_residential", "streets_no_service"]


@pytest.mark.parametrize(
    ("km", "extent", "near", "codes"),
    [
        ([1, 1, 1, 1, 0], 1.0, 1.0, []), ([0, 1, 1, 1, 0], 1.0, 1.0, LACKS[:1]), ([0, 0, 0, 9, 1], 1.0, 1.0, LACKS),
        ([1, 1, 1, 0, 0], 0.99, 0.95, []), ([1, 1, 1, 0, 0], 0.9899, 1.0, ["streets_end_inside"]),
        ([1, 1, 1, 0, 0], 1.0, 0.9499, ["streets_far_from_people"]), ([1, 1, 1, 0, 0], 1.0, float("nan"), []),
    ],
)  # fmt: skip
def test_warnings_at_their_boundaries(km, extent, near, codes):
    row = dict(zip([f"{kind}_km" for kind in (*KINDS, OTHER)], km, strict=True)) | {
        "extent": extent,
        "near_share": near,
    }
    notes = fitness_notes(pd.DataFrame([row | {"name": "甲区"}, row | {"name": "全市"}]), max_snap_m=250)
    assert [note.code for note in notes] == codes
    for note in notes:
        assert note.action("zh")
        assert note.action("en")
        assert ("甲区" in note.text("en")) == (note.code in ("streets_end_inside", "streets_far_from_people"))


def test_every_class_is_of_one_kind():
    named = [name for names in KINDS.values() for name in names]
    assert len(set(named)) == len(named)
    assert set(WALKED) <= set(named)
    assert set(named) <= {*WALKED, *NOT_WALKED}


PLACE = st.tuples(st.sampled_from([0, 500, 999, 1001, 1999]), st.sampled_from([1, 500, 999]))


@settings(deadline=None, max_examples=60)
@given(
    st.lists(
        st.tuples(st.sampled_from(["path", "service", "primary", "ferry"]), PLACE, PLACE),
        min_size=1,
        max_size=6,
    )
)
def test_law_every_metre_in_the_zones_counts_once(drawn):
    """Slow oracle: a loop over lines and zones."""
    both = zones((0, 0, 1000, 1000), (1000, 0, 2000, 1000))
    found = street_lengths(both, edges(*((name, [a, b]) for name, a, b in drawn)))
    assert found.filter(like="_km").to_numpy().sum() == pytest.approx(
        sum(shapely.LineString([a, b]).length for _, a, b in drawn) / 1000
    )
    for name, column in (
        ("path", "foot_km"),
        ("service", "service_km"),
        ("primary", "roads_km"),
        ("ferry", "other_km"),
    ):
        slow = [0.0, 0.0]
        for kind, a, b in drawn:
            slow[(a[0] + b[0]) / 2 > 1000] += shapely.LineString([a, b]).length / 1000 * (kind == name)
        assert found[column].tolist() == pytest.approx(slow)
