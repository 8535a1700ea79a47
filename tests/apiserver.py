"""A real kube-apiserver on a real etcd, for tests that must not take a fake's word for it.

`KUBE_APISERVER` and `ETCD` name the two executables (kube-apiserver 1.34 or newer, etcd 3.5 or newer). Without them
`real_apiserver` skips the test and says so; naming something that cannot be executed fails it. There is no controller
manager, no scheduler and no kubelet: objects are stored, validated, watched and authorized for real, nothing acts on
them. Everything listens on 127.0.0.1 only.

    @pytest.fixture(scope="module")
    def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealCluster]:
        with real_apiserver(tmp_path_factory.mktemp("cluster")) as cluster:
            yield cluster
"""

from __future__ import annotations

import base64
import contextlib
import http.client
import json
import os
import secrets
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from authority import Authority, pem
from cryptography.hazmat.primitives.asymmetric import ec

HOST = "127.0.0.1"
ADMIN = "admin"
RESTRICTED = "restricted"
START_SECONDS = 60.0
STOP_SECONDS = 20.0

# Starts every server. The death signal of `_Server` comes when the *thread* that started it ends, so a server started
# from a test's short-lived worker thread would die with that; this thread lasts as long as the test run.
_LAUNCHER = ThreadPoolExecutor(1, thread_name_prefix="apiserver-launcher")


@contextlib.contextmanager
def real_apiserver(tmp_path: Path) -> Iterator[RealCluster]:
    """Run a cluster's API for the length of the block, in a new folder under `tmp_path` that goes with it.

    Skips the test when `KUBE_APISERVER` or `ETCD` is unset; fails it when one names no executable.
    Raises RuntimeError, with the end of the server's log, when a server does not come up.
    """
    apiserver, etcd = _executables()
    cluster = RealCluster(tmp_path / f"cluster-{secrets.token_hex(4)}", apiserver=apiserver, etcd=etcd)
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop()


