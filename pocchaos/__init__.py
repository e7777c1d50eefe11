"""pocchaos: what a team runs before it signs an AI proof of concept off for production."""

__version__ = "0.1.0"
