"""Small siting questions whose best answer was found by hand: a street along which people walk 1,000 m in 15 minutes."""

from dataclasses import dataclass, replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError
from scipy.sparse import csr_array
from shapely.geometry import Point

from geoplan.inputs.candidates.read import candidate_frame
from geoplan.siting.answer import answer
from geoplan.siting.inputs import SitingInputs
from geoplan.siting.question import question_of
from geoplan.siting.sites import gain_note, site_notes
from geoplan.study import siting
from geoplan.tables import NeedRate, Service

SERVICES = {
    "care": Service(
        name="care", facilities=("elder_home",), group="elders", walk_minutes=15.0, walk_kmh=4.0,
        need=NeedRate(40.0, "beds", "elders"),
    ),
    "child": Service(name="child", facilities=("childcare",), group="children", walk_minutes=15.0, walk_kmh=4.0),
}  # fmt: skip
CRS = "EPSG:32650"


@dataclass(frozen=True, eq=False)
class Street(SitingInputs):
    """Everything stands on one straight street; walks are its metres."""

    @property
    def on_network(self):
        return np.ones(len(self.candidates), bool)

    def _walks_to(self, places, kmh, minutes):
        metres = np.abs(np.subtract.outer(places.geometry.x.to_numpy(), self.demand.geometry.x.to_numpy()))
        seconds = metres / (kmh / 3.6)
        point = np.nonzero(seconds <= 60.0 * minutes)
        return csr_array((seconds[point], point), shape=seconds.shape)

    def walks_to_existing(self, service, minutes):
        held = self._offering(service)
        return held.index, self._walks_to(held, 4.0, minutes)

    def existing_seconds(self, service):
        there, here = self._offering(service).geometry.x.to_numpy(), self.demand.geometry.x.to_numpy()
        return np.abs(np.subtract.outer(there, here)).min(axis=0, initial=np.inf) / (4.0 / 3.6)

    def _offering(self, service):
        mine = [
            service == ("care" if "elder_home" in types else "child") for types in self.facilities["services"]
        ]
        return self.facilities[np.array(mine, bool)]


def street(people, candidates, facilities=()):
    """People as (metres, elders, children); candidates and facilities as (metres, {column: value})."""
    places = [Point(x, 0) for x, _, _ in people]
    demand = gpd.GeoDataFrame(
        {"elders": [e for _, e, _ in people], "children": [c for _, _, c in people], "zone_id": "z"},
        geometry=places,
        index=[f"p{n}" for n in range(len(people))],
        crs=CRS,
    )
    names = [entry.get("name", f"c{n}") for n, (_, entry) in enumerate(candidates)]
    columns = pd.DataFrame([entry for _, entry in candidates]).to_dict("list")
    if "services" in columns:
        columns["services"] = [one if isinstance(one, tuple) else () for one in columns["services"]]
    table = candidate_frame(
        {**columns, "name": names},
        index=pd.Index(names, dtype=object),
        geometry=gpd.GeoSeries([Point(x, 0) for x, _ in candidates]),
        crs=CRS,
    )
    existing = gpd.GeoDataFrame(
        {"services": [("elder_home",)] * len(facilities), "name": [f"f{n}" for n in range(len(facilities))]},
        geometry=[Point(x, 0) for x, _ in facilities],
        index=[f"f{n}" for n in range(len(facilities))],
        crs=CRS,
    )
    beds = [{"service": "elder_home", "supply": "beds", "facility_id": f"f{n}", "low": b, "high": b}
            for n, (_, b) in enumerate(facilities)]  # fmt: skip
    fields = dict.fromkeys(SitingInputs.__dataclass_fields__)
    fields.pop("_walked")
    return Street(**{
        **fields, "demand": demand, "candidates": table, "candidate_snaps": table, "facilities": existing,
        "source": np.ones(len(table), int), "services": SERVICES, "rules": (),
        "supplies": pd.DataFrame(beds, columns=["service", "supply", "facility_id", "low", "high"]),
    })  # fmt: skip


def opened(inputs, **entries):
    question = question_of("q", siting.Question(curve=0, **entries), services=["care"], year=2025)
    found = answer(question, inputs)
    assert found.answer.status == "optimal"
    chosen = found.options.candidate[found.opening.option]
    return sorted(inputs.candidates.index[chosen]), found.answer.objective


def test_two_services_in_one_building_serve_the_people_of_both():
    inputs = street(
        [(0, 10, 10), (3000, 0, 12)],
        [
            (0, {"name": "both", "services": ("elder_home", "childcare")}),
            (0, {"name": "elders", "services": ("elder_home",)}),
            (3000, {"name": "children", "services": ("childcare",)}),
        ],
    )
    both = {"ask": "cover", "services": ["care", "child"]}
    assert opened(inputs, sites=1, **both) == (["both"], 20.0)  # elders alone 10, children alone 12
    assert opened(inputs, sites=2, **both) == (["both", "children"], 32.0)
    # a third site brings nobody nearer, and is not opened
    assert opened(inputs, sites=3, **both) == (["both", "children"], 32.0)


