# ruff: noqa: E501 (a case is a line)
"""Cases that others have published, in our own words: the policies, and who may reach whom then.

A conformance suite asks for a whole table, each pod against each. ``into`` and ``out`` say who is let in or out of the
pods that are isolated; whoever is not named there is open. ``where`` names the published case.

Worlds: ``xyz`` is that of the Kubernetes end-to-end tests for network policies (three namespaces, three pods in each),
``houses`` that of the conformance tests of network-policy-api, ``shop`` that of the recipes and of the documentation.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from policyworld import ccnp, cnp, namespace, pod, policy
from worlds import Doc

E2E = "Kubernetes e2e, netpol: "
RECIPES = "kubernetes-network-policy-recipes "
DOCS = "Kubernetes documentation, network policies: "
API = "network-policy-api conformance: "
CILIUM = "Cilium documentation: "

PORTS = (
    ("serve-80-tcp", "TCP", 80),
    ("serve-81-tcp", "TCP", 81),
    ("serve-80-udp", "UDP", 80),
    ("serve-81-udp", "UDP", 81),
)
XYZ = [
    *(namespace(space, ns=space) for space in "xyz"),
    *(
        pod(f"{space}/{name}", {"pod": name}, ip=f"10.42.{at}.{number}", ports=PORTS)
        for at, space in enumerate("xyz")
        for number, name in enumerate("abc", 1)
    ),
]
EVERYONE = tuple(f"{space}/{name}" for space in "xyz" for name in "abc")


def those(*words: str) -> tuple[str, ...]:
    """``x/*`` are all of a namespace, ``*/a`` all of a name."""
    found: dict[str, None] = {}
    for word in words:
        space, name = word.split("/")
        found.update(dict.fromkeys(one for one in EVERYONE if space in ("*", one[0]) and name in ("*", one[2])))
    return tuple(found)


@dataclass(frozen=True)
class Table:
    """``into``: for a pod that is isolated for ingress, who may reach it; ``out`` likewise whom it may reach."""

    where: str
    policies: tuple[Doc, ...]
    into: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    out: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    port: int = 80
    protocol: str = "TCP"


def np(text: str, path: str = "x/p") -> Doc:
    return policy(text, path)


X = those("x/*")
ONLY_B = "{podSelector: {matchLabels: {pod: b}}}"
NS_Y = "{namespaceSelector: {matchLabels: {ns: y}}}"
A = "podSelector: {matchLabels: {pod: a}}"


def each(pods: tuple[str, ...], peers: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    return dict.fromkeys(pods, peers)


TABLES = (
    Table(E2E + "a 'default-deny-ingress' policy", (np("{podSelector: {}}"),), each(X, ())),
    Table(E2E + "a 'default-deny-ingress' policy, UDP", (np("{podSelector: {}}"),), each(X, ()), protocol="UDP"),
    Table(E2E + "a 'default-deny-all' policy", (np("{podSelector: {}, policyTypes: [Ingress, Egress]}"),),
          each(X, ()), each(X, ())),
    Table(E2E + "traffic from pods within server namespace based on PodSelector",
          (np(f"{{{A}, ingress: [{{from: [{ONLY_B}]}}]}}"),), {"x/a": ("x/b",)}),
    Table(E2E + "ingress traffic for a target",
          (np("{podSelector: {}}", "x/deny"), np(f"{{{A}, ingress: [{{from: [{{podSelector: {{}}, namespaceSelector: {{}}}}]}}]}}")),
          each(those("x/b", "x/c"), ()) | {"x/a": EVERYONE}),
    Table(E2E + "ingress traffic from pods in all namespaces",
          (np(f"{{{A}, ingress: [{{from: [{{namespaceSelector: {{}}}}]}}]}}"),), {"x/a": EVERYONE}),
    Table(E2E + "traffic only from a different namespace, based on NamespaceSelector",
          (np(f"{{{A}, ingress: [{{from: [{NS_Y}]}}]}}"),), {"x/a": those("y/*")}),
    Table(E2E + "PodSelector with MatchExpressions",
          (np(f"{{{A}, ingress: [{{from: [{{podSelector: {{matchExpressions: [{{key: pod, operator: In, values: [b]}}]}}}}]}}]}}"),),
          {"x/a": ("x/b",)}),
    Table(E2E + "NamespaceSelector with MatchExpressions",
          (np(f"{{{A}, ingress: [{{from: [{{namespaceSelector: {{matchExpressions: [{{key: ns, operator: In, values: [y]}}]}}}}]}}]}}"),),
          {"x/a": those("y/*")}),
    Table(E2E + "NamespaceSelector with MatchExpressions using default ns label",
          (np(f"{{{A}, ingress: [{{from: [{{namespaceSelector: {{matchExpressions:"
              " [{key: kubernetes.io/metadata.name, operator: NotIn, values: [x]}]}}]}]}"),), {"x/a": those("y/*", "z/*")}),
    Table(E2E + "PodSelector or NamespaceSelector",
          (np(f"{{{A}, ingress: [{{from: [{ONLY_B}, {{namespaceSelector: {{matchExpressions: [{{key: ns, operator: NotIn, values: [x]}}]}}}}]}}]}}"),),
          {"x/a": those("x/b", "y/*", "z/*")}),
    Table(E2E + "PodSelector and NamespaceSelector",
          (np(f"{{{A}, ingress: [{{from: [{{namespaceSelector: {{matchExpressions: [{{key: ns, operator: NotIn, values: [x]}}]}},"
              " podSelector: {matchLabels: {pod: b}}}]}]}"),), {"x/a": those("y/b", "z/b")}),
    Table(E2E + "Multiple PodSelectors and NamespaceSelectors",
          (np(f"{{{A}, ingress: [{{from: [{{namespaceSelector: {{matchExpressions: [{{key: ns, operator: NotIn, values: [x]}}]}},"
              " podSelector: {matchExpressions: [{key: pod, operator: In, values: [b, c]}]}}]}]}"),),
          {"x/a": those("y/b", "y/c", "z/b", "z/c")}),
    Table(E2E + "any PodSelectors",
          (np(f"{{{A}, ingress: [{{from: [{ONLY_B}, {{podSelector: {{matchLabels: {{pod: c}}}}}}]}}]}}"),), {"x/a": those("x/b", "x/c")}),
    Table(E2E + "traffic only from a pod in a different namespace based on PodSelector and NamespaceSelector",
          (np(f"{{{A}, ingress: [{{from: [{{namespaceSelector: {{matchLabels: {{ns: y}}}}, podSelector: {{matchLabels: {{pod: a}}}}}}]}}]}}"),),
          {"x/a": ("y/a",)}),
    Table(E2E + "policy based on Ports: the port that is allowed",
          (np(f"{{{A}, ingress: [{{from: [{NS_Y}], ports: [{{port: 81}}]}}]}}"),), {"x/a": those("y/*")}, port=81),
    Table(E2E + "policy based on Ports: another port",
          (np(f"{{{A}, ingress: [{{from: [{NS_Y}], ports: [{{port: 81}}]}}]}}"),), {"x/a": ()}),
    Table(E2E + "multiple, stacked policies with overlapping podSelectors, port 80",
          (np(f"{{{A}, ingress: [{{from: [{NS_Y}], ports: [{{port: 81}}]}}]}}", "x/first"),
           np(f"{{{A}, ingress: [{{from: [{NS_Y}], ports: [{{port: 80}}]}}]}}", "x/second")), {"x/a": those("y/*")}),
    Table(E2E + "an allow-all policy", (np("{podSelector: {}, ingress: [{}]}"),), each(X, EVERYONE), port=81),
    Table(E2E + "ingress access on one named port",
          (np(f"{{{A}, ingress: [{{ports: [{{port: serve-81-tcp}}]}}]}}"),), {"x/a": EVERYONE}, port=81),
    Table(E2E + "ingress access on one named port, the other one",
          (np(f"{{{A}, ingress: [{{ports: [{{port: serve-81-tcp}}]}}]}}"),), {"x/a": ()}),
    Table(E2E + "ingress access from namespace on one named port",
          (np(f"{{{A}, ingress: [{{from: [{NS_Y}], ports: [{{port: serve-80-tcp}}]}}]}}"),), {"x/a": those("y/*")}),
    Table(E2E + "egress access on one named port",
          (np(f"{{{A}, policyTypes: [Egress], egress: [{{ports: [{{port: serve-80-tcp}}]}}]}}"),), out={"x/a": EVERYONE}),
    Table(E2E + "egress access on one named port, the other one",
          (np(f"{{{A}, policyTypes: [Egress], egress: [{{ports: [{{port: serve-80-tcp}}]}}]}}"),), out={"x/a": ()}, port=81),
    Table(E2E + "deny ingress from pods on other namespaces",
          (np("{podSelector: {}, ingress: [{from: [{podSelector: {}}]}]}"),), each(X, X)),
    Table(E2E + "deny egress from pods based on PodSelector",
          (np(f"{{{A}, policyTypes: [Egress]}}"),), out={"x/a": ()}),
    Table(E2E + "Ingress, Egress specified together, port 80",
          (np(f"{{{A}, policyTypes: [Ingress, Egress], ingress: [{{from: [{ONLY_B}]}}], egress: [{{ports: [{{port: 80}}]}}]}}"),),
          {"x/a": ("x/b",)}, {"x/a": EVERYONE}),
    Table(E2E + "Ingress, Egress specified together, port 81",
          (np(f"{{{A}, policyTypes: [Ingress, Egress], ingress: [{{from: [{ONLY_B}]}}], egress: [{{ports: [{{port: 80}}]}}]}}"),),
          {"x/a": ("x/b",)}, {"x/a": ()}, port=81),
    Table(E2E + "denying of egress traffic on the client side (even if the server explicitly allows this traffic)",
          (np(f"{{{A}, policyTypes: [Egress], egress: [{{to: [{{namespaceSelector: {{matchLabels: {{ns: y}}}}, podSelector: {{matchLabels: {{pod: a}}}}}}]}}]}}"),
           np("{podSelector: {}, ingress: [{from: [{namespaceSelector: {matchLabels: {ns: x}}, podSelector: {matchLabels: {pod: a}}}]}]}", "y/p")),
          each(those("y/*"), ("x/a",)), {"x/a": ("y/a",)}),
    Table(E2E + "egress to a server in a different namespace based on PodSelector and NamespaceSelector",
          (np(f"{{{A}, policyTypes: [Egress], egress: [{{to: [{{namespaceSelector: {{matchLabels: {{ns: y}}}}, podSelector: {{matchLabels: {{pod: a}}}}}}]}}]}}"),),
          out={"x/a": ("y/a",)}),
    Table(E2E + "any port traffic to a server on a specific protocol, TCP",
          (np(f"{{{A}, ingress: [{{ports: [{{protocol: TCP}}]}}]}}"),), {"x/a": EVERYONE}),
    Table(E2E + "any port traffic to a server on a specific protocol, UDP stays shut",
          (np(f"{{{A}, ingress: [{{ports: [{{protocol: TCP}}]}}]}}"),), {"x/a": ()}, protocol="UDP"),
    Table(E2E + "multiple ingress policies with ingress allow-all policy taking precedence",
          (np(f"{{{A}, ingress: [{{ports: [{{port: 80}}]}}]}}", "x/some"), np("{podSelector: {}, ingress: [{}]}", "x/all")),
          each(X, EVERYONE), port=81),
    Table(E2E + "multiple egress policies with egress allow-all policy taking precedence",
          (np("{podSelector: {}, policyTypes: [Egress], egress: [{ports: [{port: 80}]}]}", "x/some"),
           np("{podSelector: {}, policyTypes: [Egress], egress: [{}]}", "x/all")), out=each(X, EVERYONE), port=81),
    Table(E2E + "egress access to server in CIDR block",
          (np(f"{{{A}, policyTypes: [Egress], egress: [{{to: [{{ipBlock: {{cidr: 10.42.1.2/32}}}}]}}]}}"),), out={"x/a": ("y/b",)}),
    Table(E2E + "except clause while egress access to server in CIDR block",
          (np(f"{{{A}, policyTypes: [Egress], egress: [{{to: [{{ipBlock: {{cidr: 10.42.1.0/24, except: [10.42.1.2/32]}}}}]}}]}}"),),
          out={"x/a": ("y/a", "y/c")}),
    Table(E2E + "an IP overlapping both IPBlock.CIDR and IPBlock.Except is allowed",
          (np(f"{{{A}, policyTypes: [Egress], egress: [{{to: [{{ipBlock: {{cidr: 10.42.1.0/24, except: [10.42.1.2/32]}}}}]}}]}}", "x/one"),
           np(f"{{{A}, policyTypes: [Egress], egress: [{{to: [{{ipBlock: {{cidr: 10.42.1.2/32}}}}]}}]}}", "x/two")),
          out={"x/a": those("y/*")}),
    Table(E2E + "ingress and egress policies can be controlled independently based on PodSelector",
          (np(f"{{{A}, policyTypes: [Egress], egress: [{{to: [{{podSelector: {{matchLabels: {{pod: b}}}}}}]}}]}}", "x/out"),
           np(f"{{{A}, policyTypes: [Ingress]}}", "x/in")), {"x/a": ()}, {"x/a": ("x/b",)}),
    Table(E2E + "not mistakenly treat 'protocol: SCTP' as 'protocol: TCP'",
          (np(f"{{{A}, ingress: [{{ports: [{{port: 81, protocol: SCTP}}]}}]}}"),), {"x/a": ()}, port=81),
    Table(E2E + "properly isolate pods that are selected by a policy allowing SCTP",
          (np(f"{{{A}, ingress: [{{ports: [{{port: 80, protocol: SCTP}}]}}]}}"),), {"x/a": ()}),
    Table(E2E + "policy based on Ports, SCTP",
          (np(f"{{{A}, ingress: [{{from: [{NS_Y}], ports: [{{port: 80, protocol: SCTP}}]}}]}}"),), {"x/a": those("y/*")}, protocol="SCTP"),
    Table(E2E + "not allow access by TCP when a policy specifies only UDP",
          (np(f"{{{A}, ingress: [{{ports: [{{port: 81, protocol: UDP}}]}}]}}"),), {"x/a": ()}, port=81),
    Table(E2E + "a policy with EndPort, within",
          (np(f"{{{A}, policyTypes: [Egress], egress: [{{ports: [{{port: 32768, endPort: 61000}}]}}]}}"),), out={"x/a": EVERYONE}, port=40000),
    Table(E2E + "a policy with EndPort, outside",
          (np(f"{{{A}, policyTypes: [Egress], egress: [{{ports: [{{port: 32768, endPort: 61000}}]}}]}}"),), out={"x/a": ()}),
)  # fmt: skip
"""After a policy is changed, or a label, the API's objects are others: those cases are the same tables again."""

