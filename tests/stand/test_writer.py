"""Reply scripts on a real connection: framing, pace, and the ways in which a connection can end badly."""

import asyncio
from collections.abc import AsyncIterator, Iterable

import pytest

from pocchaos.model.reply import Chunk, Cut, End, Event, Hold, Reply, script
from pocchaos.model.units import Seconds
from pocchaos.stand.connection import Connection
from pocchaos.stand.incoming import Incoming
from pocchaos.stand.writer import Ending, Framing, OriginBrokeError, ReplyWriter

GET = b"GET / HTTP/1.1\r\nhost: x\r\n\r\n"


class Scripted:
    """An exchange that sends one script and remembers how that ended."""

    def __init__(self, reply: Reply) -> None:
        self.reply = reply
        self.ending: Ending | None = None
        self.held = self.left = False

    async def run(self, writer: ReplyWriter) -> None:
        self.ending = await writer.send(self.reply, Framing(keep_alive=True, linger=False), held=self._hold)

    def gone(self, at: int | None) -> None:
        self.left = True

    async def _hold(self) -> None:
        self.held = True


async def heard_of(exchange: Scripted, *, patience: float = 0.3) -> tuple[bytes, str]:
    """What a caller reads, and how it ends for it: closed, reset or silent."""

    def arrived(incoming: Incoming) -> Scripted:
        del incoming
        return exchange

    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection("x", arrived, lambda _: None), "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname()[:2])
    writer.write(GET)
    heard, end = b"", "closed"
    try:
        async with asyncio.timeout(patience):
            while more := await reader.read(65_536):
                heard += more
    except TimeoutError:
        end = "silent"
    except ConnectionResetError:
        end = "reset"
    writer.close()
    await asyncio.gather(writer.wait_closed(), return_exceptions=True)
    server.close()
    for _ in range(100):
        if exchange.ending is not None or exchange.left:
            break
        await asyncio.sleep(0.01)
    return heard.partition(b"\r\n\r\n")[2], end


def reply(events: Iterable[Event], length: int | None = None) -> Reply:
    return Reply(status=200, chunks=script(events), length=length)


A, B = Chunk(data=b"aaa"), Chunk(data=b"bb")


@pytest.mark.parametrize(
    ("events", "length", "heard", "end", "ending"),
    [
        ([A, B], 5, b"aaabb", "silent", Ending.WHOLE),  # kept alive
        ([A, B], None, b"3\r\naaa\r\n2\r\nbb\r\n0\r\n\r\n", "silent", Ending.WHOLE),
        ([A, Chunk(data=b""), B], None, b"3\r\naaa\r\n2\r\nbb\r\n0\r\n\r\n", "silent", Ending.WHOLE),
        ([], 0, b"", "silent", Ending.WHOLE),
        ([A, End(), B], None, b"3\r\naaa\r\n", "closed", Ending.SHORT),
        ([A, End()], 10, b"aaa", "closed", Ending.SHORT),
        ([A], 10, b"aaa", "closed", Ending.SHORT),  # a script that promises more than it has
        ([A, B], 4, b"aaab", "silent", Ending.WHOLE),  # and one that has more: never past its length
        ([A, Cut(), B], None, b"3\r\naaa\r\n", "reset", Ending.RESET),
        ([Cut()], 10, b"", "reset", Ending.RESET),
        ([A, Hold(), B], None, b"3\r\naaa\r\n", "silent", None),
    ],
)
def test_a_script_is_carried_out(
    events: list[Event], length: int | None, heard: bytes, end: str, ending: Ending | None
) -> None:
    exchange = Scripted(reply(events, length))
    assert asyncio.run(heard_of(exchange)) == (heard, end)
    assert exchange.ending == ending
    assert exchange.held == (ending is None)


def test_all_that_was_sent_arrives_before_the_reset() -> None:
    """An RST overtakes what still lies in our own buffers: it has to wait for them."""
    exchange = Scripted(reply([Chunk(data=b"x" * 500_000), Cut()], 1_000_000))
    assert asyncio.run(heard_of(exchange, patience=5)) == (b"x" * 500_000, "reset")


@pytest.mark.parametrize(("event", "end"), [(Cut(), "reset"), (End(), "closed")])
def test_an_origin_that_breaks_off_is_passed_on_through_any_fault(event: Cut | End, end: str) -> None:
    async def broken() -> AsyncIterator[Event]:
        yield A
        raise OriginBrokeError(event)

    async def under_a_fault(chunks: AsyncIterator[Event]) -> AsyncIterator[Event]:
        async for one in chunks:
            yield one

    exchange = Scripted(Reply(status=200, chunks=under_a_fault(broken()), length=10))
    assert asyncio.run(heard_of(exchange)) == (b"aaa", end)
    assert exchange.ending is Ending.ORIGIN


def test_delays_add_up_without_the_lateness_of_timers() -> None:
    """A hundred tokens at 5 ms take half a second, not half a second and a hundred roundings."""

    async def timed() -> float:
        exchange = Scripted(reply([Chunk(data=b"t", delay=Seconds(0.005)) for _ in range(100)]))
        loop = asyncio.get_running_loop()
        began = loop.time()

        class Clocked(Scripted):
            async def run(self, writer: ReplyWriter) -> None:
                await super().run(writer)
                took.append(loop.time() - began)

        took: list[float] = []
        await heard_of(Clocked(exchange.reply), patience=2)
        return took[0]

    assert 0.5 <= asyncio.run(timed()) < 0.6


def test_a_slow_source_moves_the_schedule_and_is_not_caught_up_with() -> None:
    async def slow() -> AsyncIterator[Event]:
        for _ in range(3):
            await asyncio.sleep(0.1)
            yield Chunk(data=b"t", delay=Seconds(0.05))

    async def timed() -> float:
        loop = asyncio.get_running_loop()
        exchange = Scripted(Reply(status=200, chunks=slow(), length=3))
        began = loop.time()
        task = asyncio.create_task(heard_of(exchange, patience=1))
        while exchange.ending is None:
            await asyncio.sleep(0.005)
        took = loop.time() - began
        await task
        return took

    assert asyncio.run(timed()) >= 0.44


def test_a_held_reply_sends_nothing_and_ends_when_the_caller_goes() -> None:
    exchange = Scripted(Reply(status=200, chunks=script([A]), held=True))
    assert asyncio.run(heard_of(exchange)) == (b"", "silent")
    assert exchange.held
    assert exchange.left
