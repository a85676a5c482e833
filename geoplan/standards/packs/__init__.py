"""Packs: the rules of one plan, read strictly from one YAML file."""
