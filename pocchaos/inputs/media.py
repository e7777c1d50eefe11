"""Malformed: a good body under a wrong content type; only where a scenario asks for it by name.

Many servers read the body whatever it is called, so this is no fault of theirs by default.
"""

from pocchaos.inputs.base import Header

KINDS = (
    Header(
        name="wrong_content_type",
        types=("text/plain", "application/xml", "text/html", "application/octet-stream", "image/png"),
    ),
)
