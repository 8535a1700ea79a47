"""create, update, patch (with apply), delete and deletecollection."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from pointsman.tui.demo.kube import bodies, managed, reviews, schema, schemas
from pointsman.tui.demo.kube import patch as patching
from pointsman.tui.demo.kube.call import Call, document
from pointsman.tui.demo.kube.changes import list_kinds
from pointsman.tui.demo.kube.errors import ApiError, Cause, bad_request, invalid, not_found, unsupported_media_type
from pointsman.tui.demo.kube.negotiate import parse
from pointsman.tui.demo.kube.objects import Object, clone, name_of, namespace_of, timestamp
from pointsman.tui.demo.kube.reads import _accepts
from pointsman.tui.demo.kube.resources import ResourceInfo

JSON_PATCH = "application/json-patch+json"
MERGE_PATCH = "application/merge-patch+json"
STRATEGIC_PATCH = "application/strategic-merge-patch+json"
APPLY_PATCH = "application/apply-patch+yaml"


async def create(call: Call) -> web.StreamResponse:
    obj, problems = bodies.decode_object(await call.request.read(), call.request.content_type)
    _check_identity(call, obj)
    if call.info.verbs == ("create",):
        return document(reviews.answer(call.storage, call.user, call.info.plural, obj), 201)
    warnings = await field_problems(call, obj, problems)
    made = call.storage.create(obj, manager=call.manager, dry_run=call.dry_run, resource=call.info)
    return call.one(made, 201, warnings)


async def update(call: Call) -> web.StreamResponse:
    obj, problems = bodies.decode_object(await call.request.read(), call.request.content_type)
    _check_identity(call, obj)
    warnings = await field_problems(call, obj, problems)
    if call.info.custom and not obj["metadata"].get("resourceVersion"):
        cause = Cause(
            "FieldValueInvalid", "Invalid value: 0: must be specified for an update", "metadata.resourceVersion"
        )
        raise invalid(call.info.plural, call.info.group, call.target.name, [cause])
    result = call.storage.update(
        obj, manager=call.manager, subresource=call.target.subresource, dry_run=call.dry_run, resource=call.info
    )
    return call.one(result, 200, warnings)


def _check_identity(call: Call, obj: Object) -> None:
    """The body's kind, name and namespace have to be the URL's; what is absent is filled in. Raises 400."""
    info, target = call.info, call.target
    kind, api_version = obj.setdefault("kind", info.kind), obj.setdefault("apiVersion", info.api_version)
    if (kind, api_version) != (info.kind, info.api_version):
        raise bad_request(
            f"{kind} in version {json.dumps(api_version)} cannot be handled as a {info.kind}: "
            f'no kind "{kind}" is registered for this path'
        )
    meta = obj.setdefault("metadata", {})
    if meta is None:
        meta = obj["metadata"] = {}
    if not isinstance(meta, dict):
        raise bad_request(
            f"{kind} in version {json.dumps(api_version)} cannot be handled as a {info.kind}: metadata is no object"
        )
    if target.name and meta.setdefault("name", target.name) != target.name:
        raise bad_request(f"the name of the object ({meta['name']}) does not match the name on the URL ({target.name})")
    if target.namespace and (meta.get("namespace") or target.namespace) != target.namespace:
        raise bad_request("the namespace of the provided object does not match the namespace sent on the request")
    if info.namespaced:
        meta["namespace"] = target.namespace


# Fields


async def field_problems(call: Call, obj: Object, problems: list[str]) -> list[str]:
    """Unknown and doubled fields, by the request's `fieldValidation`: Strict refuses, Warn (the default) returns warnings.

    What is unknown is taken out of a built-in object, as decoding it into a Go struct would; a custom resource is
    pruned by its schema later. Raises 400 (422 for a patch), also for values of a type that a field cannot have.
    """
    level = call.query.get("fieldValidation") or "Warn"
    if level not in ("Ignore", "Warn", "Strict"):
        text = f'Unsupported value: "{level}": supported values: "", "Ignore", "Strict", "Warn"'
        raise invalid(call.options_kind, "meta.k8s.io", "", [Cause("FieldValueNotSupported", text, "fieldValidation")])
    known = await _schema_of(call.info)
    if known is None:
        return problems if level == "Warn" else []
    if not call.info.custom and (wrong := schema.type_errors(obj, known.root, known.resolve)):
        first = wrong[0]
        where = f"Go struct field {first.path} of type {first.wanted}"
        raise _undecodable(call, obj, f"json: cannot unmarshal {first.found} into {where}")
    found = [*problems, *(f'unknown field "{path}"' for path in schema.unknown_fields(obj, known.root, known.resolve))]
    if found and level == "Strict":
        raise _undecodable(call, obj, f"strict decoding error: {', '.join(found)}")
    if found and not call.info.custom:
        schema.prune(obj, known.root, known.resolve)
    return found if level == "Warn" else []


def _undecodable(call: Call, obj: Object, why: str) -> ApiError:
    info = call.info
    if call.target.verb != "patch":
        return bad_request(f'{info.kind} in version "{info.version}" cannot be handled as a {info.kind}: {why}')
    shown = json.dumps(json.dumps(obj, separators=(",", ":")))
    return ApiError(
        422,
        "Invalid",
        f' "" is invalid: patch: Invalid value: {shown}: {why}',
        causes=[Cause("FieldValueInvalid", f"Invalid value: {shown}: {why}", "patch")],
    )


@dataclass(frozen=True, slots=True)
class _Known:
    root: schema.Schema
    resolve: schema.Resolve


async def _schema_of(info: ResourceInfo) -> _Known | None:
    """A kind's schema; None if there is none. A built-in kind's is slow to load the first time."""
    if info.custom:
        return None if info.schema is None else _Known(info.schema, schema.no_refs)
    known = await asyncio.to_thread(schemas.definitions, info)
    root = known.get(schemas.definition_name(info))
    if root is None:
        return None
    return _Known(root, lambda reference: known[reference.removeprefix(schemas.REF)])


# Patch


async def patch(call: Call) -> web.StreamResponse:
    body = await call.request.read()
    media = parse(call.request.headers.get("Content-Type", ""))[0][0]
    if media == APPLY_PATCH:
        return await _apply(call, body)
    if call.query.get("force"):
        text = "Forbidden: may not be specified for non-apply patch"
        raise invalid("PatchOptions", "meta.k8s.io", "", [Cause("FieldValueForbidden", text, "force")])
    change = _change(call, media, body)
    live = call.storage.get(call.info, call.target.namespace, call.target.name)
    patched = change(clone(live))
    if not isinstance(patched, dict) or not isinstance(patched.get("metadata"), dict):
        raise ApiError(422, "Invalid", "the server rejected our request due to an error in our request", bare=True)
    if (patched.get("kind"), patched.get("apiVersion")) != (call.info.kind, call.info.api_version):
        raise _undecodable(call, patched, "the kind or version of an object may not be changed by a patch")
    _check_identity(call, patched)
    warnings = await field_problems(call, patched, [])
    result = call.storage.update(
        patched, manager=call.manager, subresource=call.target.subresource, dry_run=call.dry_run, resource=call.info
    )
    return call.one(result, 200, warnings)


def change_of(call: Call, media: str, body: bytes, kind: str) -> Callable[[Object], Any]:
    """A patch body as a function from the old document to the new. Raises 400 and 415."""
    accepted = [JSON_PATCH, MERGE_PATCH, APPLY_PATCH]
    if not call.info.custom:
        accepted.insert(2, STRATEGIC_PATCH)
    if media not in accepted:
        raise unsupported_media_type(accepted)
    value, _ = bodies.decode(body, "application/json")
    if media == JSON_PATCH:
        if not isinstance(value, list):
            raise bad_request(
                "error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp"
            )
        return _refusing(lambda doc: patching.json_patch(doc, value))
    if not isinstance(value, dict):
        raise bad_request(
            "error decoding patch: json: cannot unmarshal array into Go value of type map[string]interface {}"
        )
    if media == MERGE_PATCH:
        return _refusing(lambda doc: patching.merge_patch(doc, value))
    return _refusing(lambda doc: patching.strategic_merge(doc, value, kind))


def _change(call: Call, media: str, body: bytes) -> Callable[[Object], Any]:
    return change_of(call, media, body, call.info.kind)


def _refusing(change: Callable[[Object], Any]) -> Callable[[Object], Any]:
    def changed(doc: Object) -> Any:
        try:
            return change(doc)
        except patching.PatchError as error:
            raise ApiError(error.code, error.reason, error.message, bare=error.code == 422) from error

    return changed


async def _apply(call: Call, body: bytes) -> web.StreamResponse:
    """Server-side apply: create or merge by field owners. Conflicts answer 409 with a cause for each field."""
    storage, info, target = call.storage, call.info, call.target
    if not call.query.get("fieldManager"):
        cause = Cause("FieldValueRequired", "Required value: is required for apply patch", "fieldManager")
        raise invalid("PatchOptions", "meta.k8s.io", "", [cause])
    config, problems = bodies.yaml(body)
    if not isinstance(config, dict):
        raise bad_request("error decoding YAML: the body is not an object")
    if not config.get("kind") or not config.get("apiVersion"):
        group, _, version = str(config.get("apiVersion") or "").rpartition("/")
        raise bad_request(f"invalid object type: {group}/{version}, Kind={config.get('kind') or ''}")
    namespace = namespace_of(config)
    _check_identity(call, config)
    warnings = await _undeclared(call, config, namespace, problems)
    live = storage.peek(info, target.namespace, target.name)
    if live is None and target.subresource:
        raise not_found(info.plural, info.group, target.name)
    force = call.query.get("force", "").lower() in ("1", "true")
    try:
        merged = managed.apply(
            live,
            config,
            manager=call.query["fieldManager"],
            force=force,
            subresource=target.subresource,
            now=timestamp(storage.now()),
            schema=list_kinds(info),
        )
    except managed.ApplyConflict as error:
        causes = [Cause("FieldManagerConflict", cause.message, cause.field) for cause in error.causes]
        raise ApiError(409, "Conflict", error.message, causes=causes) from error
    except patching.PatchError as error:
        raise ApiError(error.code, error.reason, error.message) from error
    if live is None:
        made = storage.create(merged, dry_run=call.dry_run, resource=info)
        return call.one(made, 201, warnings)
    result = storage.update(merged, subresource=target.subresource, dry_run=call.dry_run, resource=info)
    return call.one(result, 200, warnings)


async def _undeclared(call: Call, config: Object, namespace: str, problems: list[str]) -> list[str]:
    """Refuse what the schema does not declare: it cannot be applied, however lenient the validation asked for."""
    info, known = call.info, await _schema_of(call.info)
    why = ""
    if known and not info.custom and (wrong := schema.type_errors(config, known.root, known.resolve)):
        why = f"{wrong[0].path}: expected {wrong[0].wanted}, got {wrong[0].found}"
    elif known and (unknown := schema.unknown_fields(config, known.root, known.resolve)):
        why = f".{unknown[0]}: field not declared in schema"
    if why:
        what = f"{namespace}/{call.target.name}; {info.group}/{info.version}, Kind={info.kind}"
        raise ApiError(500, "", f"failed to create typed patch object ({what}): {why}")
    level = call.query.get("fieldValidation") or "Warn"
    if problems and level == "Strict":
        raise bad_request(f"error strict decoding YAML: error converting YAML to JSON: yaml: {', '.join(problems)}")
    return problems if level == "Warn" else []


# Delete


async def delete(call: Call) -> web.StreamResponse:
    options = await _delete_options(call)
    obj, gone = call.storage.delete(call.info, call.target.namespace, call.target.name, **options)
    return _deleted(call, obj, gone)


def _deleted(call: Call, obj: Object, gone: bool) -> web.StreamResponse:
    info = call.info
    if not gone or info.key == ("", "pods") or obj["metadata"].get("deletionTimestamp"):
        return call.one(obj)
    details = {"name": name_of(obj), "kind": info.plural, "uid": obj["metadata"]["uid"]}
    if info.group:
        details["group"] = info.group
    return document({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details})


async def delete_collection(call: Call) -> web.StreamResponse:
    options = await _delete_options(call)
    accept = _accepts(call)
    matching = [obj for obj in call.storage.list(call.info, call.target.namespace) if accept(obj)]
    for obj in matching:
        call.storage.delete(call.info, obj["metadata"].get("namespace", ""), name_of(obj), **options)
    metadata = {"resourceVersion": str(call.storage.version)}
    info = call.info
    return document({"kind": info.list_kind, "apiVersion": info.api_version, "metadata": metadata, "items": matching})


async def _delete_options(call: Call) -> dict[str, Any]:
    body = await call.request.read()
    sent: Object = {}
    if body:
        sent, _ = bodies.decode_object(body, call.request.content_type)
    policy = sent.get("propagationPolicy") or call.query.get("propagationPolicy")
    if policy is None:
        orphans = sent.get("orphanDependents")
        policy = "Orphan" if orphans else "Background"
    if policy not in ("Background", "Foreground", "Orphan"):
        text = f'Unsupported value: "{policy}": supported values: "Foreground", "Background", "Orphan", "nil"'
        raise invalid("DeleteOptions", "meta.k8s.io", "", [Cause("FieldValueNotSupported", text, "propagationPolicy")])
    grace = sent.get("gracePeriodSeconds", call.query.get("gracePeriodSeconds"))
    return {
        "policy": policy,
        "grace": None if grace is None else int(grace),
        "preconditions": sent.get("preconditions") or {},
        "dry_run": call.dry_run or bool(sent.get("dryRun")),
    }
