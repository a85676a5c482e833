"""Siting objectives, one package each."""
