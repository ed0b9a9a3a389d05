"""Declarations: scenarios, their rules, faults and symptoms."""
