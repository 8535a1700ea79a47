"""Hubble's protocol: fields, enums and methods, and message classes made from them at run time.

A message is a list of fields in the order the API declares them (the JSON form prints in that order); a field is
``name=number:type``, with ``*`` for repeated and ``?group`` for a member of a oneof. Types are scalars, enums and messages
of this table, or ``.google.protobuf.X``. Numbers and names are the wire facts of Cilium's ``flow``, ``relay`` and
``observer`` packages up to 1.20; what a newer server adds is skipped on reading. The classes live in a pool of their own,
so that another copy of the same API in the process does not clash.

Longer than most modules because it is one table.
"""

from __future__ import annotations

from typing import Any, Final

from google.protobuf import (
    any_pb2,
    descriptor_pb2,
    descriptor_pool,
    field_mask_pb2,
    message_factory,
    timestamp_pb2,
    wrappers_pb2,
)

from pointsman.tui.model.flows import IDENTITIES as IDENTITIES
from pointsman.tui.model.flows import TRACE_SOCK as TRACE_SOCK

SERVICE: Final = "/observer.Observer/"
GET_FLOWS: Final = SERVICE + "GetFlows"
GET_NODES: Final = SERVICE + "GetNodes"
GET_NAMESPACES: Final = SERVICE + "GetNamespaces"
SERVER_STATUS: Final = SERVICE + "ServerStatus"

DROP: Final = 1
CAPTURE: Final = 3
TRACE: Final = 4
POLICY_VERDICT: Final = 5
ACCESS_LOG: Final = 129
EVENT_TYPES: Final = {
    "drop": DROP, "debug": 2, "capture": CAPTURE, "trace": TRACE, "policy-verdict": POLICY_VERDICT, "recorder": 6,
    "trace-sock": TRACE_SOCK, "l7": ACCESS_LOG, "agent": 130,
}  # fmt: skip
"""Monitor message types, by the names a filter takes."""

TRACE_POINTS: Final = (
    "to-endpoint", "to-proxy", "to-host", "to-stack", "to-overlay", "from-endpoint", "from-proxy", "from-host",
    "from-stack", "from-overlay", "from-network", "to-network", "from-crypto", "to-crypto",
)  # fmt: skip
"""By the sub-type of a trace event."""

