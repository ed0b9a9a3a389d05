"""Programs with known causes, and how often `testbed bench` names them."""
