"""The siting objective `capacity`."""
