"""The codes of findings with meaning, cause and cure; one file for each family."""
