"""What is declared: scenarios, their rules, faults and symptoms."""