class RealCluster:
    """One kube-apiserver with its own etcd, CA and users; made by `real_apiserver`.

    Two users, each a context of `kubeconfig`: `admin` (client certificate, group system:masters) and `restricted`
    (bearer token, no role beyond what every authenticated user has: discovery, and reviews of its own access).
    `tokens` holds a bearer token for each of them, for raw requests. The address and all credentials outlive a restart
    of the API server.
    """

    def __init__(self, home: Path, *, apiserver: str, etcd: str) -> None:
        home.mkdir(parents=True)
        self.home = home
        self._apiserver_program = apiserver
        self._etcd_program = etcd
        # A bound socket that never listens keeps each port ours while a server is down; both servers share it by
        # SO_REUSEPORT. So no other process can take the address between a kill and the next start.
        self._etcd_port = _reserve_port()
        self._port = _reserve_port()
        self._etcd: _Server | None = None
        self._apiserver: _Server | None = None
        self.url = f"https://{HOST}:{self._port.number}"
        self.tokens = {ADMIN: secrets.token_hex(16), RESTRICTED: secrets.token_hex(16)}
        self.ca_file = home / "ca.crt"
        self.kubeconfig = home / "kubeconfig"
        self._write_credentials()

    # -- servers ---------------------------------------------------------------------------------------------------

    @property
    def apiserver_pid(self) -> int | None:
        """Process id of the running API server; None while there is none."""
        return self._apiserver.pid if self._apiserver else None

    @property
    def etcd_pid(self) -> int | None:
        """Process id of the running etcd; None while there is none."""
        return self._etcd.pid if self._etcd else None

    def start(self) -> None:
        """Start etcd and the API server; returns when `/readyz` says ok."""
        etcd = f"http://{HOST}:{self._etcd_port.number}"
        self._etcd = _Server(
            [
                self._etcd_program,
                f"--data-dir={self.home / 'etcd'}",
                f"--listen-client-urls={etcd}",
                f"--advertise-client-urls={etcd}",
                f"--listen-peer-urls=http://{HOST}:0",  # one member: nobody dials it
                "--socket-reuse-port",
                "--unsafe-no-fsync",  # the data dies with the test; a killed *process* still loses nothing
                "--log-level=warn",
            ],
            self.home / "etcd.log",
        )
        self._wait(self._etcd, self._etcd_healthy)
        self.start_apiserver()

    def start_apiserver(self) -> None:
        """Start the API server on the same address and data; returns when `/readyz` says ok."""
        if self._apiserver:
            raise RuntimeError("the API server is already running")
        self._apiserver = _Server(
            [
                self._apiserver_program,
                f"--etcd-servers=http://{HOST}:{self._etcd_port.number}",
                f"--bind-address={HOST}",
                f"--advertise-address={HOST}",
                f"--secure-port={self._port.number}",
                "--permit-port-sharing",
                "--endpoint-reconciler-type=none",  # a loopback address is no valid endpoint of Service kubernetes
                f"--cert-dir={self.home}",
                f"--tls-cert-file={self.home / 'server.crt'}",
                f"--tls-private-key-file={self.home / 'server.key'}",
                f"--client-ca-file={self.ca_file}",
                f"--token-auth-file={self.home / 'tokens.csv'}",
                f"--service-account-key-file={self.home / 'service-accounts.key'}",
                f"--service-account-signing-key-file={self.home / 'service-accounts.key'}",
                "--service-account-issuer=https://kubernetes.default.svc",
                "--service-cluster-ip-range=10.43.0.0/16",
                "--authorization-mode=RBAC",
                "--disable-admission-plugins=ServiceAccount",  # no controller makes the accounts that pods would need
                "--allow-privileged",  # network agents ask for it
                "--shutdown-watch-termination-grace-period=2s",  # else an open watch holds up the end for a minute
                "--profiling=false",
            ],
            self.home / "kube-apiserver.log",
        )
        self._wait(self._apiserver, self._apiserver_ready)

    def kill_apiserver(self) -> None:
        """End the API server at once (SIGKILL), as a crash or a lost node would; open watches break off."""
        if self._apiserver:
            self._apiserver.kill()
            self._apiserver = None

    def restart_apiserver(self) -> None:
        """End the API server in order (SIGTERM, SIGKILL after 20 s) and start it on the same address and data."""
        if self._apiserver:
            self._apiserver.terminate()
            self._apiserver = None
        self.start_apiserver()

    def stop(self) -> None:
        """End both servers, give the ports back and remove every file; safe to call twice."""
        self.kill_apiserver()
        if self._etcd:
            self._etcd.kill()
            self._etcd = None
        self._port.close()
        self._etcd_port.close()
        shutil.rmtree(self.home, ignore_errors=True)

    # -- clients ---------------------------------------------------------------------------------------------------

    def kubectl(
        self, *args: str, input: str | None = None, context: str = ADMIN, check: bool = True, timeout: float = 60
    ) -> subprocess.CompletedProcess[str]:
        """Run the real kubectl as `context` ("admin" or "restricted"); `input` is its standard input.

        `KUBECTL` names another executable than the one beside this Python or on the PATH. With `check`, a failing
        kubectl raises AssertionError with what it said.
        """
        command = [_kubectl(), f"--kubeconfig={self.kubeconfig}", f"--context={context}", *args]
        env = {k: v for k, v in os.environ.items() if not k.lower().endswith("_proxy")}
        env["KUBECACHEDIR"] = str(self.home / "kubectl-cache")
        done = subprocess.run(
            command, input=input, capture_output=True, text=True, timeout=timeout, env=env, check=False
        )
        if check and done.returncode:
            raise AssertionError(f"kubectl {' '.join(args)} exited {done.returncode}: {done.stderr.strip()}")
        return done

    def request(
        self,
        path: str,
        *,
        method: str = "GET",
        body: Mapping[str, Any] | None = None,
        user: str | None = ADMIN,
        timeout: float = 10,
    ) -> tuple[int, bytes]:
        """One plain HTTPS request with the user's bearer token (none for None): HTTP status and body.

        Raises OSError (refused, reset, timed out) or http.client.HTTPException when no answer comes.
        """
        with self.stream(path, method=method, body=body, user=user, timeout=timeout) as answer:
            return answer.status, answer.read()

    @contextlib.contextmanager
    def stream(
        self,
        path: str,
        *,
        method: str = "GET",
        body: Mapping[str, Any] | None = None,
        user: str | None = ADMIN,
        timeout: float = 10,
    ) -> Iterator[http.client.HTTPResponse]:
        """The same request with its answer left open, for a watch: `readline` gives one event."""
        connection = http.client.HTTPSConnection(
            HOST, self._port.number, timeout=timeout, context=ssl.create_default_context(cafile=str(self.ca_file))
        )
        headers = {"Accept": "application/json", "Content-Type": "application/json"}
        if user is not None:
            headers["Authorization"] = f"Bearer {self.tokens[user]}"
        try:
            connection.request(method, path, json.dumps(body) if body is not None else None, headers)
            answer = connection.getresponse()
            try:
                yield answer
            finally:
                answer.close()
        finally:
            connection.close()

    # -- the inside ------------------------------------------------------------------------------------------------

    def _apiserver_ready(self) -> bool:
        return self.request("/readyz", timeout=2)[0] == 200

    def _etcd_healthy(self) -> bool:
        connection = http.client.HTTPConnection(HOST, self._etcd_port.number, timeout=2)
        try:
            connection.request("GET", "/health")
            return connection.getresponse().status == 200
        finally:
            connection.close()

    def _wait(self, server: _Server, ready: Callable[[], bool]) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if server.ended:
                raise RuntimeError(f"{server.name} ended with {server.ended}:\n{server.log_end()}")
            with contextlib.suppress(OSError, http.client.HTTPException):
                if ready():
                    return
            time.sleep(0.05)
        raise RuntimeError(f"{server.name} was not ready within {START_SECONDS:.0f} s:\n{server.log_end()}")

    def _write_credentials(self) -> None:
        ca = Authority()
        admin = ca.issue(ADMIN, group="system:masters")
        server = ca.issue("kube-apiserver", server=True)
        self.ca_file.write_bytes(ca.certificate)
        (self.home / "server.crt").write_bytes(server.certificate)
        _write_secret(self.home / "server.key", server.key)
        _write_secret(self.home / "service-accounts.key", pem(ec.generate_private_key(ec.SECP256R1())))
        tokens = f'{self.tokens[ADMIN]},{ADMIN},1,"system:masters"\n{self.tokens[RESTRICTED]},{RESTRICTED},2\n'
        _write_secret(self.home / "tokens.csv", tokens.encode())
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": ADMIN,
            "clusters": [
                {
                    "name": "real",
                    "cluster": {"server": self.url, "certificate-authority-data": _base64(ca.certificate)},
                }
            ],
            "contexts": [
                {"name": ADMIN, "context": {"cluster": "real", "user": ADMIN}},
                {"name": RESTRICTED, "context": {"cluster": "real", "user": RESTRICTED}},
            ],
            "users": [
                {
                    "name": ADMIN,
                    "user": {
                        "client-certificate-data": _base64(admin.certificate),
                        "client-key-data": _base64(admin.key),
                    },
                },
                {"name": RESTRICTED, "user": {"token": self.tokens[RESTRICTED]}},
            ],
        }
        _write_secret(self.kubeconfig, yaml.safe_dump(config, sort_keys=False).encode())


