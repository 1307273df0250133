"""The knowhen command line."""
