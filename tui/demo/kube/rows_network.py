"""Table rows of services and of everything else that routes or filters traffic."""

from __future__ import annotations

from pointsman.tui.demo.kube.cells import (
    NONE,
    UNKNOWN,
    UNSET,
    Cell,
    Doc,
    Printer,
    age,
    columns,
    dig,
    items,
    labels,
    mapping,
    name_of,
    number,
    selector,
    some_of,
    strings,
    text,
)

_DEFAULT_CLASS = "ingressclass.kubernetes.io/is-default-class"


def _service(obj: Doc, now: float) -> list[Cell]:
    spec = mapping(obj, "spec")
    ips = strings(spec, "clusterIPs")
    return [
        name_of(obj),
        text(spec, "type"),
        ips[0] if ips else NONE,
        _external_ip(obj),
        ",".join(map(_port, items(spec, "ports"))) or NONE,
        age(obj, now),
        labels(mapping(spec, "selector")),
    ]


def _port(port: Doc) -> str:
    at, node, protocol = number(port, "port"), number(port, "nodePort"), text(port, "protocol")
    return f"{at}:{node}/{protocol}" if node > 0 else f"{at}/{protocol}"


def _external_ip(obj: Doc) -> str:
    spec = mapping(obj, "spec")
    external = strings(spec, "externalIPs")
    match text(spec, "type"):
        case "ClusterIP" | "NodePort":
            return ",".join(external) or NONE
        case "LoadBalancer":
            given = _load_balancer(obj)
            return ",".join([*([given] if given else []), *external]) or "<pending>"
        case "ExternalName":
            return text(spec, "externalName")
    return UNKNOWN


def _load_balancer(obj: Doc) -> str:
    ingress = items(obj, "status", "loadBalancer", "ingress")
    return ",".join(sorted({text(i, "ip") or text(i, "hostname") for i in ingress} - {""}))


def _ingress(obj: Doc, now: float) -> list[Cell]:
    spec = mapping(obj, "spec")
    class_name = spec.get("ingressClassName")
    return [
        name_of(obj),
        class_name if isinstance(class_name, str) else NONE,
        _hosts(items(spec, "rules")),
        _load_balancer(obj),
        "80, 443" if items(spec, "tls") else "80",
        age(obj, now),
    ]


def _hosts(rules: list[Doc]) -> str:
    """Up to three hosts; what follows the third is counted in rules, with or without a host."""
    shown: list[str] = []
    for i, rule in enumerate(rules):
        if len(shown) == 3:
            return f"{','.join(shown)} + {len(rules) - 3} more..."
        if text(rules[i], "host"):
            shown.append(text(rule, "host"))
    return ",".join(shown) or "*"


def _ingress_class(obj: Doc, now: float) -> list[Cell]:
    is_default = text(obj, "metadata", "annotations", _DEFAULT_CLASS) == "true"
    parameters = dig(obj, "spec", "parameters")
    shown = NONE
    if isinstance(parameters, dict):
        group = parameters.get("apiGroup")
        kind = f"{text(parameters, 'kind')}.{group}" if isinstance(group, str) else text(parameters, "kind")
        shown = f"{kind}/{text(parameters, 'name')}"
    name = f"{name_of(obj)} (default)" if is_default else name_of(obj)
    return [name, text(obj, "spec", "controller"), shown, age(obj, now)]


def _network_policy(obj: Doc, now: float) -> list[Cell]:
    return [name_of(obj), selector(mapping(obj, "spec", "podSelector")), age(obj, now)]


def _endpoints(obj: Doc, now: float) -> list[Cell]:
    subsets = items(obj, "subsets")
    listed = []
    for subset in subsets:
        addresses = [text(address, "ip") for address in items(subset, "addresses")]
        ports = items(subset, "ports")
        if ports:
            listed += [_host_port(ip, number(port, "port")) for port in ports for ip in addresses]
        else:
            # A headless service may have no ports.
            listed += addresses
    return [name_of(obj), some_of(listed, len(listed)) if subsets else NONE, age(obj, now)]


def _host_port(ip: str, port: int) -> str:
    return f"[{ip}]:{port}" if ":" in ip else f"{ip}:{port}"


def _endpoint_slice(obj: Doc, now: float) -> list[Cell]:
    ports = [_slice_port(port) for port in items(obj, "ports")]
    addresses = [address for endpoint in items(obj, "endpoints") for address in strings(endpoint, "addresses")]
    return [
        name_of(obj),
        text(obj, "addressType"),
        some_of(ports, len(ports)) or UNSET,
        some_of(addresses, len(addresses)) or UNSET,
        age(obj, now),
    ]


def _slice_port(port: Doc) -> str:
    at, name = port.get("port"), port.get("name")
    return str(at) if isinstance(at, int) else name if isinstance(name, str) else "*"


def _service_cidr(obj: Doc, now: float) -> list[Cell]:
    return [name_of(obj), ",".join(strings(obj, "spec", "cidrs")), age(obj, now)]


def _ip_address(obj: Doc, _now: float) -> list[Cell]:
    parent = dig(obj, "spec", "parentRef")
    shown = NONE
    if isinstance(parent, dict):
        group, namespace = text(parent, "group"), text(parent, "namespace")
        resource = f"{text(parent, 'resource')}.{group}" if group else text(parent, "resource")
        shown = "/".join(part for part in (resource.lower(), namespace) if part) + f"/{text(parent, 'name')}"
    return [name_of(obj), shown]


NETWORK: dict[tuple[str, str], Printer] = {
    ("services", ""): Printer(columns("Name|Type|Cluster-IP|External-IP|Port(s)|Age|+Selector"), _service),
    ("endpoints", ""): Printer(columns("Name|Endpoints|Age"), _endpoints),
    ("endpointslices", "discovery.k8s.io"): Printer(columns("Name|AddressType|Ports|Endpoints|Age"), _endpoint_slice),
    ("ingresses", "networking.k8s.io"): Printer(columns("Name|Class|Hosts|Address|Ports|Age"), _ingress),
    ("ingressclasses", "networking.k8s.io"): Printer(columns("Name|Controller|Parameters|Age"), _ingress_class),
    ("networkpolicies", "networking.k8s.io"): Printer(columns("Name|Pod-Selector|Age"), _network_policy),
    ("servicecidrs", "networking.k8s.io"): Printer(columns("Name|CIDRs|Age"), _service_cidr),
    ("ipaddresses", "networking.k8s.io"): Printer(columns("Name|ParentRef"), _ip_address),
}
