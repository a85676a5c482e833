"""Lists of candidates (存量用房、备选地块): read as they stand, every fault a note."""

from geoplan.inputs.candidates.read import CandidateList, candidate_frame, read_candidates

__all__ = ["CandidateList", "candidate_frame", "read_candidates"]
