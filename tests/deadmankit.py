"""What a node does for a dead-man, for clusters that have none: its container's very command, with its account's token.

`Container` runs the command of a Job's container as a process, with the real kubectl, and asks its readiness probe.
`kubelet` does for a real API server what the demo's own nodes do: pods for the Jobs of dead-men, their states, their end.
"""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from writekit import MERGE, Relay

from pointsman.tui.actions.deadman import LABEL

JOBS = "/apis/batch/v1/namespaces/{}/jobs"
PODS = "/api/v1/namespaces/{}/pods"


def expanded(text: str, env: dict[str, str]) -> str:
    """`$(NAME)` and `$$` as the kubelet reads them."""

    def one(match: re.Match[str]) -> str:
        return "$" if match[0] == "$$" else env.get(match[1], match[0])

    return re.sub(r"\$\$|\$\(([A-Za-z_][A-Za-z0-9_]*)\)", one, text)


class Container:
    """A Job's container as a process of this machine. Only HOME, which is a volume, is another place here."""

    def __init__(self, relay: Relay, job: dict[str, Any], folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        space, spec = job["metadata"]["namespace"], job["spec"]["template"]["spec"]
        (container,) = spec["containers"]
        token = relay.ask(
            "POST",
            f"/api/v1/namespaces/{space}/serviceaccounts/{spec['serviceAccountName']}/token",
            {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}},
        )[1]["status"]["token"]
        ca = folder / "ca.crt"
        ca.write_text(relay.ca)
        config = {
            "apiVersion": "v1", "kind": "Config", "current-context": "x",
            "clusters": [{"name": "c", "cluster": {"server": relay.server, "certificate-authority": str(ca)}}],
            "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
            "users": [{"name": "u", "user": {"token": token}}],
        }  # fmt: skip
        (folder / "kubeconfig").write_text(yaml.safe_dump(config))
        env: dict[str, str] = {}
        for item in container["env"]:
            env[item["name"]] = expanded(item["value"], env)
        self.token = token
        self.env = {
            **env, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "HOME": str(folder),
            "KUBECONFIG": str(folder / "kubeconfig"),
        }  # fmt: skip
        self.probe_command = container["readinessProbe"]["exec"]["command"]
        self.log = folder / "log"
        with self.log.open("w") as out:
            self.process = subprocess.Popen(
                [expanded(word, env) for word in container["command"]], env=self.env, stdout=out, stderr=out,
                stdin=subprocess.DEVNULL, start_new_session=True,
            )  # fmt: skip

    @property
    def said(self) -> str:
        return self.log.read_text()

    @property
    def ready(self) -> bool:
        done = subprocess.run(self.probe_command, env=self.env, capture_output=True, check=False)
        return done.returncode == 0 and self.process.poll() is None

    def kubectl(self, *words: str) -> subprocess.CompletedProcess[str]:
        """kubectl with the account's own rights."""
        return subprocess.run(
            ["kubectl", *words], env=self.env, capture_output=True, text=True, check=False, timeout=30
        )

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


def simulates_nodes(relay: Relay) -> bool:
    """Whether the server has nodes that run pods, as the demo has."""
    return relay.ask("GET", "/_demo/state")[0] == 200


@contextlib.contextmanager
def kubelet(relay: Relay, folder: Path) -> Iterator[None]:
    """Run the Jobs of dead-men for as long as the block lasts, where the server has no nodes that do."""
    if simulates_nodes(relay):
        yield
        return
    stop = threading.Event()
    running: dict[str, tuple[str, Container | None]] = {}
    thread = threading.Thread(target=_tend, args=(relay, folder, stop, running), daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(20)
        for _, container in running.values():
            if container is not None:
                container.stop()


def _tend(relay: Relay, folder: Path, stop: threading.Event, running: dict[str, tuple[str, Container | None]]) -> None:
    while not stop.is_set():
        found = relay.ask("GET", f"/apis/batch/v1/jobs?labelSelector={LABEL}")[1]["items"]
        for job in found:
            name = job["metadata"]["name"]
            if name not in running:
                running[name] = (job["metadata"]["namespace"], _start(relay, job, folder / name))
            _report(relay, job, running[name][1])
        for name in set(running) - {job["metadata"]["name"] for job in found}:
            space, container = running.pop(name)
            if container is not None:
                container.stop()
            relay.ask("DELETE", f"{PODS.format(space)}/{name}-x", {"gracePeriodSeconds": 0})
        time.sleep(0.2)


def _start(relay: Relay, job: dict[str, Any], folder: Path) -> Container | None:
    meta, template = job["metadata"], job["spec"]["template"]
    pod = {
        "apiVersion": "v1", "kind": "Pod", "spec": template["spec"],
        "metadata": {
            "name": f"{meta['name']}-x", "namespace": meta["namespace"], "labels": template["metadata"]["labels"],
        },
    }  # fmt: skip
    status, answer = relay.ask("POST", PODS.format(meta["namespace"]), pod)
    assert status == 201, answer
    if template["spec"]["containers"][0]["image"].partition("/")[0].endswith(".invalid"):
        return None
    return Container(relay, job, folder)


def _report(relay: Relay, job: dict[str, Any], container: Container | None) -> None:
    space, name = job["metadata"]["namespace"], job["metadata"]["name"]
    image = job["spec"]["template"]["spec"]["containers"][0]["image"]
    state: dict[str, Any] = {"running": {}}
    ready = False
    if container is None:
        state = {"waiting": {"reason": "ImagePullBackOff", "message": f'Back-off pulling image "{image}"'}}
    elif container.process.poll() is None:
        ready = container.ready
    else:
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        done = {"status": "True", "lastTransitionTime": now, "lastProbeTime": now, "reason": "x", "message": ""}
        conditions = [{"type": kind, **done} for kind in ("SuccessCriteriaMet", "Complete")]
        status = {"startTime": now, "completionTime": now, "succeeded": 1, "conditions": conditions}
        relay.ask("PATCH", f"{JOBS.format(space)}/{name}/status", {"status": status}, MERGE)
    status = {
        "phase": "Pending" if container is None else "Running",
        "conditions": [{"type": "Ready", "status": "True" if ready else "False"}],
        "containerStatuses": [
            {"name": "deadman", "image": image, "imageID": "", "ready": ready, "restartCount": 0, "state": state}
        ],
    }
    relay.ask("PATCH", f"{PODS.format(space)}/{name}-x/status", {"status": status}, MERGE)
