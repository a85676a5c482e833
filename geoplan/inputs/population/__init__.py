"""People on the ground: cells, totals, rates, streets, the halo."""

from geoplan.inputs.population.people import People, order_of_dependence, people_on_the_ground
from geoplan.inputs.population.spreading import street_points

__all__ = ["People", "order_of_dependence", "people_on_the_ground", "street_points"]
