"""Which options to choose: each module answers one kind of question, on the arrays of `geoplan.siting.problems`."""
