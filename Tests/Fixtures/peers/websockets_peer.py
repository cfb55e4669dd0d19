"""One end of a WebSocket by the library `websockets`: `server`, or `client URL COOKIE ORIGIN`."""
import asyncio
import sys

import websockets


def say(*words):
    print(*words, flush=True)


async def serve():
    async def echo(socket):
        say("subprotocol", socket.subprotocol, "extensions", len(socket.extensions))
        try:
            async for message in socket:
                await socket.send(message)
        finally:
            await socket.wait_closed()
            say("closed", socket.close_code, socket.close_reason)

    async with websockets.serve(echo, "127.0.0.1", 0, subprotocols=["demo"], max_size=None) as server:
        say("port", server.sockets[0].getsockname()[1])
        await asyncio.Future()


async def ask(url, cookie, origin):
    async with websockets.connect(
        url, extra_headers={"Cookie": cookie}, origin=origin, subprotocols=["other", "demo"], max_size=None
    ) as socket:
        say("subprotocol", socket.subprotocol, "extensions", len(socket.extensions))
        large = bytes(range(256)) * 4096

        async def pieces():
            for number in range(0, len(large), 100_000):
                yield large[number:number + 100_000]

        for message in ["hello", "", "ünïcödé " * 1000, large, pieces()]:
            await socket.send(message)
            answer = await socket.recv()
            wanted = large if not isinstance(message, (str, bytes)) else message
            assert answer == wanted, (len(answer), len(wanted))
        await (await socket.ping(b"are you there"))
        say("echoed")
        try:
            await socket.recv()
        except websockets.ConnectionClosed as end:
            say("closed", end.code, end.reason)


asyncio.run(serve() if sys.argv[1] == "server" else ask(*sys.argv[2:]))
