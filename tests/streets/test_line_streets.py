"""Streets from line layers: where lines meet, classes, gates as points."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geoplan.inputs.streets import read_streets
from geoplan.inputs.streets.lines import read_lines
from geoplan.inputs.streets.notes import connection_loss
from geoplan.inputs.streets.read import from_ways
from geoplan.words.errors import InputError

CRS = "EPSG:4547"
X, Y = 500_000.0, 3_380_000.0


def line(*points):
    return shapely.LineString([(X + x, Y + y) for x, y in points])


def layer(lines, **columns):
    return gpd.GeoDataFrame(columns, index=range(len(lines)), geometry=lines, crs=CRS)


def streets(table, *, classes=None, walk=None):
    ways, notes = read_lines(table, classes=classes, walk=walk or {}, datum=None, crs=CRS)
    found = from_ways(ways, (), walk=walk or {}, private="open", gates="tagged", gate_states={}, crs=CRS)
    return found, [n.code for n in notes]


def lengths(found):
    return sorted(found.edges.geometry.length.round(3))


CROSS = [line((0, 0), (50, 0), (100, 0)), line((50, -50), (50, 0), (50, 50))]


@pytest.mark.parametrize(
    ("lines", "columns", "metres", "nodes"),
    [
        (CROSS, {}, [50, 50, 50, 50], 5),
        # lines that only cross do not meet
        ([line((0, 0), (100, 0)), line((50, -50), (50, 50))], {}, [100, 100], 4),
        # with node columns lines meet at ends only
        (CROSS, {"u": [1, 3], "v": [2, 4]}, [100, 100], 4),
        # both directions of one street count once
        (
            [line((0, 0), (30, 0), (30, 10)), line((30, 10), (30, 0), (0, 0)), line((0, 0), (30, 10))],
            {},
            [10, 30, 31.623],
            3,
        ),
        # lists as osmnx writes them count by their strictest value
        (CROSS, {"highway": ["['path', 'steps']", "steps"]}, [50, 50, 50, 50], 5),
    ],
)
def test_where_lines_meet(lines, columns, metres, nodes):
    table = layer(lines, **{"highway": "residential"} | columns)
    before = table.copy(deep=True)
    found, _ = streets(table)
    pd.testing.assert_frame_equal(table, before)
    assert lengths(found) == metres
    assert len(found.nodes) == nodes
    assert set(found.edges["highway"]) == ({"steps"} if "highway" in columns else {"residential"})


@pytest.mark.parametrize(("gap", "nodes"), [(0.0, 3), (0.0004, 3), (0.002, 4)])
def test_ends_meet_to_the_millimetre(gap, nodes):
    found, _ = streets(layer([line((0, 0), (10, 0)), line((10 + gap, 0), (20, 0))], highway="path"))
    assert len(found.nodes) == nodes


def test_classes_by_name_and_by_default():
    table = layer(CROSS, fclass=["residential", "motorway"])
    assert lengths(streets(table)[0]) == [100]
    renamed = table.rename(columns={"fclass": "道路等级"}).assign(道路等级=["主干路", "快速路"])
    found, codes = streets(renamed, classes="道路等级", walk={"主干路": True, "快速路": False})
    assert lengths(found) == [100]
    assert codes == ["streets_left_out"]
    with pytest.raises(InputError, match="no column `等级`"):
        streets(renamed, classes="等级")
    # without classes every line is walked, and that is said
    found, codes = streets(layer(CROSS))
    assert (len(found.edges), codes) == (4, ["streets_without_classes"])


def test_other_tags_are_judged_too():
    table = layer(
        CROSS,
        highway="service",
        access=["private", None],
        foot=[None, "no"],
        bridge=["T", "F"],
        name=[None, "乙"],
    )
    found, _ = streets(table)
    assert found.edges["access"].unique().tolist() == ["residents"]
    assert found.edges["bridge"].all()
    assert found.edges["name"].unique().tolist() == [""]


def test_points_on_vertices_are_gates():
    table = layer(
        [line((0, 0), (50, 0), (100, 0)), shapely.Point(X + 50, Y), shapely.Point(X + 70, Y)],
        highway=["residential", None, None], barrier=[None, "gate", "gate"], locked=[None, "yes", None], name=[None, "东门", "无"],
    )  # fmt: skip
    found, _ = streets(table)
    gate = found.edges[found.edges["highway"] == "gate"]
    assert gate["name"].tolist() == ["东门"]
    assert np.isinf(gate["fixed_fwd_s"]).all()
    assert lengths(found) == [0, 50, 50]


def test_polygons_are_left_out_and_said_and_a_layer_without_lines_is_an_error():
    table = layer([*CROSS, shapely.box(X + 200, Y, X + 201, Y + 1)], highway=["path", "path", None])
    assert "streets_not_lines" in streets(table)[1]
    # one walks round a square that has a class
    found, codes = streets(table.assign(highway="pedestrian"))
    assert codes == []
    assert lengths(found) == [4, 50, 50, 50, 50]
    with pytest.raises(InputError, match="holds no lines"):
        streets(table.iloc[2:])


def test_file_order_changes_nothing(tmp_path):
    table = layer([*CROSS, line((100, 0), (50, 50))], highway=["residential", "path", "steps"])
    for name, rows in (("a", table), ("b", table.iloc[::-1])):
        rows.to_file(tmp_path / f"{name}.gpkg")
    one, other = (read_streets(tmp_path / f"{n}.gpkg", crs=CRS) for n in "ab")
    assert one.nodes.equals(other.nodes)
    assert one.edges.equals(other.edges)


GRID = st.integers(0, 3)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(GRID, GRID, GRID, GRID), min_size=1, max_size=8))
def test_law_no_metre_is_lost_and_nodes_are_where_ends_meet(ends):
    """Slow oracle: metres of shapely's union, since ends on a line are joined; nodes as the set of end points."""
    drawn = {tuple(sorted([(10 * a, 10 * b), (10 * c, 10 * d)])) for a, b, c, d in ends if (a, b) != (c, d)}
    drawn = sorted(drawn) or [((0, 0), (10, 0))]
    found, _ = streets(layer([line(*pair) for pair in drawn], highway="path"))
    union = shapely.union_all([line(*pair) for pair in drawn])
    assert found.edges.geometry.length.sum() == pytest.approx(union.length)
    places = {point for pair in drawn for point in pair}
    assert {(round(x - X), round(y - Y)) for x, y in found.nodes[["x", "y"]].to_numpy()} == places
    assert len(found.nodes) == len(places)


def test_connection_loss_by_hand():
    #  1-2-3 path, 3-4 trunk, 4-5 path, 6-7 path (an island from the start)
    edges = pd.DataFrame({"u": [1, 2, 3, 4, 6], "v": [2, 3, 4, 5, 7], "length_m": 2_000.0})
    loss = connection_loss(edges, edges["u"] == 3)
    assert list(loss.values()) == ["1", "2", 2, f"{4 / 7:.1%}", 1, f"{2 / 7:.1%}"]
