"""Where a home's records live."""
