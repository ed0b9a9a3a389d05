"""Reports of runs: records, formats and live output. Needs no TensorFlow installed."""
