"""Scenarios and the plans compiled from them; pure."""
