from pathlib import Path
from xml.sax.saxutils import quoteattr

import pytest

DATA = Path(__file__).parents[3] / "shared" / "data"


def _tags(tags):
    return "".join(f"<tag k={quoteattr(k)} v={quoteattr(v)}/>" for k, v in tags.items())


@pytest.fixture
def osm_file(tmp_path):
    """Write an .osm file: points as id -> (x, y[, tags]) in 1e-3 degrees, ways as id -> (points, tags)."""

    def write(points, ways, relations=None, *, ways_first=False):
        nodes = [
            f'<node id="{i}" lon="{p[0] / 1000:.7f}" lat="{p[1] / 1000:.7f}">{_tags(p[2] if len(p) > 2 else {})}</node>'
            for i, p in points.items()
        ]
        lines = [
            f'<way id="{i}">{"".join(f"<nd ref={quoteattr(str(n))}/>" for n in refs)}{_tags(tags)}</way>'
            for i, (refs, tags) in ways.items()
        ]
        rings = [
            f'<relation id="{i}">'
            + "".join(f'<member type="way" ref="{m}" role="outer"/>' for m in members)
            + f"{_tags(tags)}</relation>"
            for i, (members, tags) in (relations or {}).items()
        ]
        body = [*lines, *nodes] if ways_first else [*nodes, *lines]
        path = tmp_path / "town.osm"
        path.write_text(
            "<?xml version='1.0' encoding='UTF-8'?><osm version='0.6'>" + "".join([*body, *rings]) + "</osm>",
            encoding="utf-8",
        )
        return path

    return write


@pytest.fixture
def real():
    """Give a file of the real data, or skip."""

    def find(name):
        path = DATA / name
        if not path.exists():
            pytest.skip(f"real data not here: {path}")
        return path

    return find
