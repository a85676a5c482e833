"""Solvers that several objectives use, on plain arrays: HiGHS, presolve, greedy selection, exchanges, set covering, search control."""
