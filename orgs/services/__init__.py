"""Changes of the tree, of the rights on it, and of the lists beside it."""
