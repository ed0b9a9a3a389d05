"""The operations on variables and tables that observations name."""

from __future__ import annotations

READING = ("ReadVariableOp", "ResourceGather", "ResourceGatherNd", "LookupTableFindV2")
"""The operations that only read a variable or a table."""

ADDING = ("AssignAddVariableOp", "AssignSubVariableOp")
"""The operations that add to a variable or subtract from it."""

ASSIGNING = "AssignVariableOp"
"""The operation that assigns a value to a variable."""

TABLE = "table"
"""The type that stands for a lookup table."""

SAME = "same"
"""The delta of an access that adds a value which depends on no data; the value is unknown."""
