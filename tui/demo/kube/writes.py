"""create, update, patch (with apply), delete and deletecollection."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

from aiohttp import web

from pointsman.tui.demo.kube import bodies, managed, reviews, schema, schemas
from pointsman.tui.demo.kube import patch as patching
from pointsman.tui.demo.kube.call import Call, document
from pointsman.tui.demo.kube.errors import ApiError, Cause, bad_request, invalid, not_found, unsupported_media_type
from pointsman.tui.demo.kube.negotiate import parse
from pointsman.tui.demo.kube.objects import Object, clone, name_of, timestamp
from pointsman.tui.demo.kube.reads import _accepts
from pointsman.tui.demo.kube.resources import ResourceInfo
from pointsman.tui.demo.kube.storage import list_kinds

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
        raise invalid(call.info.kind, call.info.group, call.target.name, [cause])
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


# Unknown fields


async def field_problems(call: Call, obj: Object, problems: list[str]) -> list[str]:
    """Unknown and doubled fields, by the request's `fieldValidation`: Strict refuses (400), Warn returns warnings.

    Without the parameter the apiserver warns; here that is done for custom resources, whose schema is at hand, and
    not for built-in kinds, whose schemas take time to load.
    """
    level = call.query.get("fieldValidation") or ""
    if level not in ("", "Ignore", "Warn", "Strict"):
        text = f'Unsupported value: "{level}": supported values: "", "Ignore", "Strict", "Warn"'
        raise invalid("CreateOptions", "meta.k8s.io", "", [Cause("FieldValueNotSupported", text, "fieldValidation")])
    if level == "Ignore" or (not level and not call.info.custom):
        return []
    found = [*problems, *(f'unknown field "{path}"' for path in await _unknown(call.info, obj))]
    if found and level == "Strict":
        info = call.info
        where = (
            ""
            if call.target.verb == "patch"
            else f'{info.kind} in version "{info.version}" cannot be handled as a {info.kind}: '
        )
        raise bad_request(f"{where}strict decoding error: {', '.join(found)}")
    return found


async def _unknown(info: ResourceInfo, obj: Object) -> list[str]:
    if info.custom:
        return schema.unknown_fields(obj, info.schema) if info.schema is not None else []
    known = await asyncio.to_thread(schemas.definitions, info)
    root = known.get(schemas.definition_name(info))
    if root is None:
        return []
    return schema.unknown_fields(obj, root, lambda reference: known[reference.removeprefix(schemas.REF)])


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
    patched = _checked(call, change(clone(live)))
    # Fields the live object has already are no fault of this patch.
    warnings = [w for w in await field_problems(call, patched, []) if w]
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
        raise unsupported_media_type(media, accepted)
    value, _ = bodies.decode(body, "application/json")
    if media == JSON_PATCH:
        if not isinstance(value, list):
            raise bad_request(
                "error decoding patch: json: cannot unmarshal object into Go value of type jsonpatch.Patch"
            )
        return _refusing(lambda doc: patching.json_patch(doc, value))
    if not isinstance(value, dict):
        raise bad_request("error decoding patch: the body is not an object")
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
            raise ApiError(error.code, error.reason, error.message) from error

    return changed


def _checked(call: Call, patched: Any) -> Object:
    if not isinstance(patched, dict) or not isinstance(patched.get("metadata"), dict):
        raise ApiError(422, "Invalid", "the server rejected our request due to an error in our request")
    for field, wanted in (("kind", call.info.kind), ("apiVersion", call.info.api_version)):
        if patched.get(field) != wanted:
            raise bad_request(f"the {field} of an object may not be changed by a patch")
    meta = patched["metadata"]
    for field, fixed in (("name", call.target.name), ("namespace", call.target.namespace)):
        if fixed and meta.get(field) != fixed:
            text = f'Invalid value: "{meta.get(field, "")}": field is immutable'
            cause = Cause("FieldValueInvalid", text, f"metadata.{field}")
            raise invalid(call.info.kind, call.info.group, call.target.name, [cause])
    return patched


async def _apply(call: Call, body: bytes) -> web.StreamResponse:
    """Server-side apply: create or merge by field owners. Conflicts answer 409 with a cause for each field."""
    storage, info, target = call.storage, call.info, call.target
    if not call.query.get("fieldManager"):
        cause = Cause("FieldValueRequired", "Required value: is required for apply patch", "fieldManager")
        raise invalid("PatchOptions", "meta.k8s.io", "", [cause])
    config, problems = bodies.yaml(body)
    if not isinstance(config, dict):
        raise bad_request("error decoding YAML: the body is not an object")
    _check_identity(call, config)
    warnings = await _undeclared(call, config, problems)
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


async def _undeclared(call: Call, config: Object, problems: list[str]) -> list[str]:
    """Like `field_problems`; what the schema does not declare cannot be applied, however lenient the validation."""
    info = call.info
    if info.custom or call.query.get("fieldValidation"):
        unknown = await _unknown(info, config)
        if unknown:
            what = f"{call.target.namespace}/{call.target.name}; {info.api_version}, Kind={info.kind}"
            text = f"failed to create typed patch object ({what}): .{unknown[0]}: field not declared in schema"
            raise ApiError(500, "", text)
    if problems and call.query.get("fieldValidation") == "Strict":
        raise bad_request(f"error strict decoding YAML: {', '.join(problems)}")
    return problems


# Delete


async def delete(call: Call) -> web.StreamResponse:
    options = await _delete_options(call)
    obj, gone = call.storage.delete(call.info, call.target.namespace, call.target.name, **options)
    return _deleted(call, obj, gone)


def _deleted(call: Call, obj: Object, gone: bool) -> web.StreamResponse:
    info = call.info
    if not gone or info.key == ("", "pods"):
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
        text = f'Unsupported value: "{policy}": supported values: "Background", "Foreground", "Orphan"'
        raise invalid("DeleteOptions", "meta.k8s.io", "", [Cause("FieldValueNotSupported", text, "propagationPolicy")])
    grace = sent.get("gracePeriodSeconds", call.query.get("gracePeriodSeconds"))
    return {
        "policy": policy,
        "grace": None if grace is None else int(grace),
        "preconditions": sent.get("preconditions") or {},
        "dry_run": call.dry_run or bool(sent.get("dryRun")),
    }
