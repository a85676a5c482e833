"""Inputs: files in, clean tables out; every fault listed, nothing lost."""
