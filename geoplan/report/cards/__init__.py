"""一社区一表 as PDF: one A4 page a community, one file a town."""
