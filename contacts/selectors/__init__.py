"""Reads on contacts: lists, cards, tree levels, duplicates, reasons."""
