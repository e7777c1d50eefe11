"""Where a reply comes from when no fault is in the way: simulated, or forwarded to the real thing."""
