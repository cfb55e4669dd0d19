"""One end of gRPC by Google's own library: `server`, or `client ADDRESS AUTHORITY COOKIE`. Messages are plain bytes."""
import os
import sys
import time
from concurrent import futures

import grpc


def say(*words):
    print(*words, flush=True)


class Peer(grpc.GenericRpcHandler):
    def service(self, details):
        return {
            "/demo.Peer/Unary": grpc.unary_unary_rpc_method_handler(self.unary),
            "/demo.Peer/Refuse": grpc.unary_unary_rpc_method_handler(self.refuse),
            "/demo.Peer/Count": grpc.unary_stream_rpc_method_handler(self.count),
            "/demo.Peer/Sum": grpc.stream_unary_rpc_method_handler(self.sum),
            "/demo.Peer/Echo": grpc.stream_stream_rpc_method_handler(self.echo),
        }.get(details.method)

    def unary(self, request, context):
        metadata = dict(context.invocation_metadata())
        context.send_initial_metadata((("x-initial", "first"),))
        context.set_trailing_metadata((("x-trailing", "last"), ("x-bytes-bin", bytes(range(256)))))
        token = metadata.get("authorization", "nobody")[:14]
        return request + f" {token} {'cookie' in metadata}".encode()

    def refuse(self, request, context):
        context.set_trailing_metadata((("x-why", "asked"),))
        context.abort(grpc.StatusCode.NOT_FOUND, "nothing here: 100 %")

    def count(self, request, context):
        for number in range(int(request)):
            yield str(number).encode()

    def sum(self, requests, context):
        return str(sum(len(request) for request in requests)).encode()

    def echo(self, requests, context):
        for request in requests:
            yield request
        context.set_trailing_metadata((("x-echoed", "all"),))


def serve():
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=8), options=[("grpc.so_reuseport", 0)])
    server.add_generic_rpc_handlers((Peer(),))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    say("port", port)
    server.wait_for_termination()


def ask(address, authority, cookie):
    channel = grpc.insecure_channel(
        address, options=[("grpc.default_authority", authority), ("grpc.enable_http_proxy", 0)])
    known = (("cookie", cookie), ("x-csrf", "1"))

    def refused(call):
        try:
            call()
        except grpc.RpcError as error:
            return error
        raise AssertionError("not refused")

    unary = channel.unary_unary("/demo.Peer/Unary")
    # Nobody, who is a browser's script at best: 401 is gRPC's UNAUTHENTICATED.
    error = refused(lambda: unary(b"x", timeout=20))
    assert error.code() == grpc.StatusCode.UNAUTHENTICATED, error
    answer, call = unary.with_call(b"hello", metadata=known, timeout=20)
    assert answer == b"hello Bearer access- False", answer
    assert ("x-initial", "first") in [tuple(pair) for pair in call.initial_metadata()]
    trailing = dict(call.trailing_metadata())
    assert trailing["x-trailing"] == "last" and trailing["x-bytes-bin"] == bytes(range(256)), trailing
    error = refused(lambda: channel.unary_unary("/demo.Peer/Refuse")(b"x", metadata=known, timeout=20))
    assert error.code() == grpc.StatusCode.NOT_FOUND and error.details() == "nothing here: 100 %", error
    assert dict(error.trailing_metadata())["x-why"] == "asked"
    counted = list(channel.unary_stream("/demo.Peer/Count")(b"500", metadata=known, timeout=20))
    assert counted == [str(number).encode() for number in range(500)], counted
    pieces = [bytes(size) for size in (1, 100_000, 0, 1_000_000, 7)]
    total = channel.stream_unary("/demo.Peer/Sum")(iter(pieces), metadata=known, timeout=20)
    assert total == str(sum(map(len, pieces))).encode(), total
    call = channel.stream_stream("/demo.Peer/Echo")(iter(pieces), metadata=known, timeout=20)
    assert list(call) == pieces and dict(call.trailing_metadata())["x-echoed"] == "all"
    say("called")

    # A stream that waits for what comes, until it is ended.
    def slowly():
        yield b"first"
        time.sleep(3600)

    call = channel.stream_stream("/demo.Peer/Echo")(slowly(), metadata=known, timeout=60)
    assert next(call) == b"first"
    say("streaming")
    error = refused(lambda: next(call))
    say("ended", error.code().name)


if sys.argv[1] == "server":
    serve()
else:
    ask(*sys.argv[2:])
    # The generator still sleeps.
    os._exit(0)
