"""Office lists: registers, projects, premises and parcels are read by one recogniser of headers and one reader of cells."""
