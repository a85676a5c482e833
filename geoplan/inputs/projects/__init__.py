"""Project lists (项目库): read as they stand, every fault a note."""

from geoplan.inputs.projects.read import ProjectList, join_projects, read_projects

__all__ = ["ProjectList", "join_projects", "read_projects"]
