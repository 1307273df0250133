"""Chat agents with a memory, and adapters for frameworks."""
