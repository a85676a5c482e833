"""Two runs side by side, and years one after the other."""