SHOP = [
    namespace("default"), namespace("prod", purpose="production"), namespace("dev", purpose="testing"),
    pod("default/web", {"app": "web"}, ip="10.42.0.10"), pod("default/api", {"app": "bookstore", "role": "api"}, ip="10.42.0.11"),
    pod("default/search", {"app": "bookstore", "role": "search"}, ip="10.42.0.12"),
    pod("default/db", {"app": "bookstore", "role": "db"}, ip="10.42.0.13"), pod("default/other", {"app": "other"}, ip="10.42.0.14"),
    pod("prod/client", {"app": "client"}, ip="10.42.1.10"), pod("dev/client", {"app": "client"}, ip="10.42.2.10"),
    pod("dev/monitor", {"type": "monitoring"}, ip="10.42.2.11"),
]  # fmt: skip
Asks = tuple[str, ...]
"""``a > b:80`` may, ``a ! b:80`` may not."""


@dataclass(frozen=True)
class Case:
    where: str
    policies: tuple[Doc, ...]
    asks: Asks


def shop(text: str, path: str = "default/p") -> Doc:
    return policy(text, path)


WEB, API_POD = "podSelector: {matchLabels: {app: web}}", "podSelector: {matchLabels: {app: bookstore, role: api}}"
CASES = (
    Case(RECIPES + "01, deny all traffic to an application", (shop(f"{{{WEB}, ingress: []}}"),),
         ("default/other ! default/web:80", "prod/client ! default/web:80", "world ! default/web:80", "default/web > default/other:80")),
    Case(RECIPES + "02, limit traffic to an application", (shop(f"{{{API_POD}, ingress: [{{from: [{{podSelector: {{matchLabels: {{app: bookstore}}}}}}]}}]}}"),),
         ("default/search > default/api:80", "default/other ! default/api:80", "prod/client ! default/api:80")),
    Case(RECIPES + "02a, allow all traffic to an application", (shop(f"{{{WEB}, ingress: []}}", "default/deny"), shop(f"{{{WEB}, ingress: [{{}}]}}")),
         ("default/other > default/web:80", "prod/client > default/web:80", "world > default/web:80")),
    Case(RECIPES + "03, deny all non-whitelisted traffic in the namespace", (shop("{podSelector: {}, ingress: []}"),),
         ("default/other ! default/web:80", "prod/client ! default/db:80", "default/web > prod/client:80")),
    Case(RECIPES + "04, deny traffic from other namespaces", (shop("{podSelector: {matchLabels: {}}, ingress: [{from: [{podSelector: {}}]}]}"),),
         ("default/other > default/web:80", "prod/client ! default/web:80")),
    Case(RECIPES + "05, allow traffic from all namespaces", (shop(f"{{{WEB}, ingress: [{{from: [{{namespaceSelector: {{}}}}]}}]}}"),),
         ("prod/client > default/web:80", "default/other > default/web:80", "world ! default/web:80")),
    Case(RECIPES + "06, allow traffic from a namespace", (shop(f"{{{WEB}, ingress: [{{from: [{{namespaceSelector: {{matchLabels: {{purpose: production}}}}}}]}}]}}"),),
         ("prod/client > default/web:80", "dev/client ! default/web:80", "default/other ! default/web:80")),
    Case(RECIPES + "07, allow traffic from some pods in another namespace",
         (shop(f"{{{WEB}, ingress: [{{from: [{{namespaceSelector: {{matchLabels: {{purpose: testing}}}}, podSelector: {{matchLabels: {{type: monitoring}}}}}}]}}]}}"),),
         ("dev/monitor > default/web:80", "dev/client ! default/web:80", "prod/client ! default/web:80")),
    Case(RECIPES + "08, allow traffic from external clients", (shop(f"{{{WEB}, ingress: [{{from: []}}]}}"),), ("world > default/web:80", "prod/client > default/web:80")),
    Case(RECIPES + "08, with a port", (shop(f"{{{WEB}, ingress: [{{from: [], ports: [{{port: 80}}]}}]}}"),), ("world > default/web:80", "world ! default/web:81")),
    Case(RECIPES + "09, allow traffic only to a port", (shop(f"{{{WEB}, ingress: [{{ports: [{{port: 5000}}], from: [{{podSelector: {{matchLabels: {{app: other}}}}}}]}}]}}"),),
         ("default/other > default/web:5000", "default/other ! default/web:8000", "default/db ! default/web:5000")),
    Case(RECIPES + "10, allow traffic with multiple selectors",
         (shop("{podSelector: {matchLabels: {app: bookstore, role: db}}, ingress: [{from: [{podSelector: {matchLabels: {app: bookstore, role: search}}},"
               " {podSelector: {matchLabels: {app: bookstore, role: api}}}]}]}"),),
         ("default/search > default/db:80", "default/api > default/db:80", "default/web ! default/db:80")),
    Case(RECIPES + "11, deny egress traffic from an application", (shop(f"{{{WEB}, policyTypes: [Egress], egress: []}}"),),
         ("default/web ! default/api:80", "default/web ! world:443", "default/api > default/web:80")),
    Case(RECIPES + "11, allowing DNS", (shop(f"{{{WEB}, policyTypes: [Egress], egress: [{{ports: [{{port: 53, protocol: UDP}}, {{port: 53, protocol: TCP}}]}}]}}"),),
         ("default/web > world:53", "default/web ! world:443")),
    Case(RECIPES + "12, deny all non-whitelisted traffic from the namespace", (shop("{podSelector: {}, policyTypes: [Egress], egress: []}"),),
         ("default/web ! default/api:80", "default/db ! world:443", "prod/client > default/web:80")),
    Case(RECIPES + "14, deny external egress traffic", (shop("{podSelector: {matchLabels: {app: web}}, policyTypes: [Egress],"
         " egress: [{ports: [{port: 53, protocol: UDP}, {port: 53}]}, {to: [{namespaceSelector: {}}]}]}"),),
         ("default/web > prod/client:80", "default/web ! world:443", "default/web > world:53")),
    Case(DOCS + "the NetworkPolicy resource",
         (shop("{podSelector: {matchLabels: {role: db}}, policyTypes: [Ingress, Egress], ingress: [{from: [{ipBlock: {cidr: 172.17.0.0/16,"
               " except: [172.17.1.0/24]}}, {namespaceSelector: {matchLabels: {purpose: production}}}, {podSelector: {matchLabels: {role: search}}}],"
               " ports: [{port: 6379}]}], egress: [{to: [{ipBlock: {cidr: 10.0.0.0/24}}], ports: [{port: 5978}]}]}"),),
         ("172.17.0.9 > default/db:6379", "172.17.1.9 ! default/db:6379", "prod/client > default/db:6379", "default/search > default/db:6379",
          "default/web ! default/db:6379", "172.17.0.9 ! default/db:80", "default/db > 10.0.0.7:5978", "default/db ! 10.0.0.7:80", "default/db ! 10.0.1.7:5978")),
    Case(DOCS + "one element with two selectors is an and", (shop(f"{{{WEB}, ingress: [{{from: [{{namespaceSelector: {{matchLabels: {{purpose: testing}}}},"
         " podSelector: {matchLabels: {app: client}}}]}]}"),), ("dev/client > default/web:80", "dev/monitor ! default/web:80", "prod/client ! default/web:80")),
    Case(DOCS + "two elements are an or", (shop(f"{{{WEB}, ingress: [{{from: [{{namespaceSelector: {{matchLabels: {{purpose: testing}}}}}},"
         " {podSelector: {matchLabels: {app: other}}}]}]}"),), ("dev/monitor > default/web:80", "default/other > default/web:80", "prod/client ! default/web:80")),
    Case(DOCS + "default deny all egress traffic leaves ingress open", (shop("{podSelector: {}, policyTypes: [Egress]}"),),
         ("prod/client > default/web:80", "default/web ! prod/client:80")),
    Case(DOCS + "allow all egress traffic", (shop("{podSelector: {}, policyTypes: [Egress]}", "default/deny"), shop("{podSelector: {}, policyTypes: [Egress], egress: [{}]}")),
         ("default/web > world:443", "default/web > prod/client:80")),
    Case(DOCS + "targeting a range of ports", (shop("{podSelector: {matchLabels: {role: db}}, policyTypes: [Egress], egress: [{to: [{ipBlock: {cidr: 10.0.0.0/24}}],"
         " ports: [{port: 32000, endPort: 32768}]}]}"),),
         ("default/db > 10.0.0.3:32000", "default/db > 10.0.0.3:32768", "default/db ! 10.0.0.3:32769", "default/db ! 10.0.1.3:32000")),
    Case(DOCS + "targeting multiple namespaces by label", (shop("{podSelector: {matchLabels: {app: web}}, policyTypes: [Egress], egress: [{to: [{namespaceSelector:"
         " {matchExpressions: [{key: purpose, operator: In, values: [production, testing]}]}}]}]}"),),
         ("default/web > prod/client:80", "default/web > dev/client:80", "default/web ! default/api:80")),
    Case(CILIUM + "endpoints based, ingress from a role", (cnp("{endpointSelector: {matchLabels: {role: db}}, ingress: [{fromEndpoints: [{matchLabels: {role: search}}]}]}"),),
         ("default/search > default/db:80", "default/web ! default/db:80", "prod/client ! default/db:80")),
    Case(CILIUM + "ingress allow all endpoints (an empty rule of endpoints)", (cnp("{endpointSelector: {matchLabels: {role: db}}, ingress: [{fromEndpoints: [{}]}]}"),),
         ("default/web > default/db:80", "prod/client ! default/db:80", "world ! default/db:80")),
    Case(CILIUM + "ingress default deny", (cnp("{endpointSelector: {matchLabels: {role: db}}, ingress: [{}]}"),), ("default/web ! default/db:80", "default/db > default/web:80")),
    Case(CILIUM + "egress default deny", (cnp("{endpointSelector: {matchLabels: {role: db}}, egress: [{}]}"),), ("default/db ! default/web:80", "default/web > default/db:80")),
    Case(CILIUM + "entities based, all within the cluster", (cnp("{endpointSelector: {matchLabels: {role: db}}, ingress: [{fromEntities: [cluster]}]}"),),
         ("prod/client > default/db:80", "world ! default/db:80")),
    Case(CILIUM + "entities based, to and from the outside world", (cnp("{endpointSelector: {matchLabels: {role: db}}, ingress: [{fromEntities: [world]}]}"),),
         ("world > default/db:80", "default/web ! default/db:80")),
    Case(CILIUM + "IP/CIDR based, to an external CIDR with an exception",
         (cnp("{endpointSelector: {matchLabels: {app: web}}, egress: [{toCIDR: [20.1.1.1/32]}, {toCIDRSet: [{cidr: 10.0.0.0/8, except: [10.96.0.0/12]}]}]}"),),
         ("default/web > 20.1.1.1:443", "default/web > 10.1.2.3:443", "default/web ! 10.97.0.1:443", "default/web ! 20.1.1.2:443")),
    Case(CILIUM + "a CIDR never means pods", (cnp("{endpointSelector: {matchLabels: {app: web}}, egress: [{toCIDR: [10.0.0.0/8]}]}"),), ("default/web ! default/api:80",)),
    Case(CILIUM + "limit ingress/egress ports", (cnp("{endpointSelector: {matchLabels: {app: web}}, egress: [{toPorts: [{ports: [{port: '80', protocol: TCP}]}]}]}"),),
         ("default/web > default/api:80", "default/web > world:80", "default/web ! default/api:81")),
    Case(CILIUM + "limit to a range of ports", (cnp("{endpointSelector: {matchLabels: {app: web}}, egress: [{toPorts: [{ports: [{port: '80', endPort: 444, protocol: TCP}]}]}]}"),),
         ("default/web > world:443", "default/web ! world:445")),
    Case(CILIUM + "labels dependent layer 4 rule", (cnp("{endpointSelector: {matchLabels: {role: db}}, ingress: [{fromEndpoints: [{matchLabels: {role: search}}],"
         " toPorts: [{ports: [{port: '80', protocol: TCP}]}]}]}"),), ("default/search > default/db:80", "default/search ! default/db:81", "default/api ! default/db:80")),
    Case(CILIUM + "cross namespace ingress", (cnp("{endpointSelector: {matchLabels: {role: db}}, ingress: [{fromEndpoints: [{matchLabels:"
         " {'k8s:io.kubernetes.pod.namespace': prod, app: client}}]}]}"),), ("prod/client > default/db:80", "dev/client ! default/db:80")),
    Case(CILIUM + "deny policies win", (cnp("{endpointSelector: {matchLabels: {role: db}}, ingress: [{fromEntities: [all]}], ingressDeny: [{fromEndpoints: [{matchLabels: {app: other}}]}]}"),),
         ("default/web > default/db:80", "default/other ! default/db:80", "world > default/db:80")),
    Case(CILIUM + "clusterwide, ingress for all endpoints of a label", (ccnp("{endpointSelector: {matchLabels: {app: client}}, ingress: [{fromEndpoints: [{matchLabels: {app: web}}]}]}"),),
         ("default/web > prod/client:80", "default/web > dev/client:80", "default/other ! dev/client:80")),
    Case(CILIUM + "default deny can be left to others (enableDefaultDeny)",
         (cnp("{endpointSelector: {matchLabels: {role: db}}, enableDefaultDeny: {ingress: false}, ingress: [{fromEndpoints: [{matchLabels: {role: search}}]}]}"),),
         ("default/search > default/db:80", "default/web > default/db:80")),
)  # fmt: skip

