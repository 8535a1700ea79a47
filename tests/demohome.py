"""The demo homelab as its own process, and the real kubectl on it, for tests.

with demo_homelab(tmp_path, "classic") as demo:
    demo.kubectl("get", "pods", "-A").stdout
"""

from __future__ import annotations

import base64
import contextlib
import http.client
import json
import os
import shlex
import shutil
import signal
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import yaml

READY_SECONDS = 20.0


def tool(name: str) -> str:
    """A program of this environment (kubectl, traefik). Raises FileNotFoundError."""
    found = shutil.which(name, path=str(Path(sys.executable).parent)) or shutil.which(name)
    if found is None:
        raise FileNotFoundError(f"{name} is not installed beside {sys.executable}")
    return found


def first_line(stream: IO[str], timeout: float) -> str:
    """The first line that comes within `timeout` seconds, or an empty string."""
    got: list[str] = []
    reader = threading.Thread(target=lambda: got.append(stream.readline()), daemon=True)
    reader.start()
    reader.join(timeout)
    return got[0] if got else ""


@dataclass
class Demo:
    """A running demo. `kubeconfig` is the file it wrote; `home` is where kubectl may keep its caches."""

    process: subprocess.Popen[str]
    kubeconfig: Path
    variant: str
    home: Path
    config: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.config = yaml.safe_load(self.kubeconfig.read_text())

    @property
    def server(self) -> str:
        return str(self.config["clusters"][0]["cluster"]["server"])

    @property
    def address(self) -> tuple[str, int]:
        host, port = self.server.removeprefix("https://").split(":")
        return host, int(port)

    @property
    def ca(self) -> str:
        return base64.b64decode(self.config["clusters"][0]["cluster"]["certificate-authority-data"]).decode()

    def token(self, number: int = 0) -> str:
        """The admin's token (0) or the restricted user's (1)."""
        return str(self.config["users"][number]["user"]["token"])

    def environment(self) -> dict[str, str]:
        keep = {key: value for key, value in os.environ.items() if key in ("PATH", "LANG", "TMPDIR")}
        return keep | {
            "KUBECONFIG": str(self.kubeconfig),
            "HOME": str(self.home),
            "KUBECACHEDIR": str(self.home / "cache"),
        }

    def command(self, *words: str, restricted: bool = False) -> list[str]:
        context = ["--context", f"demo-{self.variant}-restricted"] if restricted else []
        return [tool("kubectl"), *context, *words]

    def kubectl(
        self,
        *words: str,
        restricted: bool = False,
        stdin: str | None = None,
        check: bool = True,
        timeout: float = 40,
        env: Mapping[str, str] | None = None,
    ) -> subprocess.CompletedProcess[str]:
        """Run the real kubectl to its end. With `check` a failure is an AssertionError that shows both outputs."""
        done = subprocess.run(
            self.command(*words, restricted=restricted),
            input=stdin,
            text=True,
            capture_output=True,
            timeout=timeout,
            env={**self.environment(), **(env or {})},
            check=False,
        )
        if check and done.returncode:
            raise AssertionError(f"kubectl {shlex.join(words)} gave {done.returncode}\n{done.stdout}\n{done.stderr}")
        return done

    def get(self, *words: str) -> Any:
        """`kubectl get ... -o json`, decoded."""
        return json.loads(self.kubectl("get", *words, "-o", "json").stdout)

    def request(
        self,
        path: str,
        *,
        method: str = "GET",
        body: Any = None,
        token: str | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float = 20,
    ) -> tuple[int, Any]:
        """One HTTPS request: status and decoded body (text if it is no JSON). `token=""` sends none."""
        context = ssl.create_default_context(cadata=self.ca)
        connection = http.client.HTTPSConnection(*self.address, context=context, timeout=timeout)
        bearer = self.token() if token is None else token
        sent = {"Content-Type": "application/json", **(headers or {})}
        if bearer:
            sent["Authorization"] = f"Bearer {bearer}"
        payload = body if body is None or isinstance(body, (str, bytes)) else json.dumps(body)
        with contextlib.closing(connection):
            connection.request(method, path, body=payload, headers=sent)
            response = connection.getresponse()
            raw = response.read()
        try:
            return response.status, json.loads(raw)
        except ValueError:
            return response.status, raw.decode("utf-8", "replace")

    def step(self, seconds: float) -> None:
        """Let time pass in the demo at once: pods start, leases renew."""
        status, answer = self.request("/_demo/step", method="POST", body={"seconds": seconds})
        assert status == 200, answer

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        for stream in (self.process.stdout, self.process.stderr):
            if stream is not None:
                stream.close()


def start(home: Path, variant: str = "classic", *more: str, stderr: int | IO[str] = subprocess.DEVNULL) -> Demo:
    """Start a demo and wait until it is ready. Raises AssertionError if it is not within READY_SECONDS."""
    command = [sys.executable, "-m", "pointsman.tui.demo.serve", variant, *more]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=stderr, text=True)
    assert process.stdout is not None
    line = first_line(process.stdout, READY_SECONDS)
    words = shlex.split(line)
    if len(words) != 2 or words[0] != "export" or not words[1].startswith("KUBECONFIG="):
        process.kill()
        raise AssertionError(f"the demo's first line is {line!r}")
    return Demo(process, Path(words[1].removeprefix("KUBECONFIG=")), variant, home)


@contextlib.contextmanager
def demo_homelab(home: Path, variant: str = "classic") -> Iterator[Demo]:
    """A demo for the length of the block. What it wrote to stderr must be nothing."""
    with (home / "stderr.txt").open("w+") as errors:
        demo = start(home, variant, stderr=errors)
        try:
            yield demo
        finally:
            demo.stop()
            errors.seek(0)
            said = errors.read()
        assert not said, f"the demo complained:\n{said}"
