"""Bytes to values and back: scenario YAML, input sets, the run directory and its logs."""
