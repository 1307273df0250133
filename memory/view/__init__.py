"""One read model of a space: what every question about it is answered from."""
