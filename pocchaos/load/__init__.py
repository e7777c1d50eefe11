"""The load: a Locust process that sends each request at its planned moment."""
