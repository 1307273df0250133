"""Finding, fusing and packing what answers a query."""
