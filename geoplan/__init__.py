"""geoplan: who can walk to care in 15 minutes, what is short of which clause, and by how much."""

__version__ = "0.1.0"
