"""Renderings of one judged run: console, HTML, Markdown, JSON, JUnit."""
