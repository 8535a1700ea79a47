"""Our reading of a kubeconfig against the official client's: the same server, the same user, the same answer."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from fakekube import FakeKube

from pointsman.tui.sources.kube.client import KubeClient
from pointsman.tui.sources.kube.connect import Connection
from pointsman.tui.sources.targets import find_target


def users(fake: FakeKube, folder: Path) -> dict[str, dict[str, Any]]:
    issued = fake.authority.issue("by-certificate")
    (folder / "user.crt").write_bytes(issued.certificate)
    (folder / "user.key").write_bytes(issued.key)
    (folder / "token").write_text("right-token")
    return {
        "token": {"token": "right-token"},
        "token file": {"tokenFile": "token"},
        "certificate inline": {
            "client-certificate-data": base64.b64encode(issued.certificate).decode(),
            "client-key-data": base64.b64encode(issued.key).decode(),
        },
        "certificate files": {"client-certificate": "user.crt", "client-key": "user.key"},
    }


@pytest.mark.parametrize("kind", ["token", "token file", "certificate inline", "certificate files"])
@pytest.mark.parametrize("cluster", [{}, {"tls-server-name": "localhost"}, {"insecure-skip-tls-verify": True}])
async def test_both_are_the_same_user_on_the_same_server(tmp_path: Path, kind: str, cluster: dict[str, Any]) -> None:
    from kubernetes.aio import client, config

    fake = FakeKube()
    fake.use_tls(tmp_path, mutual=True)
    await fake.start()
    try:
        more = {key.replace("-", "_"): value for key, value in cluster.items()}
        kubeconfig = fake.kubeconfig(tmp_path, user=users(fake, tmp_path)[kind], **more)
        configuration = client.Configuration()
        await config.load_kube_config(
            kubeconfig, client_configuration=configuration, persist_config=False, temp_file_path=str(tmp_path / "tmp")
        )
        async with client.ApiClient(configuration) as official:
            answer = await client.VersionApi(official).get_code_without_preload_content()
            theirs = await answer.read()
        their_request, their_peer = fake.seen[-1], fake.peers[-1]

        connection = Connection(find_target(kubeconfig))
        ours = await KubeClient(connection).get("/version")
        await connection.close()
        our_request, our_peer = fake.seen[-1], fake.peers[-1]

        assert json.loads(ours) == json.loads(theirs)
        assert our_request.headers.get("Authorization") == their_request.headers.get("Authorization")
        assert (our_peer or {}).get("subject") == (their_peer or {}).get("subject")
        assert our_request.path == their_request.path.rstrip("/")
    finally:
        await fake.stop()