POLICY_MATCHES: Final = ("none", "L3-Only", "L3-L4", "L4-Only", "all", "L3-Proto", "Proto-Only")
DROP_TEXTS: Final[dict[int, str]] = {
    0: "Success", 2: "Invalid packet", 3: "Interface", 4: "Interface Decrypted",
    5: "LB, sock cgroup: No backend slot entry found", 6: "LB, sock cgroup: No backend entry found",
    7: "LB, sock cgroup: Reverse entry update failed", 8: "LB, sock cgroup: Reverse entry stale",
    9: "Fragmented packet", 10: "Fragmented packet entry update failed", 11: "Missed tail call to custom program",
    12: "Interface Decrypting", 13: "Interface Encrypting", 14: "LB: sock cgroup: Reverse entry delete succeeded",
    15: "MTU error message",
    130: "Invalid source mac", 131: "Invalid destination mac", 132: "Invalid source ip", 133: "Policy denied",
    134: "Invalid packet", 135: "CT: Truncated or invalid header", 136: "Fragmentation needed",
    137: "CT: Unknown L4 protocol", 138: "CT: Can't create entry from packet", 139: "Unsupported L3 protocol",
    140: "Missed tail call", 141: "Error writing to packet", 142: "Unknown L4 protocol", 143: "Unknown ICMPv4 code",
    144: "Unknown ICMPv4 type", 145: "Unknown ICMPv6 code", 146: "Unknown ICMPv6 type",
    147: "Error retrieving tunnel key", 148: "Error retrieving tunnel options", 149: "Invalid Geneve option",
    150: "Unknown L3 target address", 151: "Stale or unroutable IP", 152: "No matching local container found",
    153: "Error while correcting L3 checksum", 154: "Error while correcting L4 checksum",
    155: "CT: Map insertion failed", 156: "Invalid IPv6 extension header", 157: "IP fragmentation not supported",
    158: "Service backend not found", 160: "No tunnel/encapsulation endpoint (datapath BUG!)",
    161: "NAT 46/64 not enabled", 162: "Reached EDT rate-limiting drop horizon",
    163: "Unknown connection tracking state", 164: "Local host is unreachable",
    165: "No configuration available to perform policy decision", 166: "Unsupported L2 protocol",
    167: "No mapping for NAT masquerade", 168: "Unsupported protocol for NAT masquerade", 169: "FIB lookup failed",
    170: "Encapsulation traffic is prohibited", 171: "Invalid identity", 172: "Unknown sender", 173: "NAT not needed",
    174: "Is a ClusterIP", 175: "First logical datagram fragment not found", 176: "Forbidden ICMPv6 message",
    177: "Denied by LB src range check", 178: "Socket lookup failed", 179: "Socket assign failed",
    180: "Proxy redirection not supported for protocol", 181: "Policy denied by denylist",
    182: "VLAN traffic disallowed by VLAN filter", 183: "Incorrect VNI from VTEP",
    184: "Failed to update or lookup TC buffer", 185: "No SID was found for the IP address",
    186: "SRv6 state was removed during tail call", 187: "L3 translation from IPv4 to IPv6 failed (NAT46)",
    188: "L3 translation from IPv6 to IPv4 failed (NAT64)", 189: "Authentication required",
    190: "No conntrack map found", 191: "No nat map found", 192: "Invalid ClusterID",
    193: "Unsupported packet protocol for DSR encapsulation", 194: "No egress gateway found",
    195: "Traffic is unencrypted", 196: "TTL exceeded", 197: "No node ID found", 198: "Rate limited",
    199: "IGMP handled", 200: "IGMP subscribed", 201: "Multicast handled", 202: "Host datapath not ready",
    203: "Endpoint policy program not available", 204: "No Egress IP configured", 205: "Punt to proxy",
}  # fmt: skip
"""What the CLI prints for a drop code (the sub-type of a drop event)."""

