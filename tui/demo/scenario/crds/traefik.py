"""traefik.io, as of Traefik 3.7. None of its kinds has a status."""

from __future__ import annotations

from typing import Any

from pointsman.tui.demo.scenario.crds import Crd

_REF = {"name!": "str", "namespace": "str"}
_STICKY = {
    "cookie": {
        "name": "str",
        "domain": "str",
        "path": "str",
        "secure": "bool",
        "httpOnly": "bool",
        "maxAge": "int",
        "sameSite": "none|lax|strict|None|Lax|Strict",
    }
}
_SERVICE: dict[str, Any] = {
    "name!": "str",
    "namespace": "str",
    "kind": "Service|TraefikService",
    "port": "intstr",
    "scheme": "str",
    "weight": "int",
    "strategy": "wrr|p2c|hrw|leasttime|RoundRobin",
    "passHostHeader": "bool",
    "sticky": _STICKY,
    "serversTransport": "str",
    "nativeLB": "bool",
    "nodePortLB": "bool",
    "responseForwarding": {"flushInterval": "str"},
    "middlewares": [_REF],
    "healthCheck": {
        "scheme": "str",
        "mode": "str",
        "path": "str",
        "method": "str",
        "status": "int",
        "port": "int",
        "interval": "intstr",
        "unhealthyInterval": "intstr",
        "timeout": "intstr",
        "hostname": "str",
        "followRedirects": "bool",
        "headers": "strings",
    },
    "passiveHealthCheck": {"failureWindow": "intstr", "maxFailedAttempts": "int"},
}
_L4: dict[str, Any] = {
    "name!": "str",
    "namespace": "str",
    "port!": "intstr",
    "weight": "int",
    "nativeLB": "bool",
    "nodePortLB": "bool",
}
_TLS: dict[str, Any] = {
    "secretName": "str",
    "options": _REF,
    "store": _REF,
    "certResolver": "str",
    "domains": [{"main": "str", "sans": ["str"]}],
}
_RANGES = {"sourceRange": ["str"]}
_STRATEGY = {"depth": "int", "excludedIPs": ["str"], "ipv6Subnet": "int"}
_SOURCE = {"ipStrategy": _STRATEGY, "requestHeaderName": "str", "requestHost": "bool"}
_TRUST = {"rootCAs": [{"secret": "str", "configMap": "str"}], "rootCAsSecrets": ["str"], "certificatesSecrets": ["str"]}
_AUTH = {"secret": "str", "realm": "str", "headerField": "str", "removeHeader": "bool"}

_MIDDLEWARE: dict[str, Any] = {
    "addPrefix": {"prefix": "str"},
    "basicAuth": _AUTH,
    "buffering": {
        "maxRequestBodyBytes": "int64",
        "memRequestBodyBytes": "int64",
        "maxResponseBodyBytes": "int64",
        "memResponseBodyBytes": "int64",
        "retryExpression": "str",
    },
    "chain": {"middlewares": [_REF]},
    "circuitBreaker": {
        "expression": "str",
        "checkPeriod": "intstr",
        "fallbackDuration": "intstr",
        "recoveryDuration": "intstr",
        "responseCode": "int",
    },
    "compress": {
        "encodings": ["str"],
        "defaultEncoding": "str",
        "includedContentTypes": ["str"],
        "excludedContentTypes": ["str"],
        "minResponseBodyBytes": "int",
    },
    "contentType": {"autoDetect": "bool"},
    "digestAuth": _AUTH,
    "encodedCharacters": {"*": "bool"},
    "errors": {
        "status": ["str"],
        "statusRewrites": {"*": "int"},
        "service": _SERVICE,
        "query": "str",
        "errorRequestHeaders": ["str"],
    },
    "forwardAuth": {
        "address": "str",
        "trustForwardHeader": "bool",
        "authRequestHeaders": ["str"],
        "authResponseHeaders": ["str"],
        "authResponseHeadersRegex": "str",
        "addAuthCookiesToResponse": ["str"],
        "authSigninURL": "str",
        "headerField": "str",
        "forwardBody": "bool",
        "maxBodySize": "int64",
        "maxResponseBodySize": "int64",
        "preserveLocationHeader": "bool",
        "preserveRequestMethod": "bool",
        "tls": {"caSecret": "str", "certSecret": "str", "insecureSkipVerify": "bool", "caOptional": "bool"},
    },
    "grpcWeb": {"allowOrigins": ["str"]},
    "headers": "any",
    "inFlightReq": {"amount": "int64", "sourceCriterion": _SOURCE},
    "ipAllowList": {**_RANGES, "ipStrategy": _STRATEGY, "rejectStatusCode": "int"},
    "ipWhiteList": {**_RANGES, "ipStrategy": _STRATEGY},
    "passTLSClientCert": "any",
    "plugin": {"*": "any"},
    "rateLimit": {
        "average": "int64",
        "burst": "int64",
        "period": "intstr",
        "sourceCriterion": _SOURCE,
        "redis": "any",
    },
    "redirectRegex": {"regex": "str", "replacement": "str", "permanent": "bool"},
    "redirectScheme": {"scheme": "str", "port": "str", "permanent": "bool"},
    "replacePath": {"path": "str"},
    "replacePathRegex": {"regex": "str", "replacement": "str"},
    "retry": {
        "attempts": "int",
        "initialInterval": "intstr",
        "timeout": "intstr",
        "status": ["str"],
        "maxRequestBodyBytes": "int64",
        "disableRetryOnNetworkError": "bool",
        "retryNonIdempotentMethod": "bool",
    },
    "stripPrefix": {"prefixes": ["str"], "forceSlash": "bool"},
    "stripPrefixRegex": {"regex": ["str"]},
}


