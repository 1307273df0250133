"""The memory manager and its parts: records, stores, episodes, thoughts, recall, gate."""
