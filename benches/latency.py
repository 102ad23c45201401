#!/usr/bin/env python3
"""Passes connections on to a server, and lets all that passes wait: a line that is long, not thin.

    benches/latency.py PORT MILLISECONDS       prints the port on which it listens; ends with its input

Half of the time is added on each way. Nothing is cut, reordered or made slower.
"""
import asyncio
import sys


async def carry(reader, writer, delay):
    """Reads at once, and writes each piece when its time has come."""
    pieces = asyncio.Queue()
    clock = asyncio.get_running_loop().time

    async def read():
        while piece := await reader.read(1 << 18):
            pieces.put_nowait((clock() + delay, piece))
        pieces.put_nowait((clock() + delay, b""))

    reading = asyncio.create_task(read())
    try:
        while True:
            due, piece = await pieces.get()
            await asyncio.sleep(max(0, due - clock()))
            if not piece:
                break
            writer.write(piece)
            await writer.drain()
    except ConnectionError:
        pass
    finally:
        reading.cancel()
        writer.close()


async def main():
    port, delay = int(sys.argv[1]), float(sys.argv[2]) / 2000

    async def serve(reader, writer):
        await asyncio.sleep(2 * delay)  # a connection is made by one way there and back
        there = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(carry(reader, there[1], delay), carry(there[0], writer, delay), return_exceptions=True)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


asyncio.run(main())
