"""Fetching the streets of a place from OpenStreetMap: the only use of the Internet, and only when asked for."""

import logging
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from geoplan.inputs.streets.osmnx_bridge import GRAPH_NODE_TAGS, GRAPH_WAY_TAGS
from geoplan.words.errors import DownloadError, Note

_LOG = logging.getLogger(__name__)


def download_streets(
    place: str,
    out: str | Path,
    *,
    overpass_url: str | None = None,
    nominatim_url: str | None = None,
    timeout_seconds: float = 180.0,
) -> Path:
    """Fetch the streets of a place with osmnx and write them as GraphML, which `read_streets` reads.

    Every way with ``highway`` is kept with the tags of the walk table, so that the study, not the download, says what is
    walked. Says to the log what it is going to ask whom before it asks. The settings of osmnx are as before afterwards.

    Parameters
    ----------
    place
        Name that Nominatim knows, e.g. ``武汉市江岸区``.
    out
        File to write, ``.graphml``.
    overpass_url, nominatim_url
        Servers; default: those of osmnx.
    timeout_seconds
        Longest wait for an answer.

    Returns
    -------
    out
        The file written.

    Raises
    ------
    DownloadError
        If the servers cannot be reached, do not know the place, or hold no streets there. Nothing is written then.
    """
    import osmnx
    import requests

    out = Path(out)
    failures = (requests.RequestException, OSError, ValueError, TypeError, KeyError)
    with tempfile.TemporaryDirectory(prefix="geoplan-") as cache:
        wanted = {"use_cache": False, "cache_folder": cache, "requests_timeout": timeout_seconds}
        wanted |= {"useful_tags_way": list(GRAPH_WAY_TAGS), "useful_tags_node": list(GRAPH_NODE_TAGS)}
        if overpass_url is not None:
            # a server of one's own has no slots to wait for
            wanted |= {"overpass_url": overpass_url, "overpass_rate_limit": False}
        if nominatim_url is not None:
            wanted |= {"nominatim_url": nominatim_url}
        with _settings(osmnx.settings, wanted):
            _LOG.warning(
                "asking %s and %s for the streets of %s",
                osmnx.settings.nominatim_url,
                osmnx.settings.overpass_url,
                place,
            )
            try:
                graph = _fetch(place)
            except failures as error:
                reason = str(error) or type(error).__name__
                note = Note.of("download_failed", place=place, reason=reason, severity="error")
                raise DownloadError(note) from error
        out.parent.mkdir(parents=True, exist_ok=True)
        osmnx.save_graphml(graph, out)
    return out


def _fetch(place: str) -> Any:  # noqa: ANN401 - nx.MultiDiGraph
    """Return the graph, each stretch merged as far as its tags agree."""
    import osmnx

    graph = osmnx.graph_from_place(
        place, network_type="walk", custom_filter='["highway"]', simplify=False, retain_all=True
    )
    if not graph.number_of_edges():
        raise ValueError("no streets there")
    differ = [tag for tag in GRAPH_WAY_TAGS if any(tag in data for _, _, data in graph.edges(data=True))]
    return osmnx.simplify_graph(
        graph, node_attrs_include=["barrier", "highway"], edge_attrs_differ=["osmid", *differ]
    )


@contextmanager
def _settings(settings: Any, wanted: dict[str, Any]) -> Iterator[None]:  # noqa: ANN401 - a module
    """Change osmnx's settings and what it changes in `socket`, and restore both."""
    import socket

    before = {name: getattr(settings, name) for name in wanted}
    lookup = socket.getaddrinfo
    for name, value in wanted.items():
        setattr(settings, name, value)
    try:
        yield
    finally:
        for name, value in before.items():
            setattr(settings, name, value)
        socket.getaddrinfo = lookup