ENUMS: Final[dict[str, str]] = {
    "flow.FlowType": "UNKNOWN_TYPE=0 L3_L4=1 L7=2 SOCK=3",
    "flow.AuthType": "DISABLED=0 SPIRE=1 TEST_ALWAYS_FAIL=2",
    "flow.TraceObservationPoint": """UNKNOWN_POINT=0 TO_PROXY=1 TO_HOST=2 TO_STACK=3 TO_OVERLAY=4 TO_ENDPOINT=101
        FROM_ENDPOINT=5 FROM_PROXY=6 FROM_HOST=7 FROM_STACK=8 FROM_OVERLAY=9 FROM_NETWORK=10 TO_NETWORK=11
        FROM_CRYPTO=12 TO_CRYPTO=13""",
    "flow.TraceReason": """TRACE_REASON_UNKNOWN=0 NEW=1 ESTABLISHED=2 REPLY=3 RELATED=4 REOPENED=5 SRV6_ENCAP=6
        SRV6_DECAP=7 ENCRYPT_OVERLAY=8""",
    "flow.L7FlowType": "UNKNOWN_L7_TYPE=0 REQUEST=1 RESPONSE=2 SAMPLE=3",
    "flow.IPVersion": "IP_NOT_USED=0 IPv4=1 IPv6=2",
    "flow.TunnelProtocol": "UNKNOWN=0 VXLAN=1 GENEVE=2",
    "flow.Verdict": """VERDICT_UNKNOWN=0 FORWARDED=1 DROPPED=2 ERROR=3 AUDIT=4 REDIRECTED=5 TRACED=6 TRANSLATED=7""",
    "flow.DropReason": """DROP_REASON_UNKNOWN=0 INVALID_SOURCE_MAC=130 INVALID_DESTINATION_MAC=131
        INVALID_SOURCE_IP=132 POLICY_DENIED=133 INVALID_PACKET_DROPPED=134 CT_TRUNCATED_OR_INVALID_HEADER=135
        CT_MISSING_TCP_ACK_FLAG=136 CT_UNKNOWN_L4_PROTOCOL=137 CT_CANNOT_CREATE_ENTRY_FROM_PACKET=138
        UNSUPPORTED_L3_PROTOCOL=139 MISSED_TAIL_CALL=140 ERROR_WRITING_TO_PACKET=141 UNKNOWN_L4_PROTOCOL=142
        UNKNOWN_ICMPV4_CODE=143 UNKNOWN_ICMPV4_TYPE=144 UNKNOWN_ICMPV6_CODE=145 UNKNOWN_ICMPV6_TYPE=146
        ERROR_RETRIEVING_TUNNEL_KEY=147 ERROR_RETRIEVING_TUNNEL_OPTIONS=148 INVALID_GENEVE_OPTION=149
        UNKNOWN_L3_TARGET_ADDRESS=150 STALE_OR_UNROUTABLE_IP=151 NO_MATCHING_LOCAL_CONTAINER_FOUND=152
        ERROR_WHILE_CORRECTING_L3_CHECKSUM=153 ERROR_WHILE_CORRECTING_L4_CHECKSUM=154 CT_MAP_INSERTION_FAILED=155
        INVALID_IPV6_EXTENSION_HEADER=156 IP_FRAGMENTATION_NOT_SUPPORTED=157 SERVICE_BACKEND_NOT_FOUND=158
        NO_TUNNEL_OR_ENCAPSULATION_ENDPOINT=160 FAILED_TO_INSERT_INTO_PROXYMAP=161
        REACHED_EDT_RATE_LIMITING_DROP_HORIZON=162 UNKNOWN_CONNECTION_TRACKING_STATE=163
        LOCAL_HOST_IS_UNREACHABLE=164 NO_CONFIGURATION_AVAILABLE_TO_PERFORM_POLICY_DECISION=165
        UNSUPPORTED_L2_PROTOCOL=166 NO_MAPPING_FOR_NAT_MASQUERADE=167 UNSUPPORTED_PROTOCOL_FOR_NAT_MASQUERADE=168
        FIB_LOOKUP_FAILED=169 ENCAPSULATION_TRAFFIC_IS_PROHIBITED=170 INVALID_IDENTITY=171 UNKNOWN_SENDER=172
        NAT_NOT_NEEDED=173 IS_A_CLUSTERIP=174 FIRST_LOGICAL_DATAGRAM_FRAGMENT_NOT_FOUND=175
        FORBIDDEN_ICMPV6_MESSAGE=176 DENIED_BY_LB_SRC_RANGE_CHECK=177 SOCKET_LOOKUP_FAILED=178
        SOCKET_ASSIGN_FAILED=179 PROXY_REDIRECTION_NOT_SUPPORTED_FOR_PROTOCOL=180 POLICY_DENY=181 VLAN_FILTERED=182
        INVALID_VNI=183 INVALID_TC_BUFFER=184 NO_SID=185 MISSING_SRV6_STATE=186 NAT46=187 NAT64=188
        AUTH_REQUIRED=189 CT_NO_MAP_FOUND=190 SNAT_NO_MAP_FOUND=191 INVALID_CLUSTER_ID=192
        UNSUPPORTED_PROTOCOL_FOR_DSR_ENCAP=193 NO_EGRESS_GATEWAY=194 UNENCRYPTED_TRAFFIC=195 TTL_EXCEEDED=196
        NO_NODE_ID=197 DROP_RATE_LIMITED=198 IGMP_HANDLED=199 IGMP_SUBSCRIBED=200 MULTICAST_HANDLED=201
        DROP_HOST_NOT_READY=202 DROP_EP_NOT_READY=203 DROP_NO_EGRESS_IP=204 DROP_PUNT_PROXY=205
        DROP_FRAG_NOT_FOUND_WORLD=207""",
    "flow.TrafficDirection": "TRAFFIC_DIRECTION_UNKNOWN=0 INGRESS=1 EGRESS=2",
    "flow.DebugCapturePoint": """DBG_CAPTURE_POINT_UNKNOWN=0 DBG_CAPTURE_DELIVERY=4 DBG_CAPTURE_FROM_LB=5
        DBG_CAPTURE_AFTER_V46=6 DBG_CAPTURE_AFTER_V64=7 DBG_CAPTURE_PROXY_PRE=8 DBG_CAPTURE_PROXY_POST=9
        DBG_CAPTURE_SNAT_PRE=10 DBG_CAPTURE_SNAT_POST=11""",
    "flow.SocketTranslationPoint": """SOCK_XLATE_POINT_UNKNOWN=0 SOCK_XLATE_POINT_PRE_DIRECTION_FWD=1
        SOCK_XLATE_POINT_POST_DIRECTION_FWD=2 SOCK_XLATE_POINT_PRE_DIRECTION_REV=3
        SOCK_XLATE_POINT_POST_DIRECTION_REV=4""",
    "flow.LostEventSource": """UNKNOWN_LOST_EVENT_SOURCE=0 PERF_EVENT_RING_BUFFER=1 OBSERVER_EVENTS_QUEUE=2
        HUBBLE_RING_BUFFER=3""",
    "relay.NodeState": """UNKNOWN_NODE_STATE=0 NODE_CONNECTED=1 NODE_UNAVAILABLE=2 NODE_GONE=3 NODE_ERROR=4""",
}  # fmt: skip

