"""The instance language: every word a YAML instance may use, with its unit, meaning and range."""
