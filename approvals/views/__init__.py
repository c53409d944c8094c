"""Pages and fragments: the back office, the card, the account panel of a contact, one's own applications."""