MESSAGES: Final[dict[str, str]] = {
    "flow.Flow": """time=1:.Timestamp uuid=34:string emitter=41:Emitter verdict=2:Verdict drop_reason=3:uint32
        auth_type=35:AuthType ethernet=4:Ethernet IP=5:IP l4=6:Layer4 tunnel=39:Tunnel source=8:Endpoint
        destination=9:Endpoint Type=10:FlowType node_name=11:string node_labels=37:*string source_names=13:*string
        destination_names=14:*string l7=15:Layer7 reply=16:bool event_type=19:CiliumEventType source_service=20:Service
        destination_service=21:Service traffic_direction=22:TrafficDirection policy_match_type=23:uint32
        trace_observation_point=24:TraceObservationPoint trace_reason=36:TraceReason file=38:FileInfo
        ip_trace_id=40:IPTraceID drop_reason_desc=25:DropReason is_reply=26:.BoolValue
        debug_capture_point=27:DebugCapturePoint interface=28:NetworkInterface proxy_port=29:uint32
        trace_context=30:TraceContext sock_xlate_point=31:SocketTranslationPoint socket_cookie=32:uint64
        cgroup_id=33:uint64 Summary=100000:string extensions=150000:.Any egress_allowed_by=21001:*Policy
        ingress_allowed_by=21002:*Policy egress_denied_by=21004:*Policy ingress_denied_by=21005:*Policy
        policy_log=21006:*string aggregate=21007:Aggregate""",
    "flow.Emitter": "name=1:string version=2:string",
    "flow.FileInfo": "name=1:string line=2:uint32",
    "flow.Layer4": """TCP=1:TCP?protocol UDP=2:UDP?protocol ICMPv4=3:ICMPv4?protocol ICMPv6=4:ICMPv6?protocol
        SCTP=5:SCTP?protocol VRRP=6:VRRP?protocol IGMP=7:IGMP?protocol""",
    "flow.Layer7": """type=1:L7FlowType latency_ns=2:uint64 dns=100:DNS?record http=101:HTTP?record
        kafka=102:Kafka?record""",
    "flow.TraceContext": "parent=1:TraceParent",
    "flow.TraceParent": "trace_id=1:string",
    "flow.Endpoint": """ID=1:uint32 identity=2:uint32 cluster_name=7:string namespace=3:string labels=4:*string
        pod_name=5:string workloads=6:*Workload""",
    "flow.Workload": "name=1:string kind=2:string",
    "flow.TCP": "source_port=1:uint32 destination_port=2:uint32 flags=3:TCPFlags",
    "flow.IP": "source=1:string source_xlated=5:string destination=2:string ipVersion=3:IPVersion encrypted=4:bool",
    "flow.Ethernet": "source=1:string destination=2:string",
    "flow.TCPFlags": "FIN=1:bool SYN=2:bool RST=3:bool PSH=4:bool ACK=5:bool URG=6:bool ECE=7:bool CWR=8:bool NS=9:bool",
    "flow.UDP": "source_port=1:uint32 destination_port=2:uint32",
    "flow.SCTP": "source_port=1:uint32 destination_port=2:uint32",
    "flow.ICMPv4": "type=1:uint32 code=2:uint32",
    "flow.ICMPv6": "type=1:uint32 code=2:uint32",
    "flow.VRRP": "type=1:uint32 vrid=2:uint32 priority=3:uint32",
    "flow.IGMP": "type=1:uint32 group_address=2:string",
    "flow.Tunnel": "protocol=1:TunnelProtocol IP=2:IP l4=3:Layer4 vni=4:uint32",
    "flow.Policy": "name=1:string namespace=2:string labels=3:*string revision=4:uint64 kind=5:string",
    "flow.CiliumEventType": "type=1:int32 sub_type=2:int32",
    "flow.DNS": """query=1:string ips=2:*string ttl=3:uint32 cnames=4:*string observation_source=5:string
        rcode=6:uint32 qtypes=7:*string rrtypes=8:*string""",
    "flow.HTTPHeader": "key=1:string value=2:string",
    "flow.HTTP": "code=1:uint32 method=2:string url=3:string protocol=4:string headers=5:*HTTPHeader",
    "flow.Kafka": "error_code=1:int32 api_version=2:int32 api_key=3:string correlation_id=4:int32 topic=5:string",
    "flow.Service": "name=1:string namespace=2:string",
    "flow.IPTraceID": "trace_id=1:uint64 ip_option_type=2:uint32",
    "flow.NetworkInterface": "index=1:uint32 name=2:string",
    "flow.Aggregate": "ingress_flow_count=1:uint32 egress_flow_count=2:uint32 unknown_direction_flow_count=3:uint32",
    "flow.LostEvent": """source=1:LostEventSource num_events_lost=2:uint64 cpu=3:.Int32Value first=4:.Timestamp
        last=5:.Timestamp""",
    "flow.EventTypeFilter": "type=1:int32 match_sub_type=2:bool sub_type=3:int32",
    "flow.CelFilter": "cel_expression=1:*string",
    "flow.FlowFilter": """uuid=29:*string source_ip=1:*string source_ip_xlated=34:*string source_pod=2:*string
        source_fqdn=7:*string source_label=10:*string source_service=16:*string source_workload=26:*Workload
        source_cluster_name=37:*string destination_ip=3:*string destination_pod=4:*string destination_fqdn=8:*string
        destination_label=11:*string destination_service=17:*string destination_workload=27:*Workload
        destination_cluster_name=38:*string traffic_direction=30:*TrafficDirection verdict=5:*Verdict
        drop_reason_desc=33:*DropReason interface=35:*NetworkInterface event_type=6:*EventTypeFilter
        http_status_code=9:*string protocol=12:*string source_port=13:*string destination_port=14:*string reply=15:*bool
        dns_query=18:*string source_identity=19:*uint32 destination_identity=20:*uint32 http_method=21:*string
        http_path=22:*string http_url=31:*string http_header=32:*HTTPHeader tcp_flags=23:*TCPFlags node_name=24:*string
        node_labels=36:*string ip_version=25:*IPVersion trace_id=28:*string ip_trace_id=39:*uint64 encrypted=40:*bool
        experimental=999:CelFilter""",
    "relay.NodeStatusEvent": "state_change=1:NodeState node_names=2:*string message=3:string",
    "observer.ServerStatusRequest": "",
    "observer.ServerStatusResponse": """num_flows=1:uint64 max_flows=2:uint64 seen_flows=3:uint64 uptime_ns=4:uint64
        num_connected_nodes=5:.UInt32Value num_unavailable_nodes=6:.UInt32Value unavailable_nodes=7:*string
        version=8:string flows_rate=9:double""",
    "observer.GetFlowsRequest": """number=1:uint64 first=9:bool follow=3:bool blacklist=5:*flow.FlowFilter
        whitelist=6:*flow.FlowFilter since=7:.Timestamp until=8:.Timestamp field_mask=10:.FieldMask""",
    "observer.GetFlowsResponse": """flow=1:flow.Flow?response_types node_status=2:relay.NodeStatusEvent?response_types
        lost_events=3:flow.LostEvent?response_types node_name=1000:string time=1001:.Timestamp""",
    "observer.GetNodesRequest": "",
    "observer.GetNodesResponse": "nodes=1:*Node",
    "observer.Node": """name=1:string version=2:string address=3:string state=4:relay.NodeState tls=5:TLS
        uptime_ns=6:uint64 num_flows=7:uint64 max_flows=8:uint64 seen_flows=9:uint64""",
    "observer.TLS": "enabled=1:bool server_name=2:string",
    "observer.GetNamespacesRequest": "",
    "observer.GetNamespacesResponse": "namespaces=1:*Namespace",
    "observer.Namespace": "cluster=1:string namespace=2:string",
}  # fmt: skip

