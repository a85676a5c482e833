"""The download, against a server on this machine that answers like Nominatim and Overpass."""

import json
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import osmnx
import pytest

from geoplan.inputs.streets import read_streets
from geoplan.inputs.streets.osmnx_bridge import download_streets
from geoplan.words.errors import DownloadError

RING = [[0.09, 0.09], [0.11, 0.09], [0.11, 0.11], [0.09, 0.11], [0.09, 0.09]]
PLACE = [
    {
        "place_id": 1, "osm_type": "relation", "osm_id": 1, "lat": "0.1", "lon": "0.1", "class": "boundary",
        "type": "administrative", "importance": 1, "name": "某区", "display_name": "某区", "addresstype": "city",
        "place_rank": 12, "boundingbox": ["0.09", "0.11", "0.09", "0.11"],
        "geojson": {"type": "Polygon", "coordinates": [RING]},
    }
]  # fmt: skip
ELEMENTS = [
    {"type": "node", "id": 1, "lon": 0.100, "lat": 0.1},
    {"type": "node", "id": 2, "lon": 0.101, "lat": 0.1, "tags": {"barrier": "gate", "locked": "yes", "name": "东门"}},
    {"type": "node", "id": 3, "lon": 0.102, "lat": 0.1}, {"type": "node", "id": 4, "lon": 0.103, "lat": 0.1},
    {"type": "way", "id": 10, "nodes": [1, 2, 3], "tags": {"highway": "residential", "foot": "yes"}},
    {"type": "way", "id": 11, "nodes": [3, 4], "tags": {"highway": "footway", "oneway:foot": "yes"}},
]  # fmt: skip


@pytest.fixture
def server():
    """Give the address, what was asked, and what will be answered: places to GET, elements to POST."""
    asked, answers = [], {"GET": PLACE, "POST": {"elements": ELEMENTS}, "status": 200}

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.rfile.read(int(self.headers.get("Content-Length", 0))) or self.path)
            busy = answers["status"] != 200
            data = b"<html>busy</html>" if busy else json.dumps(answers[self.command]).encode()
            self.send_response(answers["status"])
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def do_POST(self):
            self.do_GET()

        def log_message(self, *args):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as running:
        thread = threading.Thread(target=running.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}", asked, answers
        running.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def no_pause(monkeypatch):
    monkeypatch.setattr("time.sleep", lambda _: None)


def fetch(server, out):
    url = server[0]
    return download_streets(
        "某区", out, overpass_url=f"{url}/api", nominatim_url=f"{url}/", timeout_seconds=5
    )


def test_what_is_fetched_is_what_is_read(server, tmp_path, caplog):
    before, lookup = dict(vars(osmnx.settings)), socket.getaddrinfo
    path = fetch(server, tmp_path / "new" / "town.graphml")
    streets = read_streets(path, crs="EPSG:32631")
    walked = streets.edges[streets.edges["highway"].isin(["residential", "footway"])]
    assert walked.geometry.length.sum() == pytest.approx(3 * 111.38, rel=0.01)
    gate = streets.edges[streets.edges["highway"] == "gate"].iloc[0]
    assert gate["name"] == "东门"
    assert streets.edges.loc[streets.edges["highway"] == "footway", "oneway"].item() in (1, -1)
    # it said whom it would ask before it asked, and left nothing behind
    assert "asking http://127.0.0.1" in caplog.messages[0]
    assert len(server[1]) == 2
    assert vars(osmnx.settings) == before
    assert socket.getaddrinfo is lookup
    assert sorted(p.name for p in tmp_path.rglob("*")) == ["new", "town.graphml"]


@pytest.mark.parametrize(
    ("answer", "value"),
    [("GET", []), ("POST", {"elements": []}), ("POST", {"elements": ELEMENTS[:1]}), ("status", 500)],
    ids=["unknown place", "no streets", "a lone point", "server error"],
)
def test_what_fails_is_said_and_leaves_no_file(server, tmp_path, answer, value):
    server[2][answer] = value
    with pytest.raises(DownloadError, match="某区 could not be fetched") as raised:
        fetch(server, tmp_path / "town.graphml")
    assert raised.value.exit_code == 8
    assert "下载" in raised.value.text("zh")
    assert not list(tmp_path.iterdir())


def test_nobody_answers(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"  # bound, but nobody listens
        with pytest.raises(DownloadError):
            fetch((url,), tmp_path / "town.graphml")
    assert osmnx.settings.overpass_url != f"{url}/api"
