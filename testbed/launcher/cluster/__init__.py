"""One cluster: start, watch, deadlines, end."""