HOUSES = [
    *(namespace(house, house=house) for house in ("gryffindor", "slytherin", "hufflepuff", "ravenclaw")),
    pod("gryffindor/harry", {"pod": "harry"}, ip="10.42.0.1", ports=[("web", "TCP", 80)]),
    pod("slytherin/draco", {"pod": "draco"}, ip="10.42.1.1", ports=[("web", "TCP", 80)]),
    pod("hufflepuff/cedric", {"pod": "cedric"}, ip="10.42.2.1", ports=[("web", "TCP", 8080)]),
    pod("ravenclaw/luna", {"pod": "luna"}, ip="10.42.3.1", ports=[("web", "TCP", 80)]),
]


def rule(action: str, way: str, house: str, ports: str = "") -> str:
    word = "from" if way == "ingress" else "to"
    extra = f", ports: [{ports}]" if ports else ""
    return f"{{action: {action}, {word}: [{{namespaces: {{matchLabels: {{house: {house}}}}}}}]{extra}}}"


def admin(priority: int, house: str, *, ingress: str = "", egress: str = "", name: str = "p") -> Doc:
    parts = [f"priority: {priority}", f"subject: {{namespaces: {{matchLabels: {{house: {house}}}}}}}"]
    parts += [f"ingress: [{ingress}]"] if ingress else []
    parts += [f"egress: [{egress}]"] if egress else []
    return policy(f"{{{', '.join(parts)}}}", name, "AdminNetworkPolicy")


