"""The catalogue of malformed requests: what RFC 8259 forbids, and leaves that are not what they should be.

To add a kind: a line in the file of its family (or a file, with a line in `catalogue`); the property tests hold it
to being refused by every parser.
"""

from pocchaos.inputs.base import Header, Kind, Leaf, Syntax
from pocchaos.inputs.catalogue import BY_DEFAULT, FAMILIES, KINDS, Choice, applies, content_type, named, spoil
from pocchaos.inputs.leaves import leaves_of

__all__ = [
    "BY_DEFAULT",
    "FAMILIES",
    "KINDS",
    "Choice",
    "Header",
    "Kind",
    "Leaf",
    "Syntax",
    "applies",
    "content_type",
    "leaves_of",
    "named",
    "spoil",
]
