"""Random instances that are valid by construction, for properties that hold of all."""
