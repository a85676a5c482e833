"""Standards: rules, packs, findings, flags, gap list."""
