"""A line to a server on this machine that is as slow and as long as one to a server elsewhere."""

import asyncio
import multiprocessing
import time
from asyncio import StreamReader, StreamWriter
from collections.abc import Iterable
from functools import partial
from multiprocessing.connection import Connection

CHUNK_BYTES = 64 * 1024
WINDOW_CHUNKS = 64  # 4 MiB of one connection on the way, as systems of today allow by themselves


class Line:
    """Stands before some ports, in a process of its own; entered, it tells for each where its line begins.

    Upwards all connections together get `bytes_per_second`; downwards there is no limit. `round_trip`, in
    seconds, passes before a connection is made, and between what is sent and what is answered to it.
    """

    def __init__(self, ports: Iterable[int], *, bytes_per_second: float, round_trip: float) -> None:
        self._told, self._telling = multiprocessing.Pipe(duplex=False)
        arguments = (list(ports), bytes_per_second, round_trip, self._telling)
        context = multiprocessing.get_context("spawn")
        self._process = context.Process(target=_serve, args=arguments, daemon=True)

    def __enter__(self) -> dict[int, int]:
        self._process.start()
        self._telling.close()  # the process has its own: if that ends, nobody waits for its word
        begins: dict[int, int] = self._told.recv()
        return begins

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.join()


class _Uplink:
    """Lets the bytes of all connections pass one after another."""

    def __init__(self, bytes_per_second: float) -> None:
        self._speed = bytes_per_second
        self._free_at = 0.0

    async def take(self, size: int) -> None:
        self._free_at = max(self._free_at, time.monotonic()) + size / self._speed
        await asyncio.sleep(self._free_at - time.monotonic())


def _serve(ports: list[int], bytes_per_second: float, round_trip: float, telling: Connection) -> None:
    asyncio.run(_relay(ports, _Uplink(bytes_per_second), round_trip, telling))


async def _relay(ports: list[int], uplink: _Uplink, round_trip: float, telling: Connection) -> None:
    begins = {}
    for port in ports:
        server = await asyncio.start_server(partial(_connected, port, uplink, round_trip), "127.0.0.1", 0)
        begins[port] = server.sockets[0].getsockname()[1]
    telling.send(begins)
    await asyncio.Event().wait()


async def _connected(
    port: int, uplink: _Uplink, round_trip: float, reader: StreamReader, writer: StreamWriter
) -> None:
    await asyncio.sleep(round_trip)
    theirs, ours = await asyncio.open_connection("127.0.0.1", port)
    try:
        async with asyncio.TaskGroup() as ways:
            ways.create_task(_carry(reader, ours, round_trip / 2, uplink))
            ways.create_task(_carry(theirs, writer, round_trip / 2))
    except* ConnectionError:
        pass  # either side may hang up
    finally:
        ours.close()
        writer.close()


async def _carry(
    reader: StreamReader, writer: StreamWriter, delay: float, uplink: _Uplink | None = None
) -> None:
    under_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(WINDOW_CHUNKS)

    async def send() -> None:
        while chunk := await reader.read(CHUNK_BYTES):
            if uplink:
                await uplink.take(len(chunk))
            await under_way.put((time.monotonic() + delay, chunk))
        await under_way.put((time.monotonic() + delay, b""))

    async def arrive() -> None:
        while True:
            due, chunk = await under_way.get()
            await asyncio.sleep(due - time.monotonic())
            if not chunk:
                break
            writer.write(chunk)
            await writer.drain()
        writer.close()

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(send())
        tasks.create_task(arrive())
