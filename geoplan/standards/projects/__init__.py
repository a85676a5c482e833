"""Project lists: what they add, what they do for the indicators, and what they cost."""
