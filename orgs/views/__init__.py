"""Pages of 外部组织维护."""
