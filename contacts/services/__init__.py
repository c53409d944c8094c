"""What can be done with contacts: people, places, sharing, accounts, all of it in bulk."""
