"""Rasters of people: bands, scale, values that stand for nothing, lists of files, archives, what is missing."""

import warnings
import zipfile

import geopandas as gpd
import numpy as np
import rasterio
from rasterio.warp import Resampling, calculate_default_transform, reproject
from small_town import CRS, PEOPLE, SIDE, SOUTH, STEP, WEST, write_raster
from variants import check, named, right, variants

CELLS = np.full((10, 20), PEOPLE)


def parts(rng, count):
    """Return cells that add up to `CELLS`, as that many arrays."""
    shares = np.array([rng.uniform(0.1, 1) for _ in range(count)])
    return CELLS * (shares / shares.sum())[:, None, None]


def several_bands_of_which_none_is_named(town, rng):
    write_raster(town.path("pop.tif"), parts(rng, rng.choice([2, 3, 5])))
    return named("raster_bands")


def several_bands_that_are_added_up(town, rng):
    count = rng.choice([2, 3, 5])
    write_raster(town.path("pop.tif"), np.concatenate([parts(rng, count), CELLS[None] * 7]))
    town.study["population"]["residents"]["raster"] = {"file": "pop.tif", "bands": list(range(1, count + 1))}
    return right()


def scale_and_offset(town, rng):
    scale, offset = rng.choice([0.01, 0.5, 0.001]), rng.choice([0.0, -5.0, 2.0])
    write_raster(town.path("pop.tif"), np.round((CELLS - offset) / scale), dtype="int32", nodata=-99999)
    with rasterio.open(town.path("pop.tif"), "r+") as file:
        file.scales, file.offsets = (scale,), (offset,)
    return right(within=1e-3)


def values_that_stand_for_nothing(town, rng):
    """The eastern half is sea, marked by a value without a tag."""
    value = rng.choice([-99999.0, -9999.0, -3.4e38, 65535.0, 1e20, 32767.0])
    cells = CELLS.copy()
    cells[:, 10:] = value
    write_raster(town.path("pop.tif"), cells, nodata=None)
    return named("raster_negative", "raster_dense", "raster_type_limit")


def people_per_square_kilometre(town, rng):
    """A density is no number of people: 100 times as many on each hectare, or more than any holds."""
    write_raster(town.path("pop.tif"), CELLS * rng.choice([1e3, 1e4]))
    return named("raster_dense")


def noise_of_resampling(town, rng):
    cells = CELLS.copy()
    for _ in range(rng.choice([1, 5])):
        cells[rng.randrange(10), rng.randrange(20)] = 0.0
    right_w, right_e = cells[:, :10].sum(), cells[:, 10:].sum()
    cells[cells == 0] = -rng.choice([1e-12, 1e-9, 1e-7])
    write_raster(town.path("pop.tif"), cells, dtype="float64")
    found = right(residents__W=right_w, residents__E=right_e)
    return type(found)({"residents.W": right_w, "residents.E": right_e}, found.codes, 1e-5)


def files_that_are_added_up(town, rng):
    names = []
    for k, cells in enumerate(parts(rng, rng.choice([2, 3, 6]))):
        names.append(f"f_{k}.tif")
        write_raster(town.path(names[-1]), cells)
    town.study["population"]["residents"]["raster"] = names
    return right(within=1e-5)


def files_of_other_grids(town, rng):
    write_raster(town.path("a.tif"), CELLS / 2)
    write_raster(town.path("b.tif"), CELLS / 2, west=WEST + rng.choice([10.0, 50.0]))
    town.study["population"]["residents"]["raster"] = ["a.tif", "b.tif"]
    return named("raster_grids_apart")


def raster_in_an_archive(town, rng):
    inner = rng.choice(["pop.tif", "data/pop.tif", "GHS_POP.TIF"])
    with zipfile.ZipFile(town.path("pop.zip"), "w") as archive:
        archive.write(town.path("pop.tif"), inner)
    town.study["population"]["residents"]["raster"] = "pop.zip"
    return right("file_kind_unknown")


def raster_that_ends_inside(town, rng):
    columns = rng.randrange(12, 19)
    write_raster(town.path("pop.tif"), CELLS[:, :columns])
    return named("raster_ends")


def fine_cells(town, rng):
    factor = rng.choice([2, 5, 10])
    cells = np.repeat(np.repeat(CELLS, factor, 0), factor, 1) / factor**2
    write_raster(town.path("pop.tif"), cells, step=STEP / factor)
    found = right(within=0.05)  # people stand nearer to where they live: coverage moves a little
    figures = {name: value for name, value in found.figures.items() if not name.startswith("covered")}
    return type(found)(figures, found.codes, 1e-5)


def cells_in_degrees(town, rng):
    """The same people on a grid in degrees: sums agree within the cells at the edges."""
    source = np.pad(CELLS, 3) / STEP**2
    step = rng.choice([3, 5])
    box = (WEST - 3 * STEP, SOUTH - 3 * STEP, WEST + 2 * SIDE + 3 * STEP, SOUTH + SIDE + 3 * STEP)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of affine, in rasterio
        grid = rasterio.transform.from_origin(box[0], box[3], STEP, STEP)
        transform, width, height = calculate_default_transform(
            CRS, "EPSG:4326", source.shape[1], source.shape[0], *box, resolution=step / 36000
        )
        out = np.zeros((height, width))
        where = {"src_transform": grid, "src_crs": CRS, "dst_transform": transform, "dst_crs": "EPSG:4326"}
        reproject(source, out, resampling=Resampling.nearest, **where)
    cell = gpd.GeoSeries.from_xy(
        [transform.c, transform.c + transform.a], [transform.f, transform.f + transform.e], crs=4326
    ).to_crs(CRS)
    area = abs((cell.x[1] - cell.x[0]) * (cell.y[1] - cell.y[0]))
    write_raster(
        town.path("pop.tif"),
        out * area,
        step=transform.a,
        west=transform.c,
        north=transform.f,
        crs="EPSG:4326",
    )
    found = right()
    return type(found)({"residents": 2000.0, "residents.W": 1000.0}, found.codes, 0.05)


def figures_of_long_ago(town, rng):
    town.study["population"]["residents"]["year"] = rng.choice([2000, 2010, 2019])
    return named("group_old")


def cells_that_are_not_known(town, rng):
    cells = CELLS.copy()
    cells[rng.randrange(10), rng.randrange(10)] = np.nan
    write_raster(town.path("pop.tif"), cells, nodata=rng.choice([float("nan"), -99999.0, None]))
    found = right(residents__W=990.0)
    return type(found)({"residents.W": 990.0, "residents.E": 1000.0}, found.codes, 1e-5)


@variants(
    several_bands_of_which_none_is_named, several_bands_that_are_added_up, scale_and_offset, values_that_stand_for_nothing,
    people_per_square_kilometre, noise_of_resampling, files_that_are_added_up, files_of_other_grids, raster_in_an_archive,
    raster_that_ends_inside, fine_cells, cells_in_degrees, figures_of_long_ago, cells_that_are_not_known,
    seeds=2,
)  # fmt: skip
def test_rasters(mutator, seed, tmp_path):
    check(mutator, seed, tmp_path)
