"""What people see of a run. Needs no TensorFlow, and no machine that has any."""
