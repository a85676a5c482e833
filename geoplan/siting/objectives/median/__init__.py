"""The siting objective `median`."""