_SCALARS: Final = {"string": 9, "uint32": 13, "uint64": 4, "int32": 5, "bool": 8, "double": 1}
_MESSAGE: Final = 11
_ENUM: Final = 14
_WELL_KNOWN: Final = (timestamp_pb2, wrappers_pb2, any_pb2, field_mask_pb2)


def _pool() -> descriptor_pool.DescriptorPool:
    pool = descriptor_pool.DescriptorPool()
    for module in _WELL_KNOWN:
        pool.AddSerializedFile(module.DESCRIPTOR.serialized_pb)
    # `flow` and `relay` need nothing but the well-known types; `observer` needs both.
    for package in ("flow", "relay", "observer"):
        file = descriptor_pb2.FileDescriptorProto(name=f"{package}.hubble", package=package, syntax="proto3")
        file.dependency.extend(module.DESCRIPTOR.name for module in _WELL_KNOWN)
        if package == "observer":
            file.dependency.extend(("flow.hubble", "relay.hubble"))
        for name, values in ENUMS.items():
            if name.startswith(f"{package}."):
                _add_enum(file, name.partition(".")[2], values)
        for name, fields in MESSAGES.items():
            if name.startswith(f"{package}."):
                _add_message(file, package, name.partition(".")[2], fields)
        pool.AddSerializedFile(file.SerializeToString())
    return pool


