"""What people do with connections and runs."""
