"""The dead-man: a Job in the cluster that switches a policy on again when its time is over. Pure.

For those who cannot rely on this machine: it lives where the policy does. It may read and patch that one object and
nothing else. Its pod runs ``deadman.sh`` with kubectl: it reads the object again and again (ready means: it can), waits
for the deadline that stands on the object, and then applies patches that are made here, each of which the API server
takes only while the object still carries the operation. What a patch puts back is what
:func:`~pointsman.tui.actions.toggle.restored` would.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pointsman.tui.actions.change import Change, Doc
from pointsman.tui.actions.errors import ActionError
from pointsman.tui.actions.toggle import ANNOTATIONS, OFF_OPERATION, can_park, pointer, restored, subjects
from pointsman.tui.answers.policies.toggles import PARKED
from pointsman.tui.answers.ref import Ref
from pointsman.tui.model.meta import dig, dig_dict, dig_str

DEFAULT_IMAGE = "docker.io/alpine/kubectl:1.35.0"
"""kubectl and a shell, and nothing else, for amd64, arm64 and 32-bit arm; the Kubernetes project's own kubectl image has
no shell to wait in. Any image will do that has ``sh``, ``date``, ``cat``, ``cut``, ``tr``, ``sleep`` and kubectl."""
LABEL = "pointsman.dev/deadman"
"""On all its objects and the pod: the operation it watches over."""
POLICY_NOTE = "pointsman.dev/deadman-policy"
"""Annotation of the Job: the policy, ``KIND/NS/NAME`` with the id of the kind."""
NAME = "pointsman-deadman"
HOME = "/pointsman"
LOOK = 15
"""Seconds between two looks at the object."""
GRACE = 3
"""Seconds after the deadline that the program and its guard get before it acts."""
YOUNG = 60
"""Seconds after its last look from which it no longer counts as armed."""
ARM_SECONDS = 90.0
"""How long its pod may take to be armed; then it is not."""
TIDY_SECONDS = 300
"""How long a Job that has ended stays, for its log; then the cluster removes it with all that it owns."""
PATIENCE = 86400
"""Seconds after the deadline for which it goes on trying."""
LARGEST_PATCH = 100_000
"""Bytes that one word of a command line may safely have (Linux takes 128 KiB)."""
SYSTEM_NAMESPACE = "kube-system"


@dataclass(frozen=True, slots=True)
class Place:
    """Where it is to run: ``namespace`` of Job and ServiceAccount. ``way`` says whether its pod could reach the API
    server there with the policy on and off, and ``sure`` whether that is known."""

    namespace: str
    image: str
    way: str = ""
    sure: bool = True


def job_name(op: str) -> str:
    return f"{NAME}-{op}"


def labels(op: str) -> dict[str, str]:
    return {"app.kubernetes.io/name": NAME, "app.kubernetes.io/managed-by": "pointsman", LABEL: op}


def why_not(doc: Doc | None) -> str:
    """Why a policy cannot have one, as a sentence; empty if it can."""
    if doc is not None and not can_park(doc):
        return (
            "It has to be deleted to be off, and to make it again an account needs the right to create any policy of its "
            "kind: no rule can be about one name there. So there is no dead-man in the cluster for it."
        )
    return ""


def patches(change: Change) -> tuple[str, str, str]:
    """Three JSON patches (RFC 6902) that switch on what ``change`` switches off, to be tried in this order.

    The first puts all selectors back as they were. The second is for a selector that somebody changed meanwhile: it takes
    the parking label away, and ``matchLabels`` with it where there was none before. The third only takes away the label
    and the mark of the operation.
    """
    after = change.after
    assert after is not None
    target = restored(after)
    mine = {"op": "test", "path": f"/metadata/annotations/{_key(OFF_OPERATION)}", "value": operation(after)}
    notes = [{"op": "remove", "path": f"/metadata/annotations/{_key(note)}"} for note in ANNOTATIONS]
    exact: list[Doc] = [mine]
    changed: list[Doc] = [mine]
    rest: list[Doc] = [mine]
    for _, path in subjects(after):
        assert path is not None
        place = pointer(path)
        was = dig(target, *path)
        exact += [
            {"op": "test", "path": place, "value": dig(after, *path)},
            {"op": "replace", "path": place, "value": was},
        ]
        bare = isinstance(was, dict) and "matchLabels" not in was
        label = f"{place}/matchLabels/{_key(PARKED)}"
        whole = f"{place}/matchLabels"
        if bare:
            changed += [{"op": "test", "path": whole, "value": {PARKED: "true"}}, {"op": "remove", "path": whole}]
        else:
            changed += [{"op": "test", "path": label, "value": "true"}, {"op": "remove", "path": label}]
        rest += [{"op": "test", "path": label, "value": "true"}, {"op": "remove", "path": label}]
    rest += [{"op": "remove", "path": f"/metadata/annotations/{_key(OFF_OPERATION)}"}]
    one, two, three = (_json([*steps, *more]) for steps, more in ((exact, notes), (changed, notes), (rest, [])))
    return one, two, three


def operation(doc: Doc) -> str:
    return dig_str(doc, "metadata", "annotations", OFF_OPERATION)


def _key(text: str) -> str:
    return text.replace("~", "~0").replace("/", "~1")


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def script() -> str:
    return (Path(__file__).parent / "deadman.sh").read_text(encoding="utf-8")


def parts(change: Change, op: str, place: Place, until: float, now: float) -> tuple[Doc, ...]:
    """Everything it needs, in the order in which it is made: ServiceAccount, Job, role, binding.

    ``change`` is the one that switches the policy off; ``until`` the latest time at which that may end, seconds since
    1970. Raises ActionError if the policy cannot have one.
    """
    if reason := why_not(change.after if change.after is not None else change.before):
        raise ActionError(reason)
    found = patches(change)
    if max(len(text.encode()) for text in found) > LARGEST_PATCH:
        raise ActionError("Its selectors are too long to be put back by a dead-man in the cluster.")
    ref, kind = change.ref, change.kind
    scope = ref.namespace
    account = {"kind": "ServiceAccount", "name": job_name(op), "namespace": place.namespace}
    role = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "Role" if scope else "ClusterRole",
        "metadata": _meta(op, scope),
        "rules": [
            {
                "apiGroups": [kind.group],
                "resources": [kind.resource],
                "resourceNames": [ref.name],
                "verbs": ["get", "patch"],
            }
        ],
    }
    binding = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "RoleBinding" if scope else "ClusterRoleBinding",
        "metadata": _meta(op, scope),
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": role["kind"], "name": job_name(op)},
        "subjects": [account],
    }
    return (
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": _meta(op, place.namespace)},
        _job(change, op, place, found, until, now),
        role,
        binding,
    )


def _meta(op: str, namespace: str) -> Doc:
    return {"name": job_name(op), "labels": labels(op)} | ({"namespace": namespace} if namespace else {})


def _job(change: Change, op: str, place: Place, found: tuple[str, str, str], until: float, now: float) -> Doc:
    ref, kind = change.ref, change.kind
    version = change.version or kind.versions[0]
    env = {
        "OPERATION": op,
        "OBJECT_UID": dig_str(change.before, "metadata", "uid"),
        "RESOURCE": f"{kind.resource}.{version}.{kind.group}",
        "NAMESPACE": ref.namespace,
        "NAME": ref.name,
        "LATEST": time.strftime("%Y%m%d%H%M%S", time.gmtime(until)),
        "LOOK": str(LOOK),
        "GRACE": str(GRACE),
        "HOME": HOME,
        "PATCH": found[0],
        "PATCH_CHANGED": found[1],
        "PATCH_REST": found[2],
    }
    young = f'test $(($(date +%s) - $(cat "$HOME/armed"))) -lt {YOUNG}'
    container = {
        "name": "deadman",
        "image": place.image,
        "imagePullPolicy": "IfNotPresent",
        "command": ["sh", "-c", script()],
        # The kubelet takes "$(NAME)" in a value for a variable; a doubled dollar is a plain one.
        "env": [{"name": key, "value": value.replace("$", "$$")} for key, value in env.items()],
        "readinessProbe": {"exec": {"command": ["sh", "-c", young]}, "periodSeconds": 2, "timeoutSeconds": 5},
        "resources": {"requests": {"cpu": "5m", "memory": "32Mi"}, "limits": {"memory": "160Mi"}},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "volumeMounts": [{"name": "home", "mountPath": HOME}],
    }
    spec = {
        "restartPolicy": "OnFailure",
        "serviceAccountName": job_name(op),
        "automountServiceAccountToken": True,
        "terminationGracePeriodSeconds": 5,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": 65532,
            "runAsGroup": 65532,
            "fsGroup": 65532,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        # A node that goes down takes the pod with it: another one soon, rather than after five minutes.
        "tolerations": [
            {
                "key": f"node.kubernetes.io/{key}",
                "operator": "Exists",
                "effect": "NoExecute",
                "tolerationSeconds": 20,
            }
            for key in ("not-ready", "unreachable")
        ],
        "containers": [container],
        "volumes": [{"name": "home", "emptyDir": {"sizeLimit": "16Mi"}}],
    }
    meta = _meta(op, place.namespace)
    meta["annotations"] = {POLICY_NOTE: slug(ref)}
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": meta,
        "spec": {
            "backoffLimit": 20,
            "ttlSecondsAfterFinished": TIDY_SECONDS,
            "activeDeadlineSeconds": max(1, round(until - now)) + PATIENCE,
            "template": {"metadata": {"labels": labels(op)}, "spec": spec},
        },
    }


def slug(ref: Ref) -> str:
    return f"{ref.kind}/{ref.path}"


_WORD = re.compile(r"[a-z0-9]([-a-z0-9.]*[a-z0-9])?")


def parse_slug(text: str) -> Ref | None:
    """The policy that a Job says it watches over; None if that is no policy's name. The words become parts of paths, so
    they must be names as the API server lets them through."""
    words = text.split("/")
    if len(words) not in (2, 3) or not all(_WORD.fullmatch(word) for word in words):
        return None
    return Ref(words[0], words[1] if len(words) == 3 else "", words[-1])


_RESOURCES = {
    "ServiceAccount": ("api/v1", "serviceaccounts"),
    "Job": ("apis/batch/v1", "jobs"),
    "Role": ("apis/rbac.authorization.k8s.io/v1", "roles"),
    "RoleBinding": ("apis/rbac.authorization.k8s.io/v1", "rolebindings"),
    "ClusterRole": ("apis/rbac.authorization.k8s.io/v1", "clusterroles"),
    "ClusterRoleBinding": ("apis/rbac.authorization.k8s.io/v1", "clusterrolebindings"),
}


def path_of(kind: str, namespace: str, name: str = "") -> str:
    """Where on the API server one of its objects is, or (without a name) is made. KeyError for any other kind."""
    root, plural = _RESOURCES[kind]
    parts = [f"/{root}", *(("namespaces", namespace) if namespace else ()), plural, *((name,) if name else ())]
    return "/".join(parts)


def resource_of(kind: str) -> tuple[str, str]:
    """API group and plural of one of its kinds, as RBAC names them."""
    root, plural = _RESOURCES[kind]
    return (root.split("/")[1] if root.startswith("apis/") else "", plural)


def named(docs: tuple[Doc, ...]) -> Iterator[tuple[str, str, str]]:
    """Kind, namespace and name of each."""
    for doc in docs:
        yield dig_str(doc, "kind"), dig_str(doc, "metadata", "namespace"), dig_str(doc, "metadata", "name")


def all_names(op: str, ref: Ref, namespace: str) -> tuple[tuple[str, str, str], ...]:
    """The names of everything that a dead-man for this policy in this namespace is made of; what goes first, first."""
    scope = ref.namespace
    prefix = "" if scope else "Cluster"
    name = job_name(op)
    return (
        ("Job", namespace, name),
        (f"{prefix}RoleBinding", scope, name),
        (f"{prefix}Role", scope, name),
        ("ServiceAccount", namespace, name),
    )


def lines(op: str, ref: Ref, place: Place) -> tuple[str, ...]:
    """What a person must know of it before saying yes."""
    role = "Role and RoleBinding" if ref.namespace else "ClusterRole and ClusterRoleBinding"
    away = f" in {ref.namespace}" if ref.namespace and ref.namespace != place.namespace else ""
    return (
        f"also made: Job {place.namespace}/{job_name(op)}, its ServiceAccount, a {role}{away}",
        f"they may get and patch this one policy; the image is {place.image}",
        f"its way to the API server: {place.way}",
        f"nothing is switched off before its pod runs and has read the policy (within {round(ARM_SECONDS)} s)",
        "it survives this machine and a lost line, not a deleted Job nor an API server that stays down",
        "all of it is removed when the policy is on again",
    )


def owner_reference(job: Mapping[str, Any]) -> Doc:
    """What makes the cluster remove an object with the Job."""
    meta = dig_dict(job, "metadata")
    return {"apiVersion": "batch/v1", "kind": "Job", "name": meta.get("name", ""), "uid": meta.get("uid", "")}
