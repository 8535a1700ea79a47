"""cilium.io, as of Cilium 1.20.

The policies' rules, identities and pools are spelled out; the kinds of features the demo does not use are open.
"""

from __future__ import annotations

from typing import Any

from pointsman.tui.demo.scenario.crds import CONDITIONS, Crd

_ENTITIES = "all|world|world-ipv4|world-ipv6|cluster|cluster-mesh|host|init|ingress|unmanaged|remote-node|health|none|kube-apiserver"
_CIDR_SET = {"cidr": "str", "cidrGroupRef": "str", "cidrGroupSelector": "selector", "except": ["str"]}
_ICMP = [{"fields": [{"family": "IPv4|IPv6", "type!": "intstr"}]}]
_MATCH = [{"matchName": "str", "matchPattern": "str"}]
_PORTS = [{"port!": "str", "endPort": "int32", "protocol": "str"}]
_RULES = {
    "dns": _MATCH,
    "http": [
        {
            "method": "str",
            "path": "str",
            "host": "str",
            "headers": ["str"],
            "headerMatches": [{"name!": "str", "value": "str", "mismatch": "LOG|ADD|DELETE|REPLACE", "secret": "any"}],
        }
    ],
}
_TO_PORTS = {
    "ports": _PORTS,
    "rules": _RULES,
    "serverNames": ["str"],
    "terminatingTLS": "any",
    "originatingTLS": "any",
    "listener": "any",
}


def _peers(side: str) -> dict[str, Any]:
    """The L3 half of a rule, `from` or `to`."""
    return {
        f"{side}Endpoints": ["selector"],
        f"{side}Entities": [_ENTITIES],
        f"{side}CIDR": ["str"],
        f"{side}CIDRSet": [_CIDR_SET],
        f"{side}Nodes": ["selector"],
        f"{side}Groups": ["any"],
        "icmps": _ICMP,
    }


_DENY_PORTS = {"toPorts": [{"ports": _PORTS}]}
_MODE = {"authentication": {"mode!": "disabled|required|test-always-fail"}}
_SERVICES = {"toServices": ["any"]}
_RULE: dict[str, Any] = {
    "endpointSelector": "selector",
    "nodeSelector": "selector",
    "ingress": [{**_peers("from"), "toPorts": [_TO_PORTS], **_MODE}],
    "ingressDeny": [{**_peers("from"), **_DENY_PORTS}],
    "egress": [{**_peers("to"), **_SERVICES, "toFQDNs": _MATCH, "toPorts": [_TO_PORTS], **_MODE}],
    "egressDeny": [{**_peers("to"), **_SERVICES, **_DENY_PORTS}],
    "enableDefaultDeny": {"ingress": "bool", "egress": "bool"},
    "labels": [{"key!": "str", "value": "str", "source": "str"}],
    "description": "str",
    "log": {"value": "str"},
}
_POLICY_STATUS = {"conditions": CONDITIONS, "derivativePolicies": "any"}
_VALID = "Valid~string~.status.conditions[?(@.type=='Valid')].status"
_POLICY = "cilium ciliumpolicy"
_BGP = "cilium ciliumbgp"
_V2 = ("v2",)
_IDENTITIES = [{"identity": "int64", "identity-labels": "strings", "dest-port": "int", "protocol": "int"}]
_DIRECTION = {
    "enforcing!": "bool",
    "state": "str",
    "allowed": _IDENTITIES,
    "denied": _IDENTITIES,
    "adding": _IDENTITIES,
    "removing": _IDENTITIES,
}


def _open(
    kind: str, plural: str, short: str, *, cluster: bool, categories: str = "cilium", status: bool = False
) -> Crd:
    return Crd(
        kind,
        plural,
        spec="any",
        status="any" if status else None,
        short=short,
        cluster=cluster,
        categories=categories,
        versions=_V2,
        subresource=status,
        columns=("Age",),
    )


