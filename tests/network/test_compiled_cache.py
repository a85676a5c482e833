"""The compiled code's folder: where none can be written, say so and go on."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from geoplan.network import compiled

SCRIPT = """
from pathlib import Path
import numpy as np
import numba.core.caching as caching

def refuse(self):
    raise OSError("read-only")

if {refuse}:
    caching._CacheLocator.ensure_cache_path = refuse
from geoplan.network.compiled import cache_note
from geoplan.network.hilbert import hilbert_order
note = cache_note()
print(note and note.code, hilbert_order(np.array([0.0, 1, 0, 1]), np.array([0.0, 0, 1, 1])).tolist())
print(note and note.text("en"))
"""


def run(cache_dir: Path, *, refuse: bool) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", SCRIPT.format(refuse=refuse)],
        env={**os.environ, "NUMBA_CACHE_DIR": str(cache_dir), "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_no_folder_can_be_written(tmp_path):
    in_place = tmp_path / "a_file_where_the_folder_should_be"
    in_place.write_text("", encoding="utf-8")
    first, text = run(in_place / "cache", refuse=True)
    assert first == "network_cache_unwritable [0, 2, 3, 1]"
    assert text.startswith("no folder can be written to keep compiled code")


def test_a_file_where_the_named_folder_should_be_falls_back_to_another(tmp_path):
    in_place = tmp_path / "file"
    in_place.write_text("", encoding="utf-8")
    first, _ = run(in_place / "cache", refuse=False)
    assert first.endswith("[0, 2, 3, 1]")


def test_a_folder_that_can_be_written_is_used(tmp_path):
    first, _ = run(tmp_path / "cache", refuse=False)
    assert first == "None [0, 2, 3, 1]"
    assert list((tmp_path / "cache").rglob("*.nbc"))


def test_the_note_reads_in_both_languages():
    note = compiled.Note.of("network_cache_unwritable")
    assert note.text("zh")
    assert note.action("en").startswith("The run goes on")


@pytest.mark.parametrize("value", [1, 2.5])
def test_compiled_code_gives_what_python_gives(value):
    def double(x):
        return 2 * x

    assert compiled.compiled(double)(value) == double(value)
