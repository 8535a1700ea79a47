"""One request on its way through the API, and the forms its answer can take."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec
from aiohttp import web

from pointsman.tui.demo.kube import printers
from pointsman.tui.demo.kube.errors import ApiError, Cause, invalid
from pointsman.tui.demo.kube.negotiate import YAML, Form
from pointsman.tui.demo.kube.objects import Object
from pointsman.tui.demo.kube.resources import ResourceInfo
from pointsman.tui.demo.kube.targets import Target

if TYPE_CHECKING:
    from pointsman.tui.demo.kube.authz import User
    from pointsman.tui.demo.kube.server import KubeServer
    from pointsman.tui.demo.kube.storage import Storage


@dataclass(frozen=True, slots=True)
class Call:
    """A request for a resource, authorised; `form` is what the client takes."""

    server: KubeServer
    request: web.Request
    user: User
    target: Target
    form: Form

    @property
    def storage(self) -> Storage:
        return self.server.storage

    @property
    def info(self) -> ResourceInfo:
        return self.target.info

    @property
    def query(self) -> Mapping[str, str]:
        return self.request.query

    @property
    def dry_run(self) -> bool:
        """`dryRun=All`; any other value is refused with 422."""
        values = [value for value in self.request.query.getall("dryRun", []) if value]
        if any(value != "All" for value in values):
            shown = ",".join(f'"{value}"' for value in values)
            text = f'Unsupported value: [{shown}]: supported values: "All"'
            raise invalid(self.options_kind, "meta.k8s.io", "", [Cause("FieldValueNotSupported", text, "dryRun")])
        return bool(values)

    @property
    def options_kind(self) -> str:
        """The kind that refusals of query parameters name."""
        verb = self.target.verb.removesuffix("collection")
        return f"{verb.capitalize()}Options"

    @property
    def manager(self) -> str:
        """The field manager: as asked for, else the first word of the User-Agent."""
        agent = self.request.headers.get("User-Agent", "")
        return self.query.get("fieldManager") or agent.partition("/")[0][:128] or "unknown"

    def one(self, obj: Object, code: int = 200, warnings: Sequence[str] = ()) -> web.Response:
        """A single object in the form asked for."""
        body: Any = obj
        if self.form.is_table:
            body = self.table([obj], {"resourceVersion": obj["metadata"].get("resourceVersion", "")})
        elif self.form.is_partial:
            body = partial(obj)
        return document(body, code, self.form, warnings)

    def table(self, objects: Sequence[Object], metadata: Object) -> Object:
        made = printers.table(
            self.info.plural,
            self.info.group,
            objects,
            now=self.storage.now().timestamp(),
            include_object=self.query.get("includeObject") or "Metadata",
            crd_columns=[dict(column) for column in self.info.columns] if self.info.custom else None,
        )
        made["metadata"] = metadata
        return made


def partial(obj: Object) -> Object:
    return {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": obj.get("metadata") or {}}


_encoder = msgspec.json.Encoder()
encode = _encoder.encode


def document(
    body: Any, code: int = 200, form: Form | None = None, warnings: Sequence[str] = (), media: str = ""
) -> web.Response:
    """A JSON (or YAML) answer; `warnings` become Warning headers, which kubectl prints."""
    if form is not None and form.media == YAML:
        import yaml

        payload = yaml.safe_dump(body, sort_keys=False, allow_unicode=True).encode()
        response = web.Response(body=payload, status=code, content_type=YAML)
    else:
        response = web.Response(body=encode(body), status=code, headers={"Content-Type": media or "application/json"})
    for warning in warnings:
        quoted = warning.replace("\\", "\\\\").replace('"', '\\"')
        response.headers.add("Warning", f'299 - "{quoted}"')
    return response


def failure(error: ApiError) -> web.Response:
    response = document(error.status(), error.code)
    if error.retry_after:
        response.headers["Retry-After"] = str(error.retry_after)
    return response


def integer(query: Mapping[str, str], name: str) -> int | None:
    """A whole number from the query; None if absent. Raises 400."""
    text = query.get(name, "")
    if not text:
        return None
    try:
        return int(text)
    except ValueError:
        raise ApiError(400, "BadRequest", f'strconv.ParseInt: parsing "{text}": invalid syntax') from None
