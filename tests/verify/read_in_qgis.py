"""Open a project in QGIS and print as JSON what it holds; draw what is switched on as a picture. Run by the system's Python.

``python3 read_in_qgis.py PROJECT PICTURE``
"""

import json
import sys

from qgis.core import (
    QgsApplication,
    QgsMapRendererParallelJob,
    QgsMapSettings,
    QgsProject,
)
from qgis.PyQt.QtCore import QSize
from qgis.PyQt.QtGui import QColor

WIDTH = 1600


def drawn(project, picture):
    """Draw the checked layers over the project's own extent, as the canvas opens."""
    settings = QgsMapSettings()
    extent = project.viewSettings().defaultViewExtent()
    settings.setLayers(project.layerTreeRoot().checkedLayers())
    settings.setDestinationCrs(project.crs())
    settings.setExtent(extent)
    settings.setOutputSize(QSize(WIDTH, round(WIDTH * extent.height() / extent.width())))
    settings.setOutputDpi(120)
    settings.setBackgroundColor(QColor("white"))
    settings.setFlag(QgsMapSettings.Antialiasing, True)
    job = QgsMapRendererParallelJob(settings)
    job.start()
    job.waitForFinished()
    job.renderedImage().save(picture)
    return [f"{error.layerID}: {error.message}" for error in job.errors()]


def classes(layer):
    """Return the classes of a layer's symbols: value or range, and label."""
    renderer = layer.renderer()
    if renderer.type() == "categorizedSymbol":
        return [[str(part.value()), part.label()] for part in renderer.categories()]
    if renderer.type() == "graduatedSymbol":
        return [[f"{part.lowerValue()}-{part.upperValue()}", part.label()] for part in renderer.ranges()]
    return []


def told(layer):
    """Return what QGIS knows of a layer, and its classes in every one of its styles."""
    manager = layer.styleManager()
    styles = {}
    opened = manager.currentStyle()
    for name in manager.styles():
        assert manager.setCurrentStyle(name), name
        styles[name] = {
            "renderer": layer.renderer().type(),
            "classes": classes(layer),
            "labels": layer.labelsEnabled(),
        }
    manager.setCurrentStyle(opened)
    return {
        "name": layer.name(),
        "valid": layer.isValid(),
        "table": layer.source().rpartition("layername=")[2],
        "rows": layer.featureCount(),
        "crs": layer.crs().authid(),
        "opened": opened,
        "styles": styles,
        "aliases": [layer.attributeAlias(k) for k in range(layer.fields().count())],
        "blend": layer.blendMode(),
    }


def groups(root):
    """Return the layer tree as group -> entries, whether each is on."""
    return {
        group.name(): [[entry.name(), entry.isVisible()] for entry in group.findLayers()]
        for group in root.children()
    }


def main(path, picture):
    """Print what the project holds."""
    QgsApplication.setPrefixPath("/usr", True)
    application = QgsApplication([], False)
    application.initQgis()
    project = QgsProject.instance()
    assert project.read(path), project.error()
    extent = project.viewSettings().defaultViewExtent()
    found = {
        "title": project.title(),
        "crs": project.crs().authid(),
        "extent": [extent.xMinimum(), extent.yMinimum(), extent.xMaximum(), extent.yMaximum()],
        "abstract": project.metadata().abstract(),
        "credits": project.readEntry("CopyrightLabel", "/Label")[0],
        "heading": project.readEntry("TitleLabel", "/Label")[0],
        "groups": groups(project.layerTreeRoot()),
        "order": [layer.name() for layer in project.layerTreeRoot().layerOrder()],
        "layers": {key: told(layer) for key, layer in project.mapLayers().items()},
        "errors": drawn(project, picture),
    }
    json.dump(found, sys.stdout, ensure_ascii=False)


if __name__ == "__main__":
    main(*sys.argv[1:])
    # the application's own end crashes in some versions; everything is written by now
    sys.stdout.flush()
