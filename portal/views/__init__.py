"""Pages of external people, and the registry of apps in the back office."""