def _crd(kind: str, plural: str, spec: Any) -> Crd:
    return Crd(kind, plural, spec=spec, required=("metadata", "spec"), subresource=False)


TRAEFIK = (
    _crd(
        "IngressRoute",
        "ingressroutes",
        {
            "ingressClassName": "str",
            "entryPoints": ["str"],
            "parentRefs": [_REF],
            "routes!": [
                {
                    "match!": "str",
                    "kind": "str",
                    "priority": "int",
                    "syntax": "str",
                    "services": [_SERVICE],
                    "middlewares": [_REF],
                    "observability": {
                        "accessLogs": "bool",
                        "metrics": "bool",
                        "tracing": "bool",
                        "traceVerbosity": "minimal|detailed",
                    },
                }
            ],
            "tls": _TLS,
        },
    ),
    _crd(
        "IngressRouteTCP",
        "ingressroutetcps",
        {
            "ingressClassName": "str",
            "entryPoints": ["str"],
            "routes!": [
                {
                    "match!": "str",
                    "priority": "int",
                    "syntax": "v3|v2",
                    "services": [
                        {
                            **_L4,
                            "proxyProtocol": {"version": "int"},
                            "serversTransport": "str",
                            "terminationDelay": "int",
                            "tls": "bool",
                        }
                    ],
                    "middlewares": [_REF],
                }
            ],
            "tls": {**_TLS, "passthrough": "bool"},
        },
    ),
    _crd(
        "IngressRouteUDP",
        "ingressrouteudps",
        {"ingressClassName": "str", "entryPoints": ["str"], "routes!": [{"services": [_L4]}]},
    ),
    _crd("Middleware", "middlewares", _MIDDLEWARE),
    _crd(
        "MiddlewareTCP",
        "middlewaretcps",
        {"inFlightConn": {"amount": "int64"}, "ipAllowList": _RANGES, "ipWhiteList": _RANGES},
    ),
    _crd(
        "ServersTransport",
        "serverstransports",
        {
            **_TRUST,
            "serverName": "str",
            "insecureSkipVerify": "bool",
            "maxIdleConnsPerHost": "int",
            "disableHTTP2": "bool",
            "minVersion": "str",
            "maxVersion": "str",
            "cipherSuites": ["str"],
            "peerCertURI": "str",
            "spiffe": {"ids": ["str"], "trustDomain": "str"},
            "forwardingTimeouts": {
                "dialTimeout": "intstr",
                "responseHeaderTimeout": "intstr",
                "idleConnTimeout": "intstr",
                "readIdleTimeout": "intstr",
                "pingTimeout": "intstr",
            },
        },
    ),
    _crd(
        "ServersTransportTCP",
        "serverstransporttcps",
        {
            "dialTimeout": "intstr",
            "dialKeepAlive": "intstr",
            "terminationDelay": "intstr",
            "proxyProtocol": {"version": "int"},
            "tls": {
                **_TRUST,
                "serverName": "str",
                "insecureSkipVerify": "bool",
                "peerCertURI": "str",
                "spiffe": {"ids": ["str"], "trustDomain": "str"},
            },
        },
    ),
    _crd(
        "TLSOption",
        "tlsoptions",
        {
            "minVersion": "str",
            "maxVersion": "str",
            "cipherSuites": ["str"],
            "curvePreferences": ["str"],
            "clientAuth": {"secretNames": ["str"], "clientAuthType": "str"},
            "sniStrict": "bool",
            "alpnProtocols": ["str"],
            "disableSessionTickets": "bool",
            "preferServerCipherSuites": "bool",
        },
    ),
    _crd(
        "TLSStore",
        "tlsstores",
        {
            "defaultCertificate": {"secretName!": "str"},
            "defaultGeneratedCert": {"resolver": "str", "domain": {"main": "str", "sans": ["str"]}},
            "certificates": [{"secretName!": "str"}],
        },
    ),
    _crd(
        "TraefikService",
        "traefikservices",
        {
            "weighted": {"services": [_SERVICE], "sticky": _STICKY},
            "mirroring": {
                **_SERVICE,
                "mirrorBody": "bool",
                "maxBodySize": "int64",
                "mirrors": [{**_SERVICE, "percent": "int"}],
            },
            "highestRandomWeight": {"services": [_SERVICE]},
            "failover": {"service!": _SERVICE, "fallback!": _SERVICE, "errors": {"status": ["str"]}},
        },
    ),
)
