"""Everything that changes people, departments, rights, log-ins and credentials."""
