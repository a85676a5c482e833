"""Where to build: candidates, the sites selected among them, their sizes and phases, with proof.

`answer` answers a question by its registered objective (`objectives`, one folder each). An objective puts the question in plain arrays,
solves it with what stands in `solve`, and returns a `result`. `sites` makes the tables of an answer; `candidates` and `generate` make the
candidates.
"""
