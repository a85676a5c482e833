"""The Word papers."""
