"""Short relational statements that evolve and stay true."""
