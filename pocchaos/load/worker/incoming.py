"""A response as llhttp parses it (geventhttpclient's parser), reduced to what we record."""

from typing import Final

from geventhttpclient._parser import HTTPParseError, HTTPResponseParser

__all__ = ["HTTPParseError", "Incoming"]

_NO_FIELD: Final = ("", "")


class Incoming(HTTPResponseParser):
    """Feed it bytes; it gathers headers and body parts of the first final (not 1xx) response.

    Raises HTTPParseError for what is not HTTP. What follows the response belongs to nobody: `stray` says that the
    connection cannot be used again.
    """

    def __init__(self) -> None:
        super().__init__()
        self.headers: list[tuple[str, str]] = []
        self.parts: list[bytes] = []  # of the body; taken out by `taken`
        self.started = False  # the headers of the final response are complete
        self.complete = False
        self.stray = False
        self.status = 0
        self._field, self._value = _NO_FIELD
        self._in_value = False

    def feed(self, data: bytes) -> None:  # type: ignore[override]
        """Parse; an error in what follows a complete response is only a stray byte."""
        try:
            super().feed(data)
        except HTTPParseError:
            if not self.complete:
                raise
            self.stray = True

    def taken(self) -> bytes:
        """The body bytes since the last call."""
        parts, self.parts = self.parts, []
        return parts[0] if len(parts) == 1 else b"".join(parts)

    @property
    def reusable(self) -> bool:
        """Whether the connection may carry another request."""
        return self.complete and not self.stray and self.should_keep_alive()

    def trailers(self) -> bytes:
        """Header lines that came after the body, for the scan."""
        self._end_field()
        return "\r\n".join(f"{name}: {value}" for name, value in self.headers).encode("latin-1", "replace")

    # What follows is called by the parser.

    def _on_message_begin(self) -> None:
        if self.complete:
            self.stray = True

    def _on_status(self, text: str) -> None:
        """The reason phrase: nobody's business, but the parser insists."""

    def _on_header_field(self, text: str) -> None:
        if self._in_value:
            self._end_field()
        self._field += text

    def _on_header_value(self, text: str) -> None:
        self._in_value = True
        self._value += text

    def _on_headers_complete(self) -> bool:
        if self.complete:
            return False
        self._end_field()
        self.status = self.get_code()
        if self.status < 200:
            self.headers = []
        else:
            self.started = True
        return False

    def _on_body(self, data: bytearray) -> None:
        if not self.complete:
            self.parts.append(bytes(data))

    def _on_message_complete(self) -> None:
        if self.started:
            self.complete = True

    def _end_field(self) -> None:
        if self._field and not self.complete:
            self.headers.append((self._field, self._value))
        self._field, self._value = _NO_FIELD
        self._in_value = False
