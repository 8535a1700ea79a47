"""scale, log, portforward, eviction, binding and a namespace's finalize."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from pointsman.tui.demo.kube import bodies, logs, writes
from pointsman.tui.demo.kube.call import Call, document, integer
from pointsman.tui.demo.kube.errors import ApiError, Cause, bad_request, conflict, internal, invalid, not_found
from pointsman.tui.demo.kube.negotiate import parse
from pointsman.tui.demo.kube.objects import Object, clone, name_of, namespace_of, parse_timestamp, timestamp

# Scale


def _at(obj: Object, path: str) -> Any:
    value: Any = obj
    for part in path.strip(".").split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value


def _put(obj: Object, path: str, value: Any) -> None:
    *parents, last = path.strip(".").split(".")
    for part in parents:
        obj = obj.setdefault(part, {})
    obj[last] = value


def _paths(call: Call) -> tuple[str, str, str]:
    declared = call.info.scale_paths or {}
    return (
        declared.get("specReplicasPath", ".spec.replicas"),
        declared.get("statusReplicasPath", ".status.replicas"),
        declared.get("labelSelectorPath", ""),
    )


def _selector_text(call: Call, obj: Object) -> str:
    path = _paths(call)[2]
    if call.info.custom:
        return str(_at(obj, path) or "") if path else ""
    labels = _at(obj, ".spec.selector.matchLabels") or {}
    return ",".join(f"{key}={value}" for key, value in sorted(labels.items()))


def _scale_of(call: Call, obj: Object) -> Object:
    spec_path, status_path, _ = _paths(call)
    replicas = _at(obj, spec_path)
    if replicas is None and call.target.verb == "get":
        raise internal(f'the spec replicas field "{spec_path}" does not exist')
    status: Object = {"replicas": _at(obj, status_path) or 0}
    if selector := _selector_text(call, obj):
        status["selector"] = selector
    kept = ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")
    return {
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": {key: obj["metadata"][key] for key in kept if key in obj["metadata"]},
        "spec": {"replicas": replicas or 0},
        "status": status,
    }


async def scale(call: Call) -> web.StreamResponse:
    live = call.storage.get(call.info, call.target.namespace, call.target.name)
    if call.target.verb == "get":
        return document(_scale_of(call, live))
    body = await call.request.read()
    if call.target.verb == "patch":
        media = parse(call.request.headers.get("Content-Type", ""))[0][0]
        wanted = writes.change_of(call, media, body, "Scale")(clone(_scale_of(call, live)))
    else:
        wanted, _ = bodies.decode_object(body, call.request.content_type)
    replicas = (wanted.get("spec") or {}).get("replicas", 0)
    if not isinstance(replicas, int) or isinstance(replicas, bool):
        raise bad_request('Scale in version "v1" cannot be handled as a Scale: spec.replicas is not a whole number')
    if replicas < 0:
        text = f"Invalid value: {replicas}: must be greater than or equal to 0"
        raise invalid("Scale", "autoscaling", call.target.name, [Cause("FieldValueInvalid", text, "spec.replicas")])
    changed = clone(live)
    _put(changed, _paths(call)[0], replicas)
    if version := (wanted.get("metadata") or {}).get("resourceVersion"):
        changed["metadata"]["resourceVersion"] = version
    result = call.storage.update(
        changed, manager=call.manager, subresource="scale", dry_run=call.dry_run, resource=call.info
    )
    return document(_scale_of(call, result))


# Logs


def _container(call: Call, pod: Object) -> str:
    spec = pod.get("spec") or {}
    usual = [container["name"] for container in spec.get("containers") or ()]
    every = [container["name"] for container in [*(spec.get("initContainers") or ()), *(spec.get("containers") or ())]]
    name = call.query.get("container", "")
    if name:
        if name not in every:
            raise bad_request(f"container {name} is not valid for pod {name_of(pod)}")
        return name
    if len(every) > 1:
        chosen = (pod["metadata"].get("annotations") or {}).get("kubectl.kubernetes.io/default-container")
        if chosen in usual:
            return str(chosen)
        text = f"a container name must be specified for pod {name_of(pod)}, choose one of: [{' '.join(usual)}]"
        if len(every) > len(usual):
            inits = [container for container in every if container not in usual]
            text += f" or one of the init containers: [{' '.join(inits)}]"
        raise bad_request(text)
    return usual[0] if usual else ""


def _window(call: Call) -> logs.Window:
    query = call.query
    since = None
    if (seconds := integer(query, "sinceSeconds")) is not None:
        since = logs.since_seconds(call.storage.now(), seconds)
    elif query.get("sinceTime"):
        try:
            since = parse_timestamp(query["sinceTime"])
        except ValueError:
            raise bad_request(f"sinceTime: cannot parse {query['sinceTime']!r}") from None
    tail = integer(query, "tailLines")
    if tail is not None and tail < 0:
        text = f"Invalid value: {tail}: must be greater than or equal to 0"
        raise invalid("PodLogOptions", "", "", [Cause("FieldValueInvalid", text, "tailLines")])
    return logs.Window(tail, since, integer(query, "limitBytes"), query.get("timestamps", "").lower() in ("1", "true"))


def _status_of(pod: Object, container: str) -> Object:
    status = pod.get("status") or {}
    for entry in [*(status.get("containerStatuses") or ()), *(status.get("initContainerStatuses") or ())]:
        if entry.get("name") == container:
            found: Object = entry
            return found
    return {}


async def log(call: Call) -> web.StreamResponse:
    namespace, name = call.target.namespace, call.target.name
    pod = call.storage.get(call.info, namespace, name)
    container = _container(call, pod)
    window = _window(call)
    book = call.server.logs
    if call.query.get("previous", "").lower() in ("1", "true"):
        lines = book.previous(namespace, name, container)
        if not lines and not _status_of(pod, container).get("restartCount"):
            text = f'previous terminated container "{container}" in pod "{name}" not found'
            raise bad_request(text)
        return await _send(call, window, lines)
    waiting = (_status_of(pod, container).get("state") or {}).get("waiting")
    lines = book.read(namespace, name, container)
    if waiting and not lines:
        reason = waiting.get("reason", "ContainerCreating")
        text = f'container "{container}" in pod "{name}" is waiting to start: {reason}'
        raise bad_request(text)
    if call.query.get("follow", "").lower() not in ("1", "true"):
        return await _send(call, window, lines)
    queue = book.follow(namespace, name, container)
    try:
        response = await _send(call, window, lines, more=True)
        while (line := await queue.get()) is not None:
            await response.write(window.render(line))
        await response.write_eof()
        return response
    finally:
        book.unfollow(namespace, name, container, queue)


async def _send(call: Call, window: logs.Window, lines: list[logs.Line], *, more: bool = False) -> web.StreamResponse:
    payload = b"".join(window.render(line) for line in window.select(lines))
    if window.limit is not None:
        payload = payload[: window.limit]
    if not more:
        return web.Response(body=payload, content_type="text/plain")
    response = web.StreamResponse(headers={"Content-Type": "text/plain"})
    response.enable_chunked_encoding()
    await response.prepare(call.request)
    await response.write(payload)
    return response


# Port-forward, eviction, binding, finalize


async def forward(call: Call) -> web.StreamResponse:
    pod = call.storage.get(call.info, call.target.namespace, call.target.name)
    if (pod.get("status") or {}).get("phase") != "Running":
        raise bad_request(
            f"unable to forward port because pod is not running. Current status={pod['status'].get('phase')}"
        )

    async def connect(port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await call.server.ports.connect(pod, port)

    from pointsman.tui.demo.kube import portforward

    return await portforward.portforward(call.request, connect)


async def evict(call: Call) -> web.StreamResponse:
    sent, _ = bodies.decode_object(await call.request.read(), call.request.content_type)
    options = sent.get("deleteOptions") or {}
    dry = call.dry_run or bool(options.get("dryRun"))
    call.storage.delete(
        call.info,
        call.target.namespace,
        call.target.name,
        grace=options.get("gracePeriodSeconds"),
        preconditions=options.get("preconditions") or {},
        dry_run=dry,
    )
    return document({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201}, 201)


async def bind(call: Call) -> web.StreamResponse:
    sent, _ = bodies.decode_object(await call.request.read(), call.request.content_type)
    node = (sent.get("target") or {}).get("name") or ""
    pod = clone(call.storage.get(call.info, call.target.namespace, call.target.name))
    if pod["spec"].get("nodeName"):
        raise conflict(
            "pods/binding",
            "",
            call.target.name,
            f'pod {name_of(pod)} is already assigned to node "{pod["spec"]["nodeName"]}"',
        )
    if call.storage.peek("nodes", "", node) is None:
        raise not_found("nodes", "", node)
    pod["spec"]["nodeName"] = node
    call.storage.update(pod, manager=call.manager, dry_run=call.dry_run, resource=call.info)
    return document({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201}, 201)


async def finalize(call: Call) -> web.StreamResponse:
    sent, _ = bodies.decode_object(await call.request.read(), call.request.content_type)
    live = clone(call.storage.get(call.info, namespace_of(sent) if call.info.namespaced else "", call.target.name))
    live["spec"] = sent.get("spec") or {}
    return call.one(call.storage.update(live, dry_run=call.dry_run, resource=call.info))


async def token(call: Call) -> web.StreamResponse:
    """A bearer token for a service account (TokenRequest); it works until it expires or the account is gone."""
    sent, _ = bodies.decode_object(await call.request.read(), call.request.content_type)
    account = call.storage.get(call.info, call.target.namespace, call.target.name)
    spec = sent.setdefault("spec", {})
    seconds = spec.setdefault("expirationSeconds", 3600)
    if not isinstance(seconds, int) or seconds < 600:
        text = f"Invalid value: {seconds}: may not specify a duration less than 10 minutes"
        causes = [Cause("FieldValueInvalid", text, "spec.expirationSeconds")]
        raise invalid("TokenRequest", "authentication.k8s.io", "", causes)
    issued = call.server.issue(account, seconds)
    sent |= {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest"}
    sent["metadata"] = {"name": call.target.name, "namespace": call.target.namespace, "creationTimestamp": None}
    sent["status"] = {"token": issued.token, "expirationTimestamp": timestamp(issued.expires)}
    return document(sent, 201)


async def no_process(_call: Call) -> web.StreamResponse:
    raise ApiError(501, "NotImplemented", "the demo homelab simulates its pods: no process runs in them")


HANDLERS: dict[str, Callable[[Call], Awaitable[web.StreamResponse]]] = {
    "scale": scale,
    "log": log,
    "token": token,
    "exec": no_process,
    "attach": no_process,
    "portforward": forward,
    "eviction": evict,
    "binding": bind,
    "finalize": finalize,
}


def handler(name: str) -> Callable[[Call], Awaitable[web.StreamResponse]]:
    found = HANDLERS.get(name)
    if found is None:
        raise ApiError(404, "NotFound", "the server could not find the requested resource")
    return found
