"""Our server between Toxiproxy and the origin: forwards, relays or simulates, injects HTTP faults, counts attempts.

`process.start` runs it in a process of its own; `spec.StandSpec` says what it serves. It executes reply scripts
and knows no fault by name.
"""
