"""The knowledge graph and personalized PageRank."""
