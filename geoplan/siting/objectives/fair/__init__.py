"""The siting objective `fair`."""
