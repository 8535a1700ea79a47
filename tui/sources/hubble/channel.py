"""One stream of flows over gRPC, read by one thread. Importing this module imports grpc.

The synchronous client with ``SingleThreadedUnaryStream`` costs a quarter of the asyncio one for each message. Its C core
would write to stderr, over the screen, unless told not to before the import.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from typing import Any, Final

os.environ.setdefault("GRPC_VERBOSITY", "NONE")

import grpc
import grpc.experimental

from pointsman.tui.sources.hubble.errors import (
    BrokenError,
    HubbleError,
    MaskError,
    ReachError,
    RefusedError,
    RelayTlsError,
)
from pointsman.tui.sources.hubble.find import Tls
from pointsman.tui.wire import hubble

CONNECT_SECONDS: Final = 5.0
ANSWER_SECONDS: Final = 12.0
LONGEST_MESSAGE: Final = 64 * 1024 * 1024


class Channel:
    """A connection to a Relay (or an agent) at ``target``: ``unix:/path`` or ``host:port``."""

    def __init__(self, target: str, tls: Tls | None, where: str) -> None:
        self.where = where
        """How messages name the far end."""
        self.version = ""
        """Of the Relay or agent, once it answered."""
        self._tls = tls
        self._target = target
        self._call: Any = None
        self._closed = threading.Event()
        options: list[tuple[str, Any]] = [
            (grpc.experimental.ChannelOptions.SingleThreadedUnaryStream, 1),
            ("grpc.max_receive_message_length", LONGEST_MESSAGE),
            ("grpc.enable_retries", 0),
            # Each channel its own connection: one that broke must not be given to the next.
            ("grpc.use_local_subchannel_pool", 1),
        ]
        if target.startswith("unix:"):
            options.append(("grpc.default_authority", "localhost"))
        if tls is None:
            self._channel = grpc.insecure_channel(target, options=options)
        else:
            if tls.server_name:
                options.append(("grpc.ssl_target_name_override", tls.server_name))
            credentials = grpc.ssl_channel_credentials(tls.ca or None, tls.key or None, tls.certificate or None)
            self._channel = grpc.secure_channel(target, credentials, options=options)

    def connect(self, patience: float = CONNECT_SECONDS) -> Any:
        """Ask for the server's status, which proves the way. Raises HubbleError."""
        call = self._channel.unary_unary(
            hubble.SERVER_STATUS,
            request_serializer=hubble.ServerStatusRequest.SerializeToString,
            response_deserializer=hubble.ServerStatusResponse.FromString,
        )
        try:
            answer, done = call.with_call(hubble.ServerStatusRequest(), timeout=patience)
        except grpc.RpcError as error:
            raise self.problem(error, connected=False) from None
        known = dict(done.initial_metadata() or ())
        self.version = str(known.get("hubble-relay-version") or known.get("hubble-server-version") or "")
        return answer

    def flows(self, request: Any) -> Iterator[bytes]:
        """Serialized answers to a GetFlowsRequest, until the end. Raises HubbleError. Blocks: call it in a thread."""
        call = self._channel.unary_stream(
            hubble.GET_FLOWS, request_serializer=hubble.GetFlowsRequest.SerializeToString, response_deserializer=None
        )
        self._call = stream = call(request)
        try:
            yield from stream
        except grpc.RpcError as error:
            if self._closed.is_set():
                return
            raise self.problem(error, connected=True) from None

    def close(self) -> None:
        """End the stream and the connection; from any thread."""
        self._closed.set()
        if self._call is not None:
            self._call.cancel()
        self._channel.close()

    def problem(self, error: Any, *, connected: bool) -> HubbleError:
        """A gRPC failure as one of ours."""
        code, text = error.code(), (error.details() or "").strip()
        lower = text.lower()
        if code is grpc.StatusCode.UNKNOWN and "fieldmask" in lower.replace(" ", ""):
            return MaskError(f"{self.where} does not know a field that was asked for.")
        if code in (grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.UNKNOWN):
            return RefusedError(f"{self.where} refuses the request: {text or code.name}.")
        if code is grpc.StatusCode.UNIMPLEMENTED:
            return RefusedError(f"{self.where} answers, but has no Observer service.", "Is this Hubble's port?")
        if code in (grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.PERMISSION_DENIED):
            return RefusedError(f"{self.where} does not let us in: {text or code.name}.")
        if code is grpc.StatusCode.DEADLINE_EXCEEDED:
            return ReachError(f"{self.where} did not answer in time.", "Is a firewall or an overloaded node between?")
        if not connected:
            return self._not_connected(text, lower)
        return BrokenError(f"The stream from {self.where} broke off: {text or code.name}.")

    def _not_connected(self, text: str, lower: str) -> HubbleError:
        if self._tls is not None:
            if "certificate_verify_failed" in lower or "certificate verify failed" in lower:
                expired = "expired" in lower
                return RelayTlsError(
                    f"The certificate of {self.where} {'has expired' if expired else 'is not signed by the known CA'}.",
                    "Renew it (helm upgrade with fresh certificates, or the hubble-generate-certs job)."
                    if expired
                    else "Give the right CA with --tls-ca-cert-files.",
                )
            if "hostname verification" in lower or "peer name" in lower:
                return RelayTlsError(
                    f"The certificate of {self.where} is for another name than {self._tls.server_name}.",
                    "Give the right one with --tls-server-name.",
                )
            if "wrong_version_number" in lower or "wrong version number" in lower:
                return RelayTlsError(f"{self.where} speaks plaintext, not TLS.", "Leave out --tls.")
            if "handshake" in lower or "ssl" in lower or "socket closed" in lower:
                missing = not self._tls.certificate
                return RelayTlsError(
                    f"The TLS handshake with {self.where} failed"
                    f"{'; it may ask for a client certificate' if missing else ''}: {text}.",
                    self._tls.why
                    or ("Give one with --tls-client-cert-file and --tls-client-key-file." if missing else ""),
                )
        elif "socket closed" in lower or "connection reset" in lower or "recvmsg" in lower:
            return RelayTlsError(
                f"{self.where} closed the connection at the first word; it expects TLS or is going down.",
                "If it expects TLS: --tls, and the CA with --tls-ca-cert-files.",
            )
        return ReachError(f"{self.where} cannot be reached: {text or 'no connection'}.")


def read(
    channel: Channel, request: Any, sink: Callable[[bytes], None], done: Callable[[HubbleError | None], None]
) -> None:
    """Start the thread that gives every answer to ``sink`` and tells ``done`` how it ended (None: it is complete)."""

    def work() -> None:
        problem: HubbleError | None = None
        try:
            for raw in channel.flows(request):
                sink(raw)
        except HubbleError as error:
            problem = error
        except Exception as error:  # what the sink raises must not vanish with the thread
            problem = BrokenError(f"Reading the flows failed: {type(error).__name__}: {error}.")
            problem.__cause__ = error
        done(problem)

    threading.Thread(target=work, name="hubble", daemon=True).start()