class _Server:
    """A child process in its own process group, its output in `log`."""

    def __init__(self, command: list[str], log: Path) -> None:
        self.name = Path(command[0]).name
        self._log = log
        # The kernel ends the server with the test run even when that is killed and no `finally` runs.
        setpriv = shutil.which("setpriv")
        guard = [setpriv, "--pdeathsig", "KILL", "--"] if setpriv else []
        with log.open("ab") as out:
            self._process = _LAUNCHER.submit(
                subprocess.Popen,
                [*guard, *command],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            ).result()
        self.pid = self._process.pid

    @property
    def ended(self) -> str:
        """How the process ended; empty while it runs."""
        code = self._process.poll()
        if code is None:
            return ""
        return f"signal {-code}" if code < 0 else f"exit code {code}"

    def log_end(self) -> str:
        """The last 2,000 characters of the log."""
        return self._log.read_text(errors="replace")[-2000:]

    def terminate(self) -> None:
        self._signal(signal.SIGTERM)
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        self._signal(signal.SIGKILL)
        self._process.wait(STOP_SECONDS)

    def _signal(self, number: signal.Signals) -> None:
        if self._process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, number)


@dataclass(frozen=True)
class _Port:
    number: int
    _socket: socket.socket

    def close(self) -> None:
        self._socket.close()


def _reserve_port() -> _Port:
    holder = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    holder.bind((HOST, 0))
    return _Port(holder.getsockname()[1], holder)


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _write_secret(path: Path, data: bytes) -> None:
    path.touch(mode=0o600)
    path.write_bytes(data)


def _executables() -> tuple[str, str]:
    found = []
    for variable in ("KUBE_APISERVER", "ETCD"):
        value = os.environ.get(variable)
        if not value:
            pytest.skip(f"needs a real cluster API: set KUBE_APISERVER and ETCD to executables ({variable} is not set)")
        program = shutil.which(value)
        if program is None:
            pytest.fail(f"{variable} names no executable: {value}")
        found.append(program)
    return found[0], found[1]


def _kubectl() -> str:
    beside = Path(sys.executable).with_name("kubectl")
    program = os.environ.get("KUBECTL") or (str(beside) if beside.exists() else shutil.which("kubectl"))
    if not program:
        pytest.fail("kubectl is missing: install the dev dependencies or set KUBECTL")
    return program
