"""A run in the formats of other tools: Excel, the IAMC form, Parquet, MPS and LP, GraphML, a data package."""
