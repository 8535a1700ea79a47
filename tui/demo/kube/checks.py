"""Checks before an object is stored: names, labels, a custom resource's schema, and what kubectl's users get wrong."""

from __future__ import annotations

import base64
import ipaddress
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pointsman.tui.demo.kube import names, schema
from pointsman.tui.demo.kube.errors import Cause, bad_request, invalid
from pointsman.tui.demo.kube.objects import Object, clone, name_of
from pointsman.tui.demo.kube.resources import CRD_KEY, ResourceInfo

if TYPE_CHECKING:
    from pointsman.tui.demo.kube.storage import Key


def check(obj: Object, info: ResourceInfo, live: Object | None) -> None:
    """Raise 422 with every cause found; `live` is the object before an update, None for a create."""
    meta = obj["metadata"]
    causes = names.name_causes(info.key, str(meta.get("name") or ""), str(meta.get("generateName") or ""))
    causes += names.label_causes(meta.get("labels"), "metadata.labels")
    causes += names.annotation_causes(meta.get("annotations"))
    if info.custom:
        if info.schema is not None:
            causes += schema.violations(obj, info.schema)
    elif checker := _CHECKS.get(info.key):
        causes += checker(obj, live)
    if causes:
        raise invalid(info.kind, info.group, str(meta.get("name") or ""), causes)


def _required(field: str, more: str = "") -> Cause:
    return Cause("FieldValueRequired", f"Required value{more}", field)


def _immutable(value: str, field: str) -> Cause:
    return Cause("FieldValueInvalid", f"Invalid value: {value}: field is immutable", field)


def _check_containers(spec: dict[str, Any], path: str) -> list[Cause]:
    containers = spec.get("containers")
    if not containers:
        return [_required(f"{path}.containers")]
    found: list[Cause] = []
    seen = set()
    for index, container in enumerate(containers):
        here = f"{path}.containers[{index}]"
        if not isinstance(container, dict):
            raise bad_request(f"{here} must be an object")
        if not container.get("name"):
            found.append(_required(f"{here}.name"))
        elif container["name"] in seen:
            text = f'Duplicate value: "{container["name"]}"'
            found.append(Cause("FieldValueDuplicate", text, f"{here}.name"))
        seen.add(container.get("name"))
        if not container.get("image"):
            found.append(_required(f"{here}.image"))
    return found


def _check_pod(obj: Object, live: Object | None) -> list[Cause]:
    found = _check_containers(obj.get("spec") or {}, "spec")
    if live is not None and not found:
        before, after = clone(live["spec"]), clone(obj["spec"])
        for spec in (before, after):
            for field in ("activeDeadlineSeconds", "tolerations", "terminationGracePeriodSeconds", "nodeName"):
                spec.pop(field, None)
            for container in [*spec.get("containers", ()), *spec.get("initContainers", ())]:
                container.pop("image", None)
        if before != after:
            text = (
                "Forbidden: pod updates may not change fields other than `spec.containers[*].image`,"
                "`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to "
                "existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was "
                "previously negative)"
            )
            found.append(Cause("FieldValueForbidden", text, "spec"))
    return found


def _check_workload(obj: Object, live: Object | None) -> list[Cause]:
    spec = obj.get("spec") or {}
    found: list[Cause] = []
    selector = spec.get("selector")
    if not isinstance(selector, dict) or not (selector.get("matchLabels") or selector.get("matchExpressions")):
        found.append(_required("spec.selector"))
    template = spec.get("template")
    if not isinstance(template, dict):
        return [*found, _required("spec.template")]
    labels = (template.get("metadata") or {}).get("labels") or {}
    wanted = (selector or {}).get("matchLabels") or {}
    if not selector or any(labels.get(key) != value for key, value in wanted.items()):
        shown = "{" + ",".join(f'"{key}":"{value}"' for key, value in sorted(labels.items())) + "}"
        text = f"Invalid value: {shown}: `selector` does not match template `labels`"
        found.append(Cause("FieldValueInvalid", text, "spec.template.metadata.labels"))
    replicas = spec.get("replicas", 1)
    if isinstance(replicas, int) and replicas < 0:
        text = f"Invalid value: {replicas}: must be greater than or equal to 0"
        found.append(Cause("FieldValueInvalid", text, "spec.replicas"))
    found += _check_containers(template.get("spec") or {}, "spec.template.spec")
    if live is not None and live["spec"].get("selector") != selector:
        found.append(_immutable(_go_selector(selector), "spec.selector"))
    return found