def _add_enum(file: descriptor_pb2.FileDescriptorProto, name: str, values: str) -> None:
    # Names of an enum's values are scoped beside the enum; two enums here share one (UNKNOWN_...), so each gets a message
    # around it, which changes neither the wire nor the JSON form.
    enum = file.message_type.add(name=f"{name}Scope").enum_type.add(name=name)
    for word in values.split():
        key, _, number = word.partition("=")
        enum.value.add(name=key, number=int(number))


def _add_message(file: descriptor_pb2.FileDescriptorProto, package: str, name: str, fields: str) -> None:
    message = file.message_type.add(name=name)
    groups: list[str] = []
    for word in fields.split():
        head, _, kind = word.partition(":")
        key, _, number = head.partition("=")
        kind, _, group = kind.partition("?")
        repeated = kind.startswith("*")
        kind = kind.removeprefix("*")
        field: Any = message.field.add(name=key, number=int(number), label=3 if repeated else 1)
        if kind in _SCALARS:
            field.type = _SCALARS[kind]
        elif kind.startswith("."):
            field.type, field.type_name = _MESSAGE, f".google.protobuf.{kind[1:]}"
        else:
            full = kind if "." in kind else f"{package}.{kind}"
            short = full.partition(".")[2]
            field.type = _ENUM if full in ENUMS else _MESSAGE
            field.type_name = f".{full}Scope.{short}" if full in ENUMS else f".{full}"
        if group:
            if group not in groups:
                groups.append(group)
                message.oneof_decl.add(name=group)
            field.oneof_index = groups.index(group)


