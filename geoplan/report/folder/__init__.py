"""What a run leaves behind: its folder, its manifest, the stored outcome."""
