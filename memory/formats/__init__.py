"""Reading conversations from files of many formats."""
