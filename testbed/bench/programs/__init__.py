"""The measured programs: scenario scripts for a timing bed, and the loop without a testbed."""
