"""The self-test: every planted defect must be found, and the healthy POC must never be blamed."""
