"""The siting objective `sizes`."""
