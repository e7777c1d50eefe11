"""The catalogue of metrics: pure functions of the judged table."""
