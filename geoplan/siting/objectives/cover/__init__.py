"""The siting objective `cover`."""
