"""Tests of the plain utilities: text, numbers, codes, pictures, sheets."""
