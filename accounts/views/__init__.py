"""Pages of log-in, own account, staff and departments."""
