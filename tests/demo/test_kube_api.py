"""The demo's API below kubectl: watches, pages, forms, versions, authorisation, spoken in HTTP."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import aiohttp
import pytest

from pointsman.tui.demo.kube import authz, protobuf, reads
from pointsman.tui.demo.kube.logs import Line, PodLogs
from pointsman.tui.demo.kube.server import KubeServer
from pointsman.tui.demo.kube.storage import Storage

Object = dict[str, Any]
CONFIG_MAPS = "/api/v1/namespaces/media/configmaps"
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"
PARTIAL = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io,application/json"


class Client:
    """Requests as the admin (or with another token) to a server on plain HTTP."""

    def __init__(self, session: aiohttp.ClientSession, base: str, storage: Storage, logs: PodLogs) -> None:
        self.session = session
        self.base = base
        self.storage = storage
        self.logs = logs

    async def ask(
        self, method: str, path: str, body: Any = None, *, token: str = "admin", **headers: str
    ) -> tuple[int, Any, Mapping[str, str]]:
        sent = {"Authorization": f"Bearer {token}"} | {key.replace("_", "-"): value for key, value in headers.items()}
        payload = body if body is None or isinstance(body, bytes | io.BytesIO) else json.dumps(body).encode()
        if payload is not None:
            sent.setdefault("Content-Type", "application/json")
        async with self.session.request(method, self.base + path, data=payload, headers=sent) as answer:
            raw = await answer.read()
            try:
                return answer.status, json.loads(raw), answer.headers
            except ValueError:
                return answer.status, raw.decode(), answer.headers

    async def get(self, path: str, **headers: str) -> Any:
        status, body, _ = await self.ask("GET", path, **headers)
        assert status == 200, body
        return body

    async def watch(self, path: str, count: int, accept: str = "application/json") -> list[Object]:
        """The first `count` events of a watch."""
        headers = {"Authorization": "Bearer admin", "Accept": accept}
        found: list[Object] = []
        async with asyncio.timeout(10), self.session.get(self.base + path, headers=headers) as answer:
            assert answer.status == 200, await answer.text()
            while len(found) < count and (line := await answer.content.readline()):
                found.append(json.loads(line))
        return found


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    storage = Storage(now=lambda: datetime.now(UTC), seed=3)
    storage.seed(
        [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}} for name in ("default", "media")]
    )
    storage.seed(authz.bootstrap())
    logs = PodLogs()
    server = KubeServer(storage, {"admin": authz.ADMIN, "guest": authz.RESTRICTED}, logs=logs)
    port = await server.start(None)
    try:
        async with aiohttp.ClientSession() as session:
            yield Client(session, f"http://127.0.0.1:{port}", storage, logs)
    finally:
        await server.stop()


def config_map(name: str, **labels: str) -> Object:
    meta = {"name": name, "namespace": "media", "labels": labels}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta, "data": {"a": "1"}}


def types(events: list[Object]) -> list[str]:
    return [event["type"] for event in events]


async def soon(action: Callable[[], Any]) -> None:
    await asyncio.sleep(0.05)
    action()


async def test_a_list_has_a_version_and_bare_items(client: Client) -> None:
    client.storage.create(config_map("a"))
    found = await client.get(CONFIG_MAPS)
    assert (found["kind"], found["apiVersion"]) == ("ConfigMapList", "v1")
    assert found["metadata"]["resourceVersion"] == str(client.storage.version)
    assert "kind" not in found["items"][0]


async def test_a_watch_from_a_list_misses_nothing(client: Client) -> None:
    since = (await client.get(CONFIG_MAPS))["metadata"]["resourceVersion"]
    client.storage.create(config_map("a"))
    client.storage.modify("configmaps", "media", "a", lambda obj: obj["data"].update(a="2"))
    client.storage.delete("configmaps", "media", "a")
    events = await client.watch(f"{CONFIG_MAPS}?watch=1&resourceVersion={since}", 3)
    assert types(events) == ["ADDED", "MODIFIED", "DELETED"]
    versions = [int(event["object"]["metadata"]["resourceVersion"]) for event in events]
    assert versions == sorted(set(versions))
    assert events[0]["object"]["kind"] == "ConfigMap"


async def test_a_watch_without_a_version_begins_with_what_is_there(client: Client) -> None:
    client.storage.create(config_map("a"))
    task = asyncio.create_task(client.watch(f"{CONFIG_MAPS}?watch=true", 2))
    await soon(lambda: client.storage.create(config_map("b")))
    assert [event["object"]["metadata"]["name"] for event in await task] == ["a", "b"]


async def test_a_streaming_list_marks_its_end(client: Client) -> None:
    for name in ("a", "b"):
        client.storage.create(config_map(name))
    query = "watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true"
    events = await client.watch(f"{CONFIG_MAPS}?{query}", 3)
    assert types(events) == ["ADDED", "ADDED", "BOOKMARK"]
    mark = events[-1]["object"]
    assert mark["metadata"]["annotations"] == {"k8s.io/initial-events-end": "true"}
    assert mark["metadata"]["resourceVersion"] == str(client.storage.version)
    assert mark["kind"] == "ConfigMap"
    status, body, _ = await client.ask("GET", f"{CONFIG_MAPS}?watch=1&sendInitialEvents=true")
    assert (status, body["details"]["causes"][0]["field"]) == (422, "resourceVersionMatch")


async def test_bookmarks_move_the_version_of_an_idle_watch(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reads, "BOOKMARK_SECONDS", 0.1)
    since = client.storage.version
    client.storage.create({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "other", "namespace": "media"}})
    path = f"{CONFIG_MAPS}?watch=1&resourceVersion={since}&allowWatchBookmarks=true"
    (event,) = await client.watch(path, 1)
    assert event["type"] == "BOOKMARK"
    assert event["object"]["metadata"]["resourceVersion"] == str(client.storage.version)


async def test_a_watch_ends_at_its_time_out_with_a_bookmark(client: Client) -> None:
    path = f"{CONFIG_MAPS}?watch=1&resourceVersion={client.storage.version}&timeoutSeconds=1&allowWatchBookmarks=true"
    assert types(await client.watch(path, 99)) == ["BOOKMARK"]


async def test_lost_history_is_an_error_event_and_a_future_version_waits_for_nobody(client: Client) -> None:
    since = client.storage.version
    client.storage.create(config_map("a"))
    client.storage.compact()
    (event,) = await client.watch(f"{CONFIG_MAPS}?watch=1&resourceVersion={since}", 9)
    assert event["type"] == "ERROR"
    assert (event["object"]["code"], event["object"]["reason"]) == (410, "Expired")
    status, body, headers = await client.ask("GET", f"{CONFIG_MAPS}?resourceVersion=999999")
    assert (status, body["details"]["causes"][0]["reason"]) == (504, "ResourceVersionTooLarge")
    assert headers["Retry-After"] == "1"


async def test_objects_enter_and_leave_a_selected_watch(client: Client) -> None:
    path = f"{CONFIG_MAPS}?watch=1&resourceVersion={client.storage.version}&labelSelector=tier%3Dfront"
    task = asyncio.create_task(client.watch(path, 3))

    def move(obj: Object, tier: str) -> None:
        obj["metadata"]["labels"] = {"tier": tier}
        obj["data"]["version"] = obj["metadata"]["resourceVersion"]

    def story() -> None:
        client.storage.create(config_map("a", tier="back"))
        for tier in ("front", "front", "back"):
            client.storage.modify("configmaps", "media", "a", lambda obj, tier=tier: move(obj, tier))
        client.storage.delete("configmaps", "media", "a")

    await soon(story)
    events = await task
    assert types(events) == ["ADDED", "MODIFIED", "DELETED"]
    assert events[-1]["object"]["metadata"]["labels"] == {"tier": "front"}


async def test_pages_show_one_moment(client: Client) -> None:
    for number in range(7):
        client.storage.create(config_map(f"c{number}"))
    first = await client.get(f"{CONFIG_MAPS}?limit=3")
    assert first["metadata"]["remainingItemCount"] == 4
    client.storage.delete("configmaps", "media", "c5")
    client.storage.create(config_map("c4x"))
    names, token = [item["metadata"]["name"] for item in first["items"]], first["metadata"]["continue"]
    while token:
        page = await client.get(f"{CONFIG_MAPS}?limit=3&continue={token}")
        assert page["metadata"]["resourceVersion"] == first["metadata"]["resourceVersion"]
        names += [item["metadata"]["name"] for item in page["items"]]
        token = page["metadata"].get("continue", "")
    assert names == [f"c{number}" for number in range(7)]


async def test_a_page_of_a_forgotten_moment_is_expired(client: Client) -> None:
    for number in range(3):
        client.storage.create(config_map(f"c{number}"))
    token = (await client.get(f"{CONFIG_MAPS}?limit=1"))["metadata"]["continue"]
    for number in range(100):
        client.storage.create(config_map(f"d{number}"))
        await client.get(f"{CONFIG_MAPS}?limit=1")
    status, body, _ = await client.ask("GET", f"{CONFIG_MAPS}?limit=1&continue={token}")
    assert (status, body["reason"]) == (410, "Expired")
    assert (await client.ask("GET", f"{CONFIG_MAPS}?continue=nonsense"))[0] == 400


async def test_tables_and_metadata_in_lists_and_watches(client: Client) -> None:
    client.storage.create(config_map("a"))
    table = await client.get(CONFIG_MAPS, Accept=TABLE)
    assert table["kind"] == "Table"
    assert [column["name"] for column in table["columnDefinitions"]] == ["Name", "Data", "Age"]
    assert table["rows"][0]["cells"][:2] == ["a", 1]
    assert table["rows"][0]["object"]["kind"] == "PartialObjectMetadata"
    bare = await client.get(f"{CONFIG_MAPS}?includeObject=None", Accept=TABLE)
    assert bare["rows"][0]["object"] is None
    whole = await client.get(f"{CONFIG_MAPS}?includeObject=Object", Accept=TABLE)
    assert whole["rows"][0]["object"]["data"] == {"a": "1"}
    partial = await client.get(CONFIG_MAPS, Accept=PARTIAL)
    assert partial["kind"] == "PartialObjectMetadataList"
    assert set(partial["items"][0]) == {"kind", "apiVersion", "metadata"}
    client.storage.create(config_map("b"))
    first, second = await client.watch(f"{CONFIG_MAPS}?watch=1", 2, TABLE)
    assert first["object"]["columnDefinitions"]
    assert second["object"]["columnDefinitions"] is None
    assert second["object"]["rows"][0]["cells"][0] == "b"
    (event,) = await client.watch(f"{CONFIG_MAPS}?watch=1", 1, PARTIAL.replace("List", ""))
    assert event["object"]["kind"] == "PartialObjectMetadata"


@pytest.mark.parametrize(
    ("accept", "status", "content"),
    [
        ("application/vnd.kubernetes.protobuf,application/json", 200, "application/json"),
        ("application/cbor, application/json;q=0.9, */*", 200, "application/json"),
        ("application/yaml", 200, "application/yaml"),
        ("*/*", 200, "application/json"),
        ("application/vnd.kubernetes.protobuf", 406, "application/json"),
        ("text/html", 406, "application/json"),
    ],
)
async def test_what_is_offered_is_what_is_sent(client: Client, accept: str, status: int, content: str) -> None:
    got, _, headers = await client.ask("GET", "/api/v1/namespaces/media", Accept=accept)
    assert (got, headers["Content-Type"].partition(";")[0]) == (status, content)


async def test_protobuf_bodies(client: Client) -> None:
    obj = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "p"}, "data": {"k": "v"}}
    status, made, _ = await client.ask("POST", CONFIG_MAPS, protobuf.encode(obj), Content_Type=protobuf.MEDIA)
    assert (status, made["data"], made["metadata"]["namespace"]) == (201, {"k": "v"}, "media")
    options = protobuf.encode({"apiVersion": "v1", "kind": "DeleteOptions", "preconditions": {"uid": "other"}})
    status, answer, _ = await client.ask("DELETE", f"{CONFIG_MAPS}/p", options, Content_Type=protobuf.MEDIA)
    assert (status, answer["reason"]) == (409, "Conflict")


async def test_yaml_bodies_are_read_as_go_reads_them(client: Client) -> None:
    text = b"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: text}\ndata:\n  date: 2026-01-01\n  text: 'yes'\n"
    status, made, _ = await client.ask("POST", CONFIG_MAPS, text, Content_Type="application/yaml")
    assert (status, made["data"]) == (201, {"date": "2026-01-01", "text": "yes"})
    status, answer, _ = await client.ask(
        "POST",
        CONFIG_MAPS,
        text.replace(b"'yes'", b"yes").replace(b"name: text", b"name: other"),
        Content_Type="application/yaml",
    )
    assert (status, answer["reason"]) == (400, "BadRequest")
    assert "cannot unmarshal boolean into Go struct field .data.text of type string" in answer["message"]


async def test_bad_bodies_are_refused(client: Client) -> None:
    for body, kind, code in (
        (b"{", "application/json", 400),
        (b"[]", "application/json", 400),
        (b"a: [", "application/yaml", 400),
        (b"x", "text/html", 415),
        (b"k8s\x00junk", protobuf.MEDIA, 400),
        (io.BytesIO(b"x" * (4 * 1024 * 1024)), "application/json", 413),
        (b'{"metadata": 7}', "application/json", 400),
        (b'{"metadata": {"name": 7}}', "application/json", 400),
    ):
        status, answer, _ = await client.ask("POST", CONFIG_MAPS, body, Content_Type=kind)
        assert status == code, (body, answer)
        assert answer["kind"] == "Status"
        assert answer["code"] == code


async def test_unknown_fields_warn_are_dropped_or_refused(client: Client) -> None:
    wrong = {**config_map("w"), "dta": {}}
    status, made, headers = await client.ask("POST", CONFIG_MAPS, wrong)
    assert (status, headers["Warning"]) == (201, '299 - "unknown field \\"dta\\""')
    assert "dta" not in made
    status, answer, _ = await client.ask(
        "POST", f"{CONFIG_MAPS}?fieldValidation=Strict", {**wrong, "metadata": {"name": "v"}}
    )
    assert status == 400
    assert 'strict decoding error: unknown field "dta"' in answer["message"]
    status, _, headers = await client.ask(
        "POST", f"{CONFIG_MAPS}?fieldValidation=Ignore", {**wrong, "metadata": {"name": "i"}}
    )
    assert status == 201
    assert "Warning" not in headers


async def test_unauthorised_forbidden_and_impersonated(client: Client) -> None:
    assert (await client.ask("GET", "/api", token="nobody"))[0] == 401
    status, answer, _ = await client.ask("GET", "/api/v1/secrets", token="guest")
    assert (status, answer["details"]) == (403, {"kind": "secrets"})
    assert (await client.ask("GET", "/api/v1/pods", token="guest"))[0] == 200
    assert (await client.ask("GET", "/api/v1/pods", Impersonate_User="somebody"))[0] == 403
    guest = {"Impersonate_User": "somebody", "Impersonate_Group": "demo:restricted"}
    assert (await client.ask("GET", "/api/v1/pods", **guest))[0] == 200
    status, answer, _ = await client.ask("GET", "/api/v1/pods", token="guest", Impersonate_User="admin")
    assert status == 403
    assert 'cannot impersonate resource "users"' in answer["message"]


async def test_discovery_in_both_forms_says_the_same(client: Client) -> None:
    legacy: set[tuple[str, str]] = set()
    for group in (await client.get("/apis"))["groups"]:
        for version in group["versions"]:
            listed = await client.get(f"/apis/{version['groupVersion']}")
            legacy |= {(version["groupVersion"], item["name"]) for item in listed["resources"]}
    status, whole, headers = await client.ask(
        "GET", "/apis", Accept="application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json"
    )
    assert status == 200
    assert headers["Content-Type"] == "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
    aggregated: set[tuple[str, str]] = set()
    for item in whole["items"]:
        for version in item["versions"]:
            name = f"{item['metadata']['name']}/{version['version']}"
            for resource in version["resources"]:
                aggregated.add((name, resource["resource"]))
                aggregated |= {
                    (name, f"{resource['resource']}/{s['subresource']}") for s in resource.get("subresources", ())
                }
    assert aggregated == legacy


async def test_openapi_describes_what_is_served(client: Client) -> None:
    index = (await client.get("/openapi/v3"))["paths"]
    for path in ("api/v1", "apis/apps/v1", "apis/networking.k8s.io/v1"):
        document = await client.get(index[path]["serverRelativeURL"])
        kinds = {
            gvk["kind"]
            for schema in document["components"]["schemas"].values()
            for gvk in schema.get("x-kubernetes-group-version-kind", ())
        }
        listed = await client.get(f"/{path}")
        assert kinds == {item["kind"] for item in listed["resources"] if "/" not in item["name"]}
        text = json.dumps(document)
        names = set(document["components"]["schemas"])
        for reference in text.split('"#/components/schemas/')[1:]:
            assert reference.partition('"')[0] in names
    pods = await client.get("/openapi/v3/api/v1")
    containers = pods["components"]["schemas"]["io.k8s.v1.PodSpec"]["properties"]["containers"]
    assert (containers["x-kubernetes-patch-merge-key"], containers["x-kubernetes-list-map-keys"]) == ("name", ["name"])


async def test_watches_of_a_vanished_resource_end(client: Client) -> None:
    crd = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "lamps.lab.example"},
        "spec": {
            "group": "lab.example",
            "scope": "Cluster",
            "names": {"plural": "lamps", "kind": "Lamp"},
            "versions": [
                {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": {"type": "object"}}}
            ],
        },
    }
    client.storage.create(crd)
    client.storage.create({"apiVersion": "lab.example/v1", "kind": "Lamp", "metadata": {"name": "desk"}})
    task = asyncio.create_task(client.watch("/apis/lab.example/v1/lamps?watch=1", 99))
    await soon(lambda: client.storage.delete("customresourcedefinitions.apiextensions.k8s.io", "", "lamps.lab.example"))
    assert types(await task) == ["ADDED", "DELETED"]
    assert (await client.ask("GET", "/apis/lab.example/v1/lamps"))[0] == 404


async def test_logs_by_tail_time_and_follow(client: Client) -> None:
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "p", "namespace": "media"},
        "spec": {"nodeName": "n", "containers": [{"name": "a", "image": "i"}, {"name": "b", "image": "i"}]},
        "status": {"phase": "Running"},
    }
    client.storage.seed([pod])
    for minute in range(5):
        client.logs.write("media", "p", "a", Line(datetime(2026, 1, 1, 12, minute, tzinfo=UTC), f"line {minute}"))
    base = "/api/v1/namespaces/media/pods/p/log"
    status, answer, _ = await client.ask("GET", base)
    assert status == 400
    assert answer["message"] == "a container name must be specified for pod p, choose one of: [a b]"
    assert (await client.ask("GET", f"{base}?container=a&tailLines=2"))[1] == "line 3\nline 4\n"
    assert (await client.ask("GET", f"{base}?container=a&sinceTime=2026-01-01T12:04:00Z"))[1] == "line 4\n"
    stamped = (await client.ask("GET", f"{base}?container=a&tailLines=1&timestamps=true"))[1]
    assert stamped == "2026-01-01T12:04:00.000000Z line 4\n"
    assert (await client.ask("GET", f"{base}?container=a&limitBytes=4"))[1] == "line"
    assert (await client.ask("GET", f"{base}?container=a&tailLines=-1"))[0] == 422
    client.logs.restart("media", "p", "a")
    assert (await client.ask("GET", f"{base}?container=a"))[1] == ""
    assert (await client.ask("GET", f"{base}?container=a&previous=true&tailLines=1"))[1] == "line 4\n"

    async def story() -> None:
        await asyncio.sleep(0.05)
        client.logs.write("media", "p", "a", Line(datetime.now(UTC), "fresh"))
        client.logs.forget("media", "p")

    task: Awaitable[None] = asyncio.create_task(story())
    assert (await client.ask("GET", f"{base}?container=a&follow=true"))[1] == "fresh\n"
    await task


async def test_a_reader_that_goes_away_is_forgotten(client: Client) -> None:
    async with client.session.get(
        f"{client.base}{CONFIG_MAPS}?watch=1", headers={"Authorization": "Bearer admin"}
    ) as answer:
        assert answer.status == 200
        assert client.storage.readers() == 1
    for _ in range(500):
        await asyncio.sleep(0.01)
        if not client.storage.readers():
            return
    pytest.fail("the watch is still open")


async def test_hostile_text_passes_through_unharmed(client: Client) -> None:
    text = "\x1b[31m[bold]\u202e\u0000" + "x" * 100_000
    status, made, _ = await client.ask("POST", CONFIG_MAPS, {**config_map("h"), "data": {"k": text}})
    assert (status, made["data"]["k"]) == (201, text)
    status, answer, _ = await client.ask("GET", f"{CONFIG_MAPS}/%1b%5b31m%2f..")
    assert (status, answer["reason"]) == (404, "NotFound")
