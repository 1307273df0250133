"""Cutting a conversation into events by surprise."""
