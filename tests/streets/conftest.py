from pathlib import Path
from xml.sax.saxutils import quoteattr

import pytest

DATA = Path(__file__).parents[3] / "shared" / "data"


MEMBER = "<member type='way' role='outer' ref={}/>"


def _all(element, values):
    return "".join(element.format(quoteattr(str(value))) for value in values)


def _tags(tags):
    return "".join(f"<tag k={quoteattr(k)} v={quoteattr(v)}/>" for k, v in tags.items())


@pytest.fixture
def osm_file(tmp_path):
    """Write an .osm file: points as id -> (x, y[, tags]) in 1e-3 degrees, ways as id -> (points, tags)."""

    def write(points, ways, relations=None, *, ways_first=False):
        nodes = [
            f"<node id='{i}' lon='{x / 1000:.7f}' lat='{y / 1000:.7f}'>{''.join(map(_tags, tags))}</node>"
            for i, (x, y, *tags) in points.items()
        ]
        lines = [
            f"<way id='{i}'>{_all('<nd ref={}/>', refs)}{_tags(tags)}</way>"
            for i, (refs, tags) in ways.items()
        ]
        rings = [
            f"<relation id='{i}'>{_all(MEMBER, members)}{_tags(tags)}</relation>"
            for i, (members, tags) in (relations or {}).items()
        ]
        body = [*lines, *nodes, *rings] if ways_first else [*nodes, *lines, *rings]
        path = tmp_path / "town.osm"
        path.write_text(f"<osm version='0.6'>{''.join(body)}</osm>", encoding="utf-8")
        return path

    return write


@pytest.fixture(scope="session")
def real():
    """Give a file of the real data, or skip."""

    def find(name):
        path = DATA / name
        if not path.exists():
            pytest.skip(f"real data not here: {path}")
        return path

    return find
