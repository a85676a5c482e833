"""The offline map, `map.html`."""
