"""Content codings: we ask for none, yet a target may send one, and its bytes must be scanned in the clear."""

import zlib
from collections.abc import Callable


def decoder(encoding: str) -> Callable[[bytes], bytes] | None:
    """A function from coded bytes, as they arrive, to plain ones; None for `identity` and what we cannot decode.

    Bytes that do not fit the coding come back as they are: the target's fault is data, not an exception.
    """
    windows = {"gzip": 31, "x-gzip": 31, "deflate": 47}
    bits = windows.get(encoding.strip().lower())
    if bits is None:
        return None
    unzip = zlib.decompressobj(bits)
    broken = False

    def decode(data: bytes) -> bytes:
        nonlocal broken
        if broken:
            return data
        try:
            return unzip.decompress(data, 16 << 20)  # a bomb stays bounded: what it holds beyond is not read
        except zlib.error:
            broken = True
            return data

    return decode
