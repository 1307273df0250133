"""Deciding when to use memory."""
