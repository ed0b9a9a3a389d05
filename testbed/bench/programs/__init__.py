"""What is measured: scenario scripts for a bed that times, and the same loop without a testbed."""
