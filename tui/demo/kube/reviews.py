"""SelfSubjectReview, SelfSubjectAccessReview, SelfSubjectRulesReview, SubjectAccessReview: asked, answered, not stored."""

from __future__ import annotations

from pointsman.tui.demo.kube import authz
from pointsman.tui.demo.kube.authz import Attributes, User
from pointsman.tui.demo.kube.errors import Cause, bad_request, invalid
from pointsman.tui.demo.kube.objects import Object
from pointsman.tui.demo.kube.storage import Storage


def answer(storage: Storage, user: User, plural: str, review: Object) -> Object:
    """The review with its status filled in. Raises 422 when it asks nothing."""
    review.setdefault("metadata", {"creationTimestamp": None})
    spec = review.setdefault("spec", {}) or {}
    match plural:
        case "selfsubjectreviews":
            review.pop("spec", None)
            info: Object = {"username": user.name, "groups": list(user.groups)}
            if user.uid:
                info["uid"] = user.uid
            review["status"] = {"userInfo": info}
        case "selfsubjectrulesreviews":
            if not spec.get("namespace"):
                raise bad_request("no namespace on request")
            resources, paths = authz.rules_for(storage, user, str(spec["namespace"]))
            review["status"] = {"resourceRules": resources, "nonResourceRules": paths, "incomplete": False}
        case _:
            if plural == "subjectaccessreviews":
                user = User(str(spec.get("user") or ""), tuple(spec.get("groups") or ()))
            decision = authz.decide(storage, user, _attributes(spec, plural))
            review["status"] = {"allowed": decision.allowed}
            if decision.reason:
                review["status"]["reason"] = decision.reason
    return review


def _attributes(spec: Object, plural: str) -> Attributes:
    if wanted := spec.get("resourceAttributes"):
        return Attributes(
            verb=str(wanted.get("verb") or ""),
            group=str(wanted.get("group") or ""),
            resource=str(wanted.get("resource") or ""),
            subresource=str(wanted.get("subresource") or ""),
            namespace=str(wanted.get("namespace") or ""),
            name=str(wanted.get("name") or ""),
        )
    if wanted := spec.get("nonResourceAttributes"):
        return Attributes(verb=str(wanted.get("verb") or ""), path=str(wanted.get("path") or ""))
    kind = "SubjectAccessReview" if plural == "subjectaccessreviews" else "SelfSubjectAccessReview"
    text = "Invalid value: null: exactly one of nonResourceAttributes or resourceAttributes must be specified"
    raise invalid(kind, "authorization.k8s.io", "", [Cause("FieldValueInvalid", text, "spec.resourceAttributes")])
