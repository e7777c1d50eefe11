"""Rendering a request, framing a stream, reading an answer, scanning for canaries; pure."""
