"""May we? Asked of the server beforehand (SelfSubjectAccessReview), so that what is not allowed can be shown as such."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from pointsman.tui.actions.change import Change
from pointsman.tui.model.kinds import Kind
from pointsman.tui.model.meta import dig, dig_str
from pointsman.tui.sources.errors import KubeError

if TYPE_CHECKING:
    from pointsman.tui.sources.kube.client import KubeClient

REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"


@dataclass(frozen=True, slots=True)
class Access:
    """``allowed`` is None where the server could not say (``why``); then only the write itself will tell."""

    verb: str
    resource: str
    namespace: str
    allowed: bool | None
    why: str = ""

    @property
    def missing(self) -> str:
        """``needs patch networkpolicies.networking.k8s.io in media``; empty unless it is known to be forbidden."""
        if self.allowed is not False:
            return ""
        where = f" in {self.namespace}" if self.namespace else ""
        return f"needs {self.verb} {self.resource}{where}"


def rbac_verb(change: Change) -> str:
    """The verb of RBAC for how a change is sent: an update is a patch, the user's own text replaces the whole."""
    if change.verb != "update":
        return change.verb
    return "update" if change.source else "patch"


async def may(client: KubeClient, verb: str, kind: Kind[Any], namespace: str = "", name: str = "") -> Access:
    """Whether this user may do ``verb`` (patch, create, delete, get) to an object. Changes nothing and never raises."""
    return await allowed(client, verb, kind.group, kind.resource, namespace, name)


async def allowed(
    client: KubeClient, verb: str, group: str, resource: str, namespace: str = "", name: str = ""
) -> Access:
    """:func:`may` for a resource of any API group."""
    attributes = {"verb": verb, "group": group, "resource": resource, "name": name}
    if namespace:
        attributes["namespace"] = namespace
    review = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": attributes},
    }
    answered: bool | None = None
    why = ""
    try:
        raw = await client.request("POST", REVIEWS, body=json.dumps(review).encode(), what="ask for access", total=10.0)
        answer = msgspec.json.decode(raw)
        said = dig(answer, "status", "allowed")
        answered = said if isinstance(said, bool) else None
        why = dig_str(answer, "status", "reason")
    except KubeError as error:
        why = error.sentence
    except (msgspec.DecodeError, UnicodeDecodeError):
        why = "the answer could not be read"
    return Access(verb, f"{resource}.{group}" if group else resource, namespace, answered, why)
