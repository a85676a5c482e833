"""Project lists (项目库): read as they stand, every fault a note."""

from geoplan.inputs.projects.read import MORE_PROJECTS, ProjectList, join_projects, read_projects

__all__ = ["MORE_PROJECTS", "ProjectList", "join_projects", "read_projects"]
