"""metallb.io, as of MetalLB 0.16."""

from __future__ import annotations

from pointsman.tui.demo.scenario.crds import CONDITIONS, Crd

_POOLS = {"ipAddressPools": ["str"], "ipAddressPoolSelectors": ["selector"], "nodeSelectors": ["selector"]}
_SERVICE = {"node": "str", "serviceName": "str", "serviceNamespace": "str"}
_BETA = ("v1beta1",)

METALLB = (
    Crd(
        "IPAddressPool",
        "ipaddresspools",
        spec={
            "addresses!": ["str"],
            "autoAssign": "bool=true",
            "avoidBuggyIPs": "bool=false",
            "serviceAllocation": {
                "priority": "int",
                "namespaces": ["str"],
                "namespaceSelectors": ["selector"],
                "serviceSelectors": ["selector"],
            },
        },
        status={
            "assignedIPv4!": "int64",
            "assignedIPv6!": "int64",
            "availableIPv4!": "int64",
            "availableIPv6!": "int64",
        },
        required=("spec",),
        versions=_BETA,
        columns=(
            "Auto Assign~boolean~.spec.autoAssign",
            "Avoid Buggy IPs~boolean~.spec.avoidBuggyIPs",
            "Addresses~string~.spec.addresses",
        ),
    ),
    Crd(
        "L2Advertisement",
        "l2advertisements",
        spec={**_POOLS, "interfaces": ["str"], "serviceSelectors": ["selector"]},
        status="any",
        versions=_BETA,
        columns=(
            "IPAddressPools~string~.spec.ipAddressPools",
            "IPAddressPool Selectors~string~.spec.ipAddressPoolSelectors",
            "Interfaces~string~.spec.interfaces",
            "Node Selectors~string~.spec.nodeSelectors~10",
        ),
    ),
    Crd(
        "BGPAdvertisement",
        "bgpadvertisements",
        spec={
            **_POOLS,
            "aggregationLength": "int32=32",
            "aggregationLengthV6": "int32=128",
            "communities": ["str"],
            "localPref": "int32",
            "peers": ["str"],
            "serviceSelectors": ["selector"],
        },
        status="any",
        versions=_BETA,
        columns=(
            "IPAddressPools~string~.spec.ipAddressPools",
            "IPAddressPool Selectors~string~.spec.ipAddressPoolSelectors",
            "Peers~string~.spec.peers",
            "Node Selectors~string~.spec.nodeSelectors~10",
        ),
    ),
    Crd(
        "BGPPeer",
        "bgppeers",
        spec={
            "myASN!": "int64",
            "peerASN": "int64",
            "localASN": "int64",
            "dynamicASN": "internal|external",
            "peerAddress": "str",
            "peerPort": "int=179",
            "interface": "str",
            "sourceAddress": "str",
            "holdTime": "str",
            "keepaliveTime": "str",
            "connectTime": "str",
            "routerID": "str",
            "nodeSelectors": ["selector"],
            "password": "str",
            "passwordSecret": {"name": "str", "namespace": "str"},
            "bfdProfile": "str",
            "ebgpMultiHop": "bool",
            "enableGracefulRestart": "bool",
            "disableMP": "bool=false",
            "dualStackAddressFamily": "bool=false",
            "vrf": "str",
        },
        status="any",
        versions=("v1beta2", "v1beta1"),
        columns=(
            "Address~string~.spec.peerAddress",
            "ASN~string~.spec.peerASN",
            "BFD Profile~string~.spec.bfdProfile",
            "Multi Hops~string~.spec.ebgpMultiHop",
        ),
    ),
    Crd(
        "BFDProfile",
        "bfdprofiles",
        spec={
            "receiveInterval": "int32",
            "transmitInterval": "int32",
            "detectMultiplier": "int32",
            "echoInterval": "int32",
            "echoMode": "bool",
            "passiveMode": "bool",
            "minimumTtl": "int32",
        },
        status="any",
        versions=_BETA,
        columns=(
            "Passive Mode~boolean~.spec.passiveMode",
            "Transmit Interval~integer~.spec.transmitInterval",
            "Receive Interval~integer~.spec.receiveInterval",
            "Multiplier~integer~.spec.detectMultiplier",
        ),
    ),
    Crd(
        "Community",
        "communities",
        spec={"communities": [{"name": "str", "value": "str"}]},
        status="any",
        versions=_BETA,
    ),
    Crd(
        "ServiceL2Status",
        "servicel2statuses",
        spec="any",
        status={**_SERVICE, "interfaces": [{"name": "str"}]},
        versions=_BETA,
        columns=(
            "Allocated Node~string~.status.node",
            "Service Name~string~.status.serviceName",
            "Service Namespace~string~.status.serviceNamespace",
        ),
    ),
    Crd(
        "ServiceBGPStatus",
        "servicebgpstatuses",
        spec="any",
        status={**_SERVICE, "peers": ["str"]},
        versions=_BETA,
        columns=(
            "Node~string~.status.node",
            "Service Name~string~.status.serviceName",
            "Service Namespace~string~.status.serviceNamespace",
        ),
    ),
    Crd(
        "ConfigurationState",
        "configurationstates",
        status={"result": "Valid|Invalid|Unknown", "errorSummary": "str", "conditions": CONDITIONS},
        versions=_BETA,
        columns=("Result~string~.status.result", "ErrorSummary~string~.status.errorSummary", "Age"),
    ),
)
