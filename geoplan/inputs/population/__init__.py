"""People on the ground: cells, totals, rates, streets, the halo; totals projected to a year."""

from geoplan.inputs.population.people import (
    People,
    notes_on_age,
    order_of_dependence,
    people_on_the_ground,
)
from geoplan.inputs.population.places import street_points
from geoplan.inputs.population.projection import Projected, project_groups

__all__ = [
    "People", "Projected", "notes_on_age", "order_of_dependence", "people_on_the_ground", "project_groups", "street_points",
]  # fmt: skip
