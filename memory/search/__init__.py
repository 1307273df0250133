"""Reading a query, scoring what a memory holds for it, and walking its graph: what was found."""
