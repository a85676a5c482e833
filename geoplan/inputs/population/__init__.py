"""People on the ground: cells, totals, rates, streets, the halo; totals projected to a year."""

from geoplan.inputs.population.neighbours import totals_of_context
from geoplan.inputs.population.people import (
    People,
    notes_on_age,
    order_of_dependence,
    people_on_the_ground,
)
from geoplan.inputs.population.places import street_points
from geoplan.inputs.population.projection import Projected, project_groups
from geoplan.inputs.population.zone_tables import Tabled, totals_from_tables

__all__ = [
    "People", "Projected", "Tabled", "notes_on_age", "order_of_dependence", "people_on_the_ground", "project_groups", "street_points",
    "totals_from_tables", "totals_of_context",
]  # fmt: skip
