"""The Relay's gRPC server, on a socket only this user can reach. Importing this module imports grpc."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

os.environ.setdefault("GRPC_VERBOSITY", "NONE")  # before the import: its C core writes to stderr otherwise

import grpc

from pointsman.tui.demo.hubble.observer import VERSION, BadRequestError, Observer
from pointsman.tui.wire import hubble

STREAMS = 16
"""Streams that can be open at once; each keeps a thread."""
HEALTH = "/grpc.health.v1.Health/Check"
_SERVING = b"\x08\x01"
"""A HealthCheckResponse: field 1, SERVING."""
_HEADER = (("hubble-relay-version", VERSION),)


class RelayServer:
    """Serves an observer until ``stop``. ``path`` is its unix socket."""

    def __init__(self, observer: Observer) -> None:
        self.observer = observer
        self._folder = Path(
            tempfile.mkdtemp(prefix=f"pointsman-demo-{os.getpid()}-")
        )  # the next demo removes it after a SIGKILL
        self.path = self._folder / "s"
        self._threads = ThreadPoolExecutor(STREAMS, "relay")
        self._server = grpc.server(
            self._threads,
            handlers=[_Handlers(observer)],
            options=[("grpc.so_reuseport", 0)],
        )
        self._server.add_insecure_port(f"unix:{self.path}")
        self._server.start()

    def stop(self) -> None:
        """Break off every stream and remove the socket."""
        self.observer.generation += 1
        self._server.stop(0.2).wait(2)
        self._threads.shutdown(wait=False, cancel_futures=True)
        shutil.rmtree(self._folder, ignore_errors=True)


class _Handlers(grpc.GenericRpcHandler):  # type: ignore[misc]
    def __init__(self, observer: Observer) -> None:
        self._methods = {
            hubble.GET_FLOWS: grpc.unary_stream_rpc_method_handler(
                _flows(observer), request_deserializer=hubble.GetFlowsRequest.FromString
            ),
            hubble.SERVER_STATUS: _unary(observer.server_status, hubble.ServerStatusRequest),
            hubble.GET_NODES: _unary(observer.get_nodes, hubble.GetNodesRequest),
            hubble.GET_NAMESPACES: _unary(observer.get_namespaces, hubble.GetNamespacesRequest),
            HEALTH: grpc.unary_unary_rpc_method_handler(lambda _request, _context: _SERVING),
        }

    def service(self, handler_call_details: Any) -> Any:
        return self._methods.get(handler_call_details.method)


def _unary(answer: Callable[[], Any], request: Any) -> Any:
    def handle(_request: Any, context: Any) -> bytes:
        context.send_initial_metadata(_HEADER)
        return bytes(answer().SerializeToString())

    return grpc.unary_unary_rpc_method_handler(handle, request_deserializer=request.FromString)


def _flows(observer: Observer) -> Callable[[Any, Any], Iterator[bytes]]:
    def handle(request: Any, context: Any) -> Iterator[bytes]:
        try:
            answers = observer.get_flows(request, context.is_active)
        except BadRequestError as error:
            code = grpc.StatusCode.UNKNOWN if "fieldmask" in str(error) else grpc.StatusCode.INVALID_ARGUMENT
            context.abort(code, str(error))
            return
        context.send_initial_metadata(_HEADER)
        try:
            yield from answers
        except ConnectionAbortedError as error:
            context.abort(grpc.StatusCode.UNAVAILABLE, str(error))

    return handle