def _go_selector(selector: Any) -> str:
    labels = (selector or {}).get("matchLabels") or {}
    return "{" + '"matchLabels":{' + ",".join(f'"{k}":"{v}"' for k, v in sorted(labels.items())) + "}}"


def _check_service(obj: Object, live: Object | None) -> list[Cause]:
    spec = obj.get("spec") or {}
    found: list[Cause] = []
    kinds = ("ClusterIP", "ExternalName", "LoadBalancer", "NodePort")
    if spec.get("type") not in kinds:
        shown = ", ".join(f'"{kind}"' for kind in kinds)
        text = f'Unsupported value: "{spec.get("type")}": supported values: {shown}'
        found.append(Cause("FieldValueNotSupported", text, "spec.type"))
    ports = spec.get("ports") or []
    if not ports and spec.get("type") != "ExternalName" and spec.get("clusterIP") != "None":
        found.append(_required("spec.ports"))
    for index, port in enumerate(ports):
        number = port.get("port") if isinstance(port, dict) else None
        if not isinstance(number, int) or not 1 <= number <= 65535:
            text = f"Invalid value: {number or 0}: must be between 1 and 65535, inclusive"
            found.append(Cause("FieldValueInvalid", text, f"spec.ports[{index}].port"))
        target = port.get("targetPort") if isinstance(port, dict) else None
        if isinstance(target, int) and not 1 <= target <= 65535:
            text = f"Invalid value: {target}: must be between 1 and 65535, inclusive"
            found.append(Cause("FieldValueInvalid", text, f"spec.ports[{index}].targetPort"))
        if len(ports) > 1 and isinstance(port, dict) and not port.get("name"):
            found.append(_required(f"spec.ports[{index}].name"))
    fixed = live["spec"].get("clusterIP") if live is not None and spec.get("type") != "ExternalName" else None
    if fixed and spec.get("clusterIP", fixed) != fixed:
        text = f'Invalid value: ["{spec.get("clusterIP")}"]: may not change once set'
        found.append(Cause("FieldValueInvalid", text, "spec.clusterIPs[0]"))
    return found


def _check_ingress(obj: Object, _live: Object | None) -> list[Cause]:
    spec = obj.get("spec") or {}
    found: list[Cause] = []
    if not spec.get("rules") and not spec.get("defaultBackend"):
        text = "Invalid value: null: either `defaultBackend` or `rules` must be specified"
        found.append(Cause("FieldValueInvalid", text, "spec"))
    for index, rule in enumerate(spec.get("rules") or ()):
        for number, path in enumerate((rule.get("http") or {}).get("paths") or ()):
            if not path.get("pathType"):
                field = f"spec.rules[{index}].http.paths[{number}].pathType"
                found.append(_required(field, ": pathType must be specified"))
    return found


def _check_network_policy(obj: Object, _live: Object | None) -> list[Cause]:
    found: list[Cause] = []
    spec = obj.get("spec") or {}
    for index, kind in enumerate(spec.get("policyTypes") or ()):
        if kind not in ("Ingress", "Egress"):
            text = f'Unsupported value: "{kind}": supported values: "Ingress", "Egress"'
            found.append(Cause("FieldValueNotSupported", text, f"spec.policyTypes[{index}]"))
    for direction, ends in (("ingress", "from"), ("egress", "to")):
        for index, rule in enumerate(spec.get(direction) or ()):
            for number, port in enumerate((rule or {}).get("ports") or ()):
                found += _check_policy_port(port, f"spec.{direction}[{index}].ports[{number}]")
            for number, peer in enumerate((rule or {}).get(ends) or ()):
                field = f"spec.{direction}[{index}].{ends}[{number}]"
                if not peer:
                    found.append(_required(field, ": must specify a peer"))
                block = (peer or {}).get("ipBlock")
                if block and (len(peer) > 1):
                    text = "Forbidden: may not specify both ipBlock and another peer"
                    found.append(Cause("FieldValueForbidden", text, field))
                if block and not _is_cidr(block.get("cidr")):
                    text = f'Invalid value: "{block.get("cidr", "")}": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)'
                    found.append(Cause("FieldValueInvalid", text, f"{field}.ipBlock.cidr"))
    return found


