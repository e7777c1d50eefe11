"""Our server between Toxiproxy and the origin: forwards, simulates, injects faults, counts attempts."""
