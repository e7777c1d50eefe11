"""The reference POC: a well-behaved support assistant, with defects to switch on. Imports nothing of the rest."""
