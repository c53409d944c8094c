"""Reads on the tree, on the rights over it, and on its history."""
