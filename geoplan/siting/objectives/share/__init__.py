"""The siting objective `share`."""
