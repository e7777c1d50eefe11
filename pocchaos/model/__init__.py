"""The words of pocchaos as frozen values; imports nothing of the rest."""
