"""Reading an instance: YAML with places, tables, extends, include, scenarios, `--set`, futures."""
