"""One end of HTTP/2 by the library `h2`, WebSockets by `websockets`: `server`, or `client PORT AUTHORITY COOKIE`."""
import socket
import sys
import threading

import h2.config
import h2.connection
import h2.events
import h2.settings
from websockets.connection import CLIENT, SERVER, Connection
from websockets.frames import Opcode


def say(*words):
    print(*words, flush=True)


class Wire:
    """A connection with its socket: bodies leave as the windows allow."""

    def __init__(self, peer, is_client):
        self.peer = peer
        self.h2 = h2.connection.H2Connection(
            h2.config.H2Configuration(client_side=is_client, header_encoding="utf-8"))
        self.waiting = {}
        self.over = set()
        if not is_client:
            codes = h2.settings.SettingCodes
            self.h2.local_settings = h2.settings.Settings(
                client=False, initial_values={codes.ENABLE_CONNECT_PROTOCOL: 1, codes.MAX_CONCURRENT_STREAMS: 100})
        self.h2.initiate_connection()
        self.flush()

    def flush(self):
        self.peer.sendall(self.h2.data_to_send())

    def send(self, stream, data=b"", end=False):
        queue, _ = self.waiting.get(stream, (b"", False))
        self.waiting[stream] = (queue + data, end)
        self.push()

    def push(self):
        for stream, (data, end) in list(self.waiting.items()):
            while data:
                room = min(self.h2.local_flow_control_window(stream), self.h2.max_outbound_frame_size, len(data))
                if room <= 0:
                    break
                self.h2.send_data(stream, data[:room])
                data = data[room:]
            if not data and end:
                self.h2.end_stream(stream)
            if data:
                self.waiting[stream] = (data, end)
            else:
                del self.waiting[stream]
        self.flush()

    def events(self):
        """What happened, until the other side has left."""
        while True:
            try:
                data = self.peer.recv(65536)
            except ConnectionResetError:
                return
            if not data:
                return
            for event in self.h2.receive_data(data):
                if isinstance(event, h2.events.DataReceived):
                    self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                if isinstance(event, h2.events.StreamReset):
                    self.waiting.pop(event.stream_id, None)
                yield event
            self.push()


def frames(endpoint, data):
    endpoint.receive_data(data)
    return endpoint.events_received()


def converse(peer):
    wire = Wire(peer, False)
    requests, tunnels = {}, {}
    for event in wire.events():
        if isinstance(event, h2.events.RequestReceived):
            headers = dict(event.headers)
            if headers.get(":protocol") == "websocket":
                assert headers[":method"] == "CONNECT" and headers["sec-websocket-version"] == "13", headers
                assert "sec-websocket-key" not in headers and "upgrade" not in headers and "cookie" not in headers
                assert headers["authorization"].startswith("Bearer access-"), headers
                wire.h2.send_headers(event.stream_id, [(":status", "200")])
                tunnels[event.stream_id] = Connection(SERVER)
                say("tunnel", headers[":path"])
            else:
                requests[event.stream_id] = (headers, bytearray())
        elif isinstance(event, h2.events.DataReceived) and event.stream_id in tunnels:
            tunnel = tunnels[event.stream_id]
            for frame in frames(tunnel, event.data):
                if frame.opcode is Opcode.TEXT:
                    tunnel.send_text(b"you said " + frame.data)
                elif frame.opcode is Opcode.CLOSE:
                    say("closed", int.from_bytes(frame.data[:2], "big"), frame.data[2:].decode())
            wire.send(event.stream_id, b"".join(tunnel.data_to_send()))
        elif isinstance(event, h2.events.DataReceived):
            requests[event.stream_id][1].extend(event.data)
        elif isinstance(event, h2.events.StreamEnded) and event.stream_id in requests:
            headers, body = requests.pop(event.stream_id)
            wire.h2.send_headers(event.stream_id, [(":status", "200"), ("x-method", headers[":method"])])
            wire.send(event.stream_id, bytes(body), end=True)


def serve():
    listener = socket.create_server(("127.0.0.1", 0))
    say("port", listener.getsockname()[1])
    while True:
        peer, _ = listener.accept()
        threading.Thread(target=converse, args=(peer,), daemon=True).start()


def ask(port, authority, cookie):
    wire = Wire(socket.create_connection(("127.0.0.1", int(port)), timeout=30), True)
    events = wire.events()

    def until(kind, stream):
        found = []
        for event in events:
            if getattr(event, "stream_id", stream) != stream:
                continue
            found.append(event)
            if isinstance(event, kind):
                return found
        raise AssertionError(f"closed before {kind.__name__}")

    for event in events:
        if isinstance(event, h2.events.RemoteSettingsChanged):
            break
    assert wire.h2.remote_settings.enable_connect_protocol == 1
    origin = "http://" + authority
    where = [(":scheme", "http"), (":authority", authority)]
    who = [("cookie", cookie), ("origin", origin)]

    body = bytes(range(256)) * 4096
    wire.h2.send_headers(1, [(":method", "PUT"), (":path", "/file"), *where, *who, ("content-length", str(len(body)))])
    wire.send(1, body, end=True)
    got = until(h2.events.StreamEnded, 1)
    response = dict(next(event for event in got if isinstance(event, h2.events.ResponseReceived)).headers)
    assert response[":status"] == "200" and response["x-method"] == "PUT", response
    assert b"".join(event.data for event in got if isinstance(event, h2.events.DataReceived)) == body
    say("uploaded")

    wire.h2.send_headers(3, [
        (":method", "CONNECT"), (":protocol", "websocket"), (":path", "/socket"), *where,
        ("sec-websocket-version", "13"), *who])
    wire.flush()
    got = until(h2.events.ResponseReceived, 3)
    assert dict(got[-1].headers)[":status"] == "200", got[-1].headers
    tunnel = Connection(CLIENT)
    for text in (b"hello", b"again"):
        tunnel.send_text(text)
        wire.send(3, b"".join(tunnel.data_to_send()))
        got = until(h2.events.DataReceived, 3)
        assert frames(tunnel, got[-1].data)[0].data == b"you said " + text
    say("conversed")
    got = until(h2.events.DataReceived, 3)
    frame = frames(tunnel, got[-1].data)[0]
    assert frame.opcode is Opcode.CLOSE, frame
    say("closed", int.from_bytes(frame.data[:2], "big"), frame.data[2:].decode())


if sys.argv[1] == "server":
    serve()
else:
    ask(*sys.argv[2:])
