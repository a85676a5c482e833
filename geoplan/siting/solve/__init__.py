"""What the objectives solve with: the door to HiGHS, presolve, greedy, exchange, control."""
