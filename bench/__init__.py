"""Measurements: each module prints one JSON line per figure (make bench, or make bench BENCH=name)."""
