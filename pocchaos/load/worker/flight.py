"""One request in flight: sent once, its answer read as it arrives, its end told exactly."""

import ssl
from collections.abc import Callable
from typing import Final

from gevent import GreenletExit, Timeout

from pocchaos.exchange.answer import NO_FACTS, Facts, Reader, Reading
from pocchaos.load.worker.connections import OURS, UNREACHABLE, Connection, Connections
from pocchaos.load.worker.incoming import HTTPParseError, Incoming
from pocchaos.model.evidence import How

BLOCK: Final = 1 << 16  # bytes of one receive
AFTER_DONE: Final = 0.25  # s that the rest of a stream is awaited after its `done` event, to reuse the connection
ERROR_LIMIT: Final = 200  # characters of an error


class Flight:
    """What happened to one request; times are µs since the run's origin, `clock` gives them."""

    __slots__ = (
        "_clock",
        "_head",
        "_heard",
        "_incoming",
        "_reader",
        "_reading",
        "connection",
        "end",
        "error",
        "first_byte",
        "how",
        "start",
    )

    def __init__(self, reader: Reader, clock: Callable[[], int]) -> None:
        self._reader = reader
        self._clock = clock
        self._reading: Reading | None = None
        self._incoming: Incoming | None = None
        self._heard = self.start = clock()  # when the last bytes came
        self._head = b""  # bytes until the headers end
        self.connection: Connection | None = None
        self.first_byte: int | None = None
        self.end: int | None = None
        self.how = How.UNFINISHED
        self.error: str | None = None

    @property
    def status(self) -> int | None:
        """Status of the response, None where none began."""
        incoming = self._incoming
        return incoming.status if incoming is not None and incoming.started else None

    def facts(self) -> Facts:
        """What the response came to, as far as it came."""
        if self._reading is None:
            return NO_FACTS
        return self._reading.close(whole=self.how is How.COMPLETE)

    def fly(self, connections: Connections, message: bytes, deadline: float) -> None:
        """Send and read; never raises for what the target or the network does. `deadline` in s counts from `start`."""
        timeout = Timeout.start_new(deadline)
        try:
            self._exchange(connections, message)
        except Timeout as passed:
            if passed is not timeout:
                raise
            self._ended(How.DEADLINE, f"no complete answer within {deadline:g} s")
        except GreenletExit:
            self._ended(How.UNFINISHED, "cut off by the end of the run")
        except HTTPParseError as error:
            self._ended(How.PROTOCOL, f"not HTTP: {error}")
        except ssl.SSLError as error:
            self._ended(How.PROTOCOL, f"TLS: {error}")
        except OSError as error:
            self._ended(*self._meaning(error))
        finally:
            timeout.close()
            if self.connection is not None:
                self.connection.close()

    def _exchange(self, connections: Connections, message: bytes) -> None:
        connection = self.connection = connections.take()
        incoming = self._incoming = Incoming()
        broken: OSError | None = None
        try:
            sent = connection.sock.send(message)  # the usual case: the whole message fits
            if sent < len(message):
                connection.sock.sendall(message[sent:])
        except (BrokenPipeError, ConnectionResetError) as error:
            broken = error  # the target may have answered before it hung up, as one that refuses a long body does
        while not incoming.complete:
            try:
                data = connection.sock.recv(BLOCK)
            except OSError as error:
                raise broken or error from None
            if not self._received(incoming, data):
                return
            if self._reading is not None and self._reading.done and not incoming.complete:
                self._ended(How.COMPLETE, at=self._heard)
                self._read_rest(connection, incoming)
                break
        else:
            self._ended(How.COMPLETE, at=self._heard)
        if incoming.reusable and broken is None:
            connections.give(connection)
            self.connection = None

    def _received(self, incoming: Incoming, data: bytes) -> bool:
        """Take in what was received; False where the connection ended in the middle of something."""
        at = self._heard = self._clock()
        if not data:
            if broken := self._end_of(incoming):
                self._ended(*broken)
                return False
            return True
        if self.first_byte is None:
            self.first_byte = at
        try:
            incoming.feed(data)
        finally:  # what came before bytes that are not HTTP came all the same
            self._take(incoming, data, at)
        return True

    def _take(self, incoming: Incoming, data: bytes, at: int) -> None:
        if self._reading is None:
            self._head += data
            if not incoming.started:
                return
            self._reading = self._reader.begin(incoming.status, incoming.headers, self._head.partition(b"\r\n\r\n")[0])
            incoming.headers = []
            self._head = b""
        if incoming.parts:
            self._reading.feed(incoming.taken(), at)
        if incoming.complete and incoming.headers:
            self._reading.scan(incoming.trailers())

    def _end_of(self, incoming: Incoming) -> tuple[How, str] | None:
        """What the end of the connection means, None where it is the end of the body."""
        if self.first_byte is None:
            return How.RESET, f"closed before a response began{self._before()}"
        if not incoming.started:
            return How.RESET, "closed before the headers ended"
        try:
            incoming.feed(b"")
        except HTTPParseError:
            return How.SHORT, "closed before the body ended"
        return None

    def _read_rest(self, connection: Connection, incoming: Incoming) -> None:
        """The stream is done; what is left of its body only decides whether the connection can be used again."""
        with Timeout(AFTER_DONE, exception=False):  # type: ignore[arg-type]  # the stubs do not know this use
            try:
                while not incoming.complete and (data := connection.sock.recv(BLOCK)):
                    incoming.feed(data)
            except (OSError, HTTPParseError):
                return

    def _meaning(self, error: OSError) -> tuple[How, str]:
        said = error.strerror or str(error) or type(error).__name__
        if self.connection is None and error.errno in OURS:
            return How.NOT_SENT, f"our machine: {said}"
        if self.connection is None and (error.errno in UNREACHABLE or not isinstance(error, ConnectionResetError)):
            return How.REFUSED, said
        began = self.first_byte is not None
        return How.RESET, f"{said}{' in the middle of the response' if began else self._before()}"

    def _before(self) -> str:
        """Says so where the connection had been used: the target may just have closed it for idleness."""
        connection = self.connection
        if connection is None or not connection.used:
            return ""
        return f", on a connection kept alive that had lain idle for {connection.rested / 1e9:.3f} s"

    def _ended(self, how: How, error: str | None = None, *, at: int | None = None) -> None:
        if self.end is None:
            self.end = self._clock() if at is None else at
            self.how = how
            self.error = None if error is None else self._reader.redaction.text(error)[:ERROR_LIMIT]
