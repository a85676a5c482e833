"""The printed report, `report.html`."""