_POOL: Final = _pool()


def message_class(name: str) -> Any:
    """The class of a message, by its full name (``flow.Flow``). Raises KeyError."""
    return message_factory.GetMessageClass(_POOL.FindMessageTypeByName(name))


def _values(name: str) -> dict[int, str]:
    """Names by number."""
    return {int(number): key for key, _, number in (word.partition("=") for word in ENUMS[name].split())}


Flow: Final = message_class("flow.Flow")
FlowFilter: Final = message_class("flow.FlowFilter")
TCPFlags: Final = message_class("flow.TCPFlags")
GetFlowsRequest: Final = message_class("observer.GetFlowsRequest")
GetFlowsResponse: Final = message_class("observer.GetFlowsResponse")
GetNodesRequest: Final = message_class("observer.GetNodesRequest")
GetNodesResponse: Final = message_class("observer.GetNodesResponse")
GetNamespacesRequest: Final = message_class("observer.GetNamespacesRequest")
GetNamespacesResponse: Final = message_class("observer.GetNamespacesResponse")
ServerStatusRequest: Final = message_class("observer.ServerStatusRequest")
ServerStatusResponse: Final = message_class("observer.ServerStatusResponse")

VERDICTS: Final = _values("flow.Verdict")
DROP_REASONS: Final = _values("flow.DropReason")
DIRECTIONS: Final = _values("flow.TrafficDirection")
L7_TYPES: Final = _values("flow.L7FlowType")
AUTH_TYPES: Final = _values("flow.AuthType")
NODE_STATES: Final = _values("relay.NodeState")
LOST_SOURCES: Final = _values("flow.LostEventSource")
CAPTURE_POINTS: Final = _values("flow.DebugCapturePoint")
XLATE_POINTS: Final = _values("flow.SocketTranslationPoint")
IP_VERSIONS: Final = _values("flow.IPVersion")
FLAGS: Final = ("FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR", "NS")


def named(names: dict[int, str], number: int) -> str:
    """The name of an enum's number; the number itself where the table has none (a newer server)."""
    return names.get(number) or str(number)


def is_time(stamp: Any) -> bool:
    """Whether a Timestamp is one: of the years 1 to 9999, with nanoseconds from 0 to a second."""
    return bool(-62_135_596_800 <= stamp.seconds < 253_402_300_800 and 0 <= stamp.nanos < 1_000_000_000)


def drop_text(code: int) -> str:
    """The CLI's words for a drop code; ``CODE, 0`` where it has none."""
    code &= 0xFF
    return DROP_TEXTS.get(code) or f"{code}, 0"


def identity_text(number: int) -> str:
    """``world``, ``host`` … for a reserved identity, ``ID:4711`` for others, as the CLI prints it."""
    return IDENTITIES[number] if 0 <= number < len(IDENTITIES) else f"ID:{number}"