_PORT_NAME = re.compile(r"(?=.*[a-z])(?!.*--)[a-z0-9]([-a-z0-9]*[a-z0-9])?\Z")


def _check_policy_port(port: dict[str, Any], path: str) -> list[Cause]:
    found: list[Cause] = []
    number, last = port.get("port"), port.get("endPort")
    if isinstance(number, int) and not 1 <= number <= 65535:
        text = f"Invalid value: {number}: must be between 1 and 65535, inclusive"
        found.append(Cause("FieldValueInvalid", text, f"{path}.port"))
    elif isinstance(number, str):
        if len(number) > 15:
            text = f'Invalid value: "{number}": must be no more than 15 characters'
            found.append(Cause("FieldValueInvalid", text, f"{path}.port"))
        if not _PORT_NAME.match(number):
            text = f'Invalid value: "{number}": must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)'
            found.append(Cause("FieldValueInvalid", text, f"{path}.port"))
    if last is not None:
        if not isinstance(number, int):
            found.append(_required(f"{path}.port", ": must be specified when endPort is specified"))
        elif last < number:
            text = f"Invalid value: {number}: must be greater than or equal to `port`"
            found.append(Cause("FieldValueInvalid", text, f"{path}.endPort"))
    if port.get("protocol", "TCP") not in ("TCP", "UDP", "SCTP"):
        text = f'Unsupported value: "{port["protocol"]}": supported values: "TCP", "UDP", "SCTP"'
        found.append(Cause("FieldValueNotSupported", text, f"{path}.protocol"))
    return found


def _check_secret(obj: Object, live: Object | None) -> list[Cause]:
    found: list[Cause] = []
    if live is not None and live.get("type") != obj.get("type"):
        text = f'Invalid value: "{obj.get("type")}": field is immutable'
        found.append(Cause("FieldValueInvalid", text, "type"))
    if live is not None and live.get("immutable") and live.get("data") != obj.get("data"):
        found.append(Cause("FieldValueForbidden", "Forbidden: field is immutable when `immutable` is set", "data"))
    data = obj.get("data") or {}
    if obj.get("type") == "kubernetes.io/tls":
        found += [_required(f"data[{key}]") for key in ("tls.crt", "tls.key") if key not in data]
    for key, value in data.items():
        try:
            base64.b64decode(str(value), validate=True)
        except ValueError:
            raise bad_request(
                f'Secret in version "v1" cannot be handled as a Secret: illegal base64 data in {key}'
            ) from None
    return found


def _check_config_map(obj: Object, live: Object | None) -> list[Cause]:
    if live is not None and live.get("immutable") and live.get("data") != obj.get("data"):
        return [Cause("FieldValueForbidden", "Forbidden: field is immutable when `immutable` is set", "data")]
    return []


def _is_cidr(text: Any) -> bool:
    try:
        ipaddress.ip_network(str(text), strict=False)
    except ValueError:
        return False
    return "/" in str(text)


def _check_crd(obj: Object, _live: Object | None) -> list[Cause]:
    spec = obj.get("spec") or {}
    wanted = spec.get("names") or {}
    found = [_required(f"spec.names.{field}") for field in ("plural", "kind") if not wanted.get(field)]
    found += [_required(f"spec.{field}") for field in ("group", "versions", "scope") if not spec.get(field)]
    expected = f"{wanted.get('plural')}.{spec.get('group')}"
    if not found and name_of(obj) != expected:
        text = f'Invalid value: "{name_of(obj)}": must be spec.names.plural+"."+spec.group'
        found.append(Cause("FieldValueInvalid", text, "metadata.name"))
    return found


_CHECKS: dict[Key, Callable[[Object, Object | None], list[Cause]]] = {
    ("", "configmaps"): _check_config_map,
    ("", "secrets"): _check_secret,
    ("", "pods"): _check_pod,
    ("", "services"): _check_service,
    ("apps", "daemonsets"): _check_workload,
    ("apps", "deployments"): _check_workload,
    ("apps", "replicasets"): _check_workload,
    ("apps", "statefulsets"): _check_workload,
    ("networking.k8s.io", "ingresses"): _check_ingress,
    ("networking.k8s.io", "networkpolicies"): _check_network_policy,
    CRD_KEY: _check_crd,
}