CILIUM = (
    Crd(
        "CiliumNetworkPolicy",
        "ciliumnetworkpolicies",
        spec=_RULE,
        status=_POLICY_STATUS,
        top={"specs": [_RULE]},
        required=("metadata",),
        short="cnp ciliumnp",
        categories=_POLICY,
        versions=_V2,
        columns=("Age", _VALID),
    ),
    Crd(
        "CiliumClusterwideNetworkPolicy",
        "ciliumclusterwidenetworkpolicies",
        spec=_RULE,
        status=_POLICY_STATUS,
        top={"specs": [_RULE]},
        required=("metadata",),
        short="ccnp",
        cluster=True,
        categories=_POLICY,
        versions=_V2,
        columns=(_VALID,),
    ),
    Crd(
        "CiliumLoadBalancerIPPool",
        "ciliumloadbalancerippools",
        spec={
            "blocks": [{"cidr": "str", "start": "str", "stop": "str"}],
            "serviceSelector": "selector",
            "allowFirstLastIPs": "Yes|No",
            "disabled": "bool=false",
        },
        status={"conditions": CONDITIONS},
        required=("metadata", "spec"),
        short="ippools ippool lbippool lbippools",
        cluster=True,
        categories="cilium",
        versions=("v2", "v2alpha1"),
        columns=(
            "Disabled~boolean~.spec.disabled",
            'Conflicting~string~.status.conditions[?(@.type=="cilium.io/PoolConflict")].status',
            'IPs Available~string~.status.conditions[?(@.type=="cilium.io/IPsAvailable")].message',
            "Age",
        ),
    ),
    Crd(
        "CiliumL2AnnouncementPolicy",
        "ciliuml2announcementpolicies",
        spec={
            "serviceSelector": "selector",
            "nodeSelector": "selector",
            "interfaces": ["str"],
            "loadBalancerIPs": "bool",
            "externalIPs": "bool",
        },
        status={"conditions": CONDITIONS},
        required=("metadata",),
        short="l2announcement",
        cluster=True,
        categories="cilium",
        versions=("v2alpha1",),
        columns=("Age",),
    ),
    Crd(
        "CiliumNode",
        "ciliumnodes",
        spec={
            "addresses": [{"type": "str", "ip": "str"}],
            "bootid": "str",
            "encryption": {"key": "int"},
            "health": {"ipv4": "str", "ipv6": "str"},
            "ingress": {"ipv4": "str", "ipv6": "str"},
            "instance-id": "str",
            "ipam": {"podCIDRs": ["str"], "pools": "any"},
        },
        status={"ipam": {"used": "any", "operator-status": {"error": "str"}}},
        required=("metadata", "spec"),
        short="cn ciliumn",
        cluster=True,
        categories="cilium",
        versions=_V2,
        columns=(
            'CiliumInternalIP~string~.spec.addresses[?(@.type=="CiliumInternalIP")].ip',
            'InternalIP~string~.spec.addresses[?(@.type=="InternalIP")].ip',
            "Age",
        ),
    ),
    Crd(
        "CiliumEndpoint",
        "ciliumendpoints",
        status={
            "id": "int64",
            "state": "creating|waiting-for-identity|not-ready|waiting-to-regenerate|regenerating|restoring|ready"
            "|disconnecting|disconnected|invalid",
            "identity": {"id": "int64", "labels": ["str"]},
            "networking": {"addressing!": [{"ipv4": "str", "ipv6": "str"}], "node": "str"},
            "policy": {"ingress": _DIRECTION, "egress": _DIRECTION},
            "external-identifiers": "strings",
            "encryption": {"key": "int"},
            "named-ports": [{"name": "str", "port": "int", "protocol": "str"}],
            "service-account": "str",
            "health": "any",
            "log": ["any"],
            "controllers": ["any"],
        },
        required=("metadata",),
        short="cep ciliumep",
        categories="cilium",
        versions=_V2,
        subresource=False,
        columns=(
            "Security Identity~integer~.status.identity.id",
            "Ingress Enforcement~string~.status.policy.ingress.state~1",
            "Egress Enforcement~string~.status.policy.egress.state~1",
            "Endpoint State~string~.status.state",
            "IPv4~string~.status.networking.addressing[0].ipv4",
            "IPv6~string~.status.networking.addressing[0].ipv6",
        ),
    ),
    Crd(
        "CiliumIdentity",
        "ciliumidentities",
        top={"security-labels!": "strings"},
        required=("metadata", "security-labels"),
        short="ciliumid",
        cluster=True,
        categories="cilium",
        versions=_V2,
        columns=(r"Namespace~string~.metadata.labels.io\.kubernetes\.pod\.namespace", "Age"),
    ),
    Crd(
        "CiliumNodeConfig",
        "ciliumnodeconfigs",
        spec={"defaults!": "strings", "nodeSelector!": "selector"},
        required=("spec",),
        categories="cilium",
        versions=_V2,
        subresource=False,
    ),
    Crd(
        "CiliumCIDRGroup",
        "ciliumcidrgroups",
        spec={"externalCIDRs!": ["str"]},
        required=("spec",),
        short="ccg",
        cluster=True,
        categories="cilium",
        versions=("v2", "v2alpha1"),
        subresource=False,
    ),
    _open(
        "CiliumBGPClusterConfig", "ciliumbgpclusterconfigs", "cbgpcluster", cluster=True, categories=_BGP, status=True
    ),
    _open("CiliumBGPPeerConfig", "ciliumbgppeerconfigs", "cbgppeer", cluster=True, categories=_BGP, status=True),
    _open("CiliumBGPAdvertisement", "ciliumbgpadvertisements", "cbgpadvert", cluster=True, categories=_BGP),
    _open("CiliumBGPNodeConfig", "ciliumbgpnodeconfigs", "cbgpnode", cluster=True, categories=_BGP, status=True),
    _open(
        "CiliumBGPNodeConfigOverride", "ciliumbgpnodeconfigoverrides", "cbgpnodeoverride", cluster=True, categories=_BGP
    ),
    _open("CiliumEgressGatewayPolicy", "ciliumegressgatewaypolicies", "cegp", cluster=True, categories=_POLICY),
    _open("CiliumLocalRedirectPolicy", "ciliumlocalredirectpolicies", "clrp", cluster=False, categories=_POLICY),
    _open("CiliumEnvoyConfig", "ciliumenvoyconfigs", "cec", cluster=False),
    _open("CiliumClusterwideEnvoyConfig", "ciliumclusterwideenvoyconfigs", "ccec", cluster=True),
)
