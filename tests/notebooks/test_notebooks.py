"""Every notebook runs from top to bottom without an error, away from the checkout, and is kept without outputs."""

from pathlib import Path

import nbclient
import nbformat
import pytest

NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))


def test_there_are_notebooks():
    assert NOTEBOOKS


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_no_output_is_stored(path):
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type == "code":
            assert cell.outputs == []
            assert cell.execution_count is None


# the kernel's own sockets and event loop warn on some systems; what the notebook itself does is checked by its cells
@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_runs(path, tmp_path):
    notebook = nbformat.read(path, as_version=4)
    client = nbclient.NotebookClient(
        notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}}
    )
    client.execute()  # raises CellExecutionError at the first cell that fails
    said = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    assert [output for output in said if output.output_type == "error"] == []
    warned = [output.text for output in said if output.get("name") == "stderr"]
    assert warned == []
    assert len([cell for cell in notebook.cells if cell.get("outputs")]) > 10
    assert list(tmp_path.iterdir()) == []
