"""Unit costs come from the rows that they name, and estimates say that they are."""

from pathlib import Path

import numpy as np
import pytest

from geoplan.inputs.projects import read_projects
from geoplan.standards.projects.costs import unit_cost, unit_costs, with_costs

FOLDER = Path(__file__).parents[2] / "data" / "facilities"
LISTS = ("plan_qianjiang_annex3.csv", "plan_yinzhou_annex3.csv")
PER = {"places": "per_place", "beds": "per_bed", "floor_area_m2": "per_m2"}


def implied_costs(projects):
    """Costs per place, bed (10,000 yuan) and m² (yuan) that a list states; a project of beds and places has neither."""
    places, beds, area = (projects[s].astype(float).where(projects[s] > 0) for s in PER)
    cost, both = projects["cost"].astype(float), places.notna() & beds.notna()
    return projects[["works"]].assign(
        per_place=(cost / places).where(~both),
        per_bed=(cost / beds).where(~both),
        per_m2=cost / area * 10_000,
    )


@pytest.fixture(scope="module")
def implied():
    tables = (implied_costs(read_projects(FOLDER / name).projects) for name in LISTS)
    return {project: row for table in tables for project, row in table.iterrows()}


@pytest.mark.parametrize("name", unit_costs().index)
def test_every_unit_cost_is_that_of_its_rows(name, implied):
    unit = unit_costs().loc[name]
    times = 10_000 if unit["supply"] == "floor_area_m2" else 1
    values = [implied[row][PER[unit["supply"]]] / times for row in unit["rows"]]
    digits = 3 if unit["supply"] == "floor_area_m2" else 1
    assert [round(min(values), digits), round(max(values), digits)] == [unit["low"], unit["high"]]
    assert unit["source"]


def test_no_conversion_in_qianjiang_lies_outside_its_range(implied):
    unit = unit_costs().loc["childcare_conversion"]
    rows = [row for project, row in implied.items() if "qianjiang" in project and row["works"] == "extend"]
    values = [row["per_place"] for row in rows]
    assert (len(values), min(values), max(values)) == (13, unit["low"], unit["high"])


def test_the_figures_of_the_plans(implied):
    homes = implied["plan_qianjiang_annex3.csv#16"]
    assert (round(homes["per_bed"], 1), round(homes["per_m2"], -2)) == (15.3, 3400)
    assert implied["plan_yinzhou_annex3.csv#7"]["per_m2"] == 3000
    beds = [round(implied[f"plan_yinzhou_annex3.csv#{row}"]["per_bed"], 1) for row in (12, 11)]
    assert beds == [16.7, 28.7]


@pytest.mark.parametrize(
    ("service", "works", "known", "found"),
    [("childcare", "rent", ["places"], "childcare_conversion"), ("childcare", "new", ["places"], None),
     ("childcare", "", ["places"], None), ("disabled_care_centre", "new", ["beds"], "home_new_bed"),
     ("elder_home", "new", ["floor_area_m2"], "home_new_area"), ("home_care", "new", ["floor_area_m2"], "community_centre_area"),
     ("elder_day_care", "buy", ["beds"], None)],
)  # fmt: skip
def test_which_unit_cost_fits(service, works, known, found):
    assert unit_cost(service, works, known) == found


def test_demo_list_is_estimated_where_it_states_nothing():
    projects = with_costs(read_projects(FOLDER / "huzhong_projects.xlsx").projects).set_index("number")
    # 160, 180 and 150 m² at 0.3; 20 places at 2.0 to 3.5
    assert projects["cost"].tolist() == [120, 15, 48, 54, 45, 8, 55]
    assert projects["estimated"].tolist() == [False, False, True, True, True, False, True]
    assert projects.loc["7", ["cost_low", "cost_high"]].tolist() == [40, 70]
    rows = "plan_qianjiang_annex3.csv#6, plan_qianjiang_annex3.csv#5"
    assert projects.loc["7", "cost_from"] == f"childcare_conversion: {rows}"
    assert set(projects.loc[~projects["estimated"], "cost_from"]) == {"stated"}
    stated, guessed = projects[~projects["estimated"]], projects[projects["estimated"]]
    assert (len(projects), stated["cost"].sum(), len(guessed)) == (7, 143, 4)
    assert guessed[["cost_low", "cost_high"]].sum().tolist() == [187, 217]
    assert projects["cost_low"].notna().all()


def test_without_a_known_amount_there_is_no_cost():
    projects = read_projects(FOLDER / "plan_yinzhou_annex3.csv").projects
    blind = projects.assign(cost=np.nan, cost_from="")
    found = with_costs(blind)
    assert found.loc[found["services"].map(len) == 0, "cost"].isna().all()
    assert np.isnan(found.loc["plan_yinzhou_annex3.csv#3", "cost"])
    assert found.loc["plan_yinzhou_annex3.csv#3", "cost_from"] == ""
    # one village home at 16.7 to 28.7 a bed holds its own 4,300
    village = found.loc["plan_yinzhou_annex3.csv#11"]
    assert village["cost_low"] <= 4300 <= village["cost_high"]