def baseline(house: str, *, ingress: str = "", egress: str = "") -> Doc:
    parts = [f"subject: {{namespaces: {{matchLabels: {{house: {house}}}}}}}"]
    parts += [f"ingress: [{ingress}]"] if ingress else []
    parts += [f"egress: [{egress}]"] if egress else []
    return policy(f"{{{', '.join(parts)}}}", "default", "BaselineAdminNetworkPolicy")


DRACO, HARRY, CEDRIC, LUNA = "slytherin/draco", "gryffindor/harry", "hufflepuff/cedric", "ravenclaw/luna"
P80 = "{portNumber: {protocol: TCP, port: 80}}"
SHUT_HARRY = policy("{podSelector: {}}", "gryffindor/shut")
OPEN_HARRY = policy("{podSelector: {}, ingress: [{}]}", "gryffindor/open")
ADMIN_CASES = (
    *(
        case
        for kind, make in (
            ("AdminNetworkPolicy", lambda **ways: admin(10, "gryffindor", **ways)),
            ("BaselineAdminNetworkPolicy", lambda **ways: baseline("gryffindor", **ways)),
        )
        for case in (
            Case(f"{API}{kind}IngressTCP", (make(ingress=", ".join((
                rule("Allow", "ingress", "ravenclaw"), rule("Deny", "ingress", "slytherin"), rule("Deny", "ingress", "hufflepuff", P80)))),),
                (f"{LUNA} > {HARRY}:80", f"{DRACO} ! {HARRY}:80", f"{CEDRIC} ! {HARRY}:80", f"{CEDRIC} > {HARRY}:8080")),
            Case(f"{API}{kind}EgressTCP", (make(egress=", ".join((
                rule("Allow", "egress", "ravenclaw"), rule("Deny", "egress", "slytherin"), rule("Deny", "egress", "hufflepuff", P80)))),),
                (f"{HARRY} > {LUNA}:80", f"{HARRY} ! {DRACO}:80", f"{HARRY} ! {CEDRIC}:80", f"{HARRY} > {CEDRIC}:8080")),
            Case(f"{API}{kind}GressRules, the first rule that matches decides", (make(ingress=", ".join((
                rule("Deny", "ingress", "slytherin"), rule("Allow", "ingress", "slytherin")))),), (f"{DRACO} ! {HARRY}:80",)),
            Case(f"{API}{kind}GressRules, in the other order", (make(ingress=", ".join((
                rule("Allow", "ingress", "slytherin"), rule("Deny", "ingress", "slytherin")))),), (f"{DRACO} > {HARRY}:80",)),
            Case(f"{API}{kind}IngressNamedPort", (make(ingress=rule("Deny", "ingress", "slytherin", "{namedPort: web}")),),
                 (f"{DRACO} ! {HARRY}:80", f"{DRACO} > {HARRY}:8080")),
            Case(f"{API}{kind}EgressNamedPort", (make(egress=rule("Deny", "egress", "hufflepuff", "{namedPort: web}")),),
                 (f"{HARRY} ! {CEDRIC}:8080", f"{HARRY} > {CEDRIC}:80")),
            Case(f"{API}{kind}EgressInlineCIDRPeers", (make(egress="{action: Deny, to: [{networks: [10.42.2.0/24]}]}"),),
                 (f"{HARRY} ! {CEDRIC}:80", f"{HARRY} > {LUNA}:80")),
            Case(f"{API}{kind}Ingress, a range of ports", (make(ingress=rule("Deny", "ingress", "slytherin", "{portRange: {protocol: TCP, start: 79, end: 81}}")),),
                 (f"{DRACO} ! {HARRY}:80", f"{DRACO} > {HARRY}:82")),
        )
    ),
    Case(API + "AdminNetworkPolicyPriorityField, the lower number comes first",
         (admin(50, "gryffindor", ingress=rule("Deny", "ingress", "slytherin"), name="late"),
          admin(40, "gryffindor", ingress=rule("Allow", "ingress", "slytherin"), name="early")), (f"{DRACO} > {HARRY}:80",)),
    Case(API + "AdminNetworkPolicyIntegration, a deny stands above NetworkPolicies",
         (admin(10, "gryffindor", ingress=rule("Deny", "ingress", "slytherin")), OPEN_HARRY), (f"{DRACO} ! {HARRY}:80", f"{LUNA} > {HARRY}:80")),
    Case(API + "AdminNetworkPolicyIntegration, an allow stands above NetworkPolicies",
         (admin(10, "gryffindor", ingress=rule("Allow", "ingress", "slytherin")), SHUT_HARRY), (f"{DRACO} > {HARRY}:80", f"{LUNA} ! {HARRY}:80")),
    Case(API + "AdminNetworkPolicyIntegration, a pass leaves it to NetworkPolicies",
         (admin(10, "gryffindor", ingress=", ".join((rule("Pass", "ingress", "slytherin"), rule("Deny", "ingress", "slytherin")))), OPEN_HARRY),
         (f"{DRACO} > {HARRY}:80",)),
    Case(API + "AdminNetworkPolicyIntegration, a pass and no NetworkPolicy leave it to the baseline",
         (admin(10, "gryffindor", ingress=rule("Pass", "ingress", "slytherin")), baseline("gryffindor", ingress=rule("Deny", "ingress", "slytherin"))),
         (f"{DRACO} ! {HARRY}:80", f"{LUNA} > {HARRY}:80")),
    Case(API + "BaselineAdminNetworkPolicyIntegration, a NetworkPolicy stands above the baseline",
         (baseline("gryffindor", ingress=rule("Deny", "ingress", "slytherin")), OPEN_HARRY), (f"{DRACO} > {HARRY}:80",)),
    Case(API + "AdminNetworkPolicyIngressUDP", (admin(10, "gryffindor", ingress=rule("Deny", "ingress", "slytherin", "{portNumber: {protocol: UDP, port: 53}}")),),
         (f"{DRACO} ! {HARRY}:53/udp", f"{DRACO} > {HARRY}:53", f"{DRACO} > {HARRY}:5353/udp")),
    Case(API + "AdminNetworkPolicyEgressSCTP", (admin(10, "gryffindor", egress=rule("Deny", "egress", "slytherin", "{portNumber: {protocol: SCTP, port: 9003}}")),),
         (f"{HARRY} ! {DRACO}:9003/sctp", f"{HARRY} > {DRACO}:9005/sctp", f"{HARRY} > {DRACO}:9003")),
)  # fmt: skip
