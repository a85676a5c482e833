"""GeoPackage, Shapefile, FileGDB and DXF."""