def test_an_enlargement_adds_its_beds_to_those_that_stand():
    # 500 elders need 20 beds; the home has 10
    inputs = street(
        [(100, 500, 0)],
        [(0, {"name": "larger", "extends": "f0", "works": "extend", "most_beds": 6.0}),
         (200, {"name": "new", "works": "new", "most_beds": 5.0})],
        facilities=[(0, 10.0)],
    )  # fmt: skip
    ask = {"ask": "capacity", "services": ["care"]}
    assert opened(inputs, sites=1, **ask) == (["larger"], pytest.approx(16.0))
    assert opened(inputs, sites=2, **ask) == (["larger", "new"], pytest.approx(20.0))
    # in a cover it brings nobody into the circle of the home
    assert opened(inputs, ask="cover", services=["care"], sites=2) == ([], 500.0)


def test_of_either_or_one_opens():
    inputs = street(
        [(0, 8, 0), (3000, 7, 0), (6000, 3, 0)],
        [(0, {"name": "a", "either_or": "g"}), (3000, {"name": "b", "either_or": "g"}), (6000, {"name": "c"})],
    )  # fmt: skip
    assert opened(inputs, ask="cover", sites=2) == (["a", "c"], 11.0)  # not a and b with 15


def test_a_rent_counts_for_its_years_against_the_budget():
    inputs = street(
        [(0, 8, 0), (3000, 6, 0), (6000, 5, 0)],
        [(0, {"name": "rented", "works": "rent", "cost": 20.0, "rent_year": 2.0, "usable_years": 10.0}),
         (3000, {"name": "b", "cost": 15.0}), (6000, {"name": "c", "cost": 10.0})],
    )  # fmt: skip
    # the rent of one year, 2, would leave room for b as well; its ten years are 20 of 25
    assert opened(inputs, ask="cover", budget=25) == (["b", "c"], 11.0)
    assert opened(inputs, ask="cover", budget=30) == (["c", "rented"], 13.0)


def test_sites_keep_their_distance():
    inputs = street(
        [(0, 9, 0), (1800, 8, 0), (5000, 3, 0)],
        [(0, {"name": "a"}), (1800, {"name": "b"}), (5000, {"name": "c"})],
    )
    assert opened(inputs, ask="cover", sites=2) == (["a", "b"], 17.0)
    assert opened(inputs, ask="cover", sites=2, min_spacing_m=1800) == (["a", "b"], 17.0)
    assert opened(inputs, ask="cover", sites=2, min_spacing_m=1801) == (["a", "c"], 12.0)
    existing = replace(inputs, facilities=street([], [], facilities=[(400, 1.0)]).facilities)
    assert opened(existing, ask="cover", sites=2, min_spacing_m=500)[0] == ["b", "c"]


@pytest.mark.parametrize("entry", ["closures", "budget_by_funds", "budget_share_by_town", "prefer_ownership"])
def test_what_cannot_be_asked_is_refused_by_name(entry):
    with pytest.raises(ValidationError) as error:
        siting.Question(ask="cover", sites=1, **{entry: {}})
    (problem,) = error.value.errors()
    assert (problem["type"], problem["loc"]) == ("extra_forbidden", (entry,))


def test_a_site_beside_a_facility_of_its_service_is_listed_and_one_that_enlarges_it_is_not():
    inputs = street(
        [(100, 500, 0), (3000, 5, 0)],
        [(0, {"name": "larger", "extends": "f0", "works": "extend", "most_beds": 6.0}),
         (100, {"name": "beside", "works": "new", "most_beds": 5.0}),
         (101, {"name": "farther", "works": "new", "most_beds": 5.0})],
        facilities=[(0, 10.0)],
    )  # fmt: skip
    question = question_of(
        "q", siting.Question(ask="capacity", services=["care"], sites=3), services=["care"], year=2025
    )
    found = answer(question, inputs)
    assert len(found.opening.option) == 3
    (note,) = site_notes(inputs, found)
    assert (note.code, note.values["names"]) == ("siting_beside_existing", ("beside",))
    worth = replace(found, question=question.changed(min_gain=1e6))
    falls = site_notes(inputs, worth)[1]
    assert (falls.code, falls.values["count"], falls.values["rest"]) == ("siting_gain_falls", 0, 3)
    assert gain_note(worth.question, np.ones(1), np.array([np.nan]), "beds").code == "siting_gain_unknown"
