"""Numbers of a study that are slips of a hand: 80 for 80 %, a decimal too far, no number at all, entries left out."""

import math
import random

import pytest
from small_town import COVERED, SmallTown, seen
from variants import check, named, variants

#: Entries with a number: how the study is given one, and whether it must be whole.
NUMBERS = {
    "year": False, "services.eldercare.walk_minutes": True, "services.eldercare.walk_kmh": True, "services.eldercare.flag_share": True,
    "services.eldercare.straight_m": True, "population.elders_60.rate": True, "population.residents.year": False, "streets.max_snap_m": True,
    "streets.island_nodes": False, "streets.delays.crossing_seconds": True, "streets.delays.steps_factor": True, "frail_kmh": True,
    "services.eldercare.need.per_1000": True,
}  # fmt: skip
WRONG = [math.nan, math.inf, -5, -1e-300, 1e300, 10**20, "80%", "abc", True, [1], None, {"a": 1}]


def put(entries, path, value):
    """Set one entry, those that hold it included."""
    *above, last = path.split(".")
    for step in above:
        entries = entries.setdefault(step, {})
    entries[last] = value


def number_beyond_all_meaning(town, rng):
    path = rng.choice(sorted(NUMBERS))
    put(town.study, path, rng.choice([wrong for wrong in WRONG if wrong is not None]))
    if path.endswith("per_1000"):
        town.study["services"]["eldercare"]["need"]["supply"] = "beds"
    return named(
        "entry_bound", "entry_type", "entry_wrong", "entry_one_of", "entry_choice", "entry_missing", "entry_unknown",
        "entry_unknown_meant",
    )  # fmt: skip


def share_as_per_cent(town, rng):
    town.study["packs"] = ["wuhan"]
    value = rng.choice([80, 1.2, 100, 55.5])
    if rng.random() < 0.5:
        town.study["thresholds"] = {"wuhan.circle_eldercare": value}
    else:
        town.study["reported"] = [{"rule": "wuhan.circle_eldercare", "value": value}]
    return named("rule_value_share")


def households_of_almost_nobody(town, rng):
    town.study["population"]["households"] = {
        "of": "residents",
        "people_per_household": rng.choice([1e-300, 0.01, 1e9, 0, -2.7]),
    }
    return named("entry_bound")


def rule_that_no_pack_has(town, rng):
    town.study["packs"] = ["wuhan"]
    town.study["thresholds"] = {rng.choice(["wuhan.circle_elder", "circle", "yantai.beds"]): 0.8}
    return named("rule_unknown", "rule_unknown_meant")


def entry_of_another_spelling(town, rng):
    path = rng.choice(
        [
            "walk_kph",
            "services.eldercare.walk_minute",
            "streets.snap_m",
            "population.residents.rasters",
            "zone",
            "facilities2",
        ]
    )
    put(town.study, path, 4)
    return named("entry_unknown", "entry_unknown_meant")


def required_entry_left_out(town, rng):
    path = rng.choice(
        [
            "name",
            "year",
            "zones",
            "streets",
            "population",
            "services",
            "services.eldercare.walk_kmh",
            "services.eldercare.group",
        ]
    )
    *above, last = path.split(".")
    entries = town.study
    for step in above:
        entries = entries[step]
    del entries[last]
    return named("entry_missing")


def file_that_is_not_there(town, rng):
    path = rng.choice(["streets.file", "population.residents.raster"])
    put(town.study, path, rng.choice(["nowhere.tif", "nowhere.osm", "../../nowhere.gpkg", "nowhere/"]))
    return named("file_missing", "file_kind_unknown", "file_is_folder")


def address_for_a_file(town, rng):
    put(town.study, rng.choice(["streets.file", "population.residents.raster"]), rng.choice(["http://127.0.0.1:9/a.tif", "/vsicurl/http://127.0.0.1:9/a.osm", "s3://a/b.tif", "/vsizip/a.zip/b.tif"]))  # fmt: skip
    return named("study_address")


@variants(
    number_beyond_all_meaning, share_as_per_cent, households_of_almost_nobody, rule_that_no_pack_has, entry_of_another_spelling,
    required_entry_left_out, file_that_is_not_there, address_for_a_file,
    seeds=4,
)  # fmt: skip
def test_parameters(mutator, seed, tmp_path):
    check(mutator, seed, tmp_path)


@variants(number_beyond_all_meaning, seeds=24)
def test_more_numbers(mutator, seed, tmp_path):
    check(mutator, seed + 100, tmp_path)


# --- the text of the study file itself ----------------------------------------------------------------------------------

HOWS = ["tab", "colon", "cut", "twice", "bracket", "deep", "gbk", "nul", "anchor", "mark", "spaces", "date"]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("how", HOWS)
def test_the_text_of_a_study_as_hands_and_programs_break_it(how, seed, tmp_path):
    town, rng = SmallTown(tmp_path), random.Random(f"{how} {seed}")
    path = town.write()
    lines = path.read_text(encoding="utf-8").splitlines()
    at = rng.randrange(1, len(lines))
    if how == "tab":
        lines[at] = "\t" + lines[at].lstrip()
    elif how == "colon":
        lines[at] = lines[at].replace(":", "：", 1)
    elif how == "cut":
        lines = lines[:at]
    elif how == "spaces":
        lines[at] += "   "
    else:
        lines += {
            "twice": [lines[0]], "bracket": ["a: ["], "deep": ["a: " + "[" * rng.choice([41, 1000, 100_000])], "anchor": ["a: &a [*a]"],
            "date": ["source: 2025-13-45"],
        }.get(how, [])  # fmt: skip
    data = "\n".join(lines).encode("gbk" if how == "gbk" else "utf-8-sig" if how == "mark" else "utf-8")
    path.write_bytes(data[:50] + b"\0" + data[50:] if how == "nul" else data)
    found = seen(path)
    if how in ("mark", "spaces"):
        assert found.figures["covered.eldercare"] == pytest.approx(COVERED)
    else:
        assert found.is_error
        assert {code.partition("_")[0] for code in found.codes} <= {"yaml", "entry", "study"}
