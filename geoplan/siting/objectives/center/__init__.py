"""The siting objective `center`."""
