"""Intervals, design effects and needs, each with its source; pure."""
