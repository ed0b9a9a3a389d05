"""Each format of a report, and where reports are written."""
