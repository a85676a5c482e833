"""Where to build: candidates, which of them to choose, how large, in what phase, with proof.

`problems` says what a question is in plain arrays and what an answer holds; `choose` answers coverage, walking and shares; `size`
answers with capacities and sizes; `candidates` reads the planner's premises or generates places.
"""
