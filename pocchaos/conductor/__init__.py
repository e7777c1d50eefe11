"""The order of things in a run: start, prove, drive, stop."""
