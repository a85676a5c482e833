"""The study file: what a planner may write, by subject."""
