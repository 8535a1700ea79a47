"""Our reading of rules against the real Traefik's: which rules it refuses, what priority it computes, which router wins.

Each case is a group of routers on one entry point and the requests sent to it.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from realtraefik import Router, Running, traefik

from pointsman.tui.answers.routes.language import Asked, Connection, Rule, RuleError, checked_rule, compile_rule

pytestmark = pytest.mark.timeout(180)

A, B = "a.home.example", "b.home.example"
Sent = tuple[str, str, str, tuple[tuple[str, str], ...]]


def get(host: str, target: str = "/", *headers: tuple[str, str], method: str = "GET") -> Sent:
    return (method, host, target, headers)


def v2(rule: str, priority: int = 0) -> Router:
    return Router(rule, "v2", priority)


GROUPS: dict[str, tuple[list[Router], list[Sent]]] = {
    "host": (
        [Router(f"Host(`{A}`)"), Router("Host(`B.Home.Example`)"), Router("Host(`dot.example.`)")],
        [get(A), get(A.upper()), get(f"{A}:8080"), get(f"{A}."), get(B), get("dot.example"), get("dot.example."),
         get("c.home.example"), get(f"x.{A}"), get(f" {A}".strip())],
    ),
    "wildcard": (
        [Router("Host(`*.home.example`)"), Router("Host(`*`)", priority=1), Router("Host(`*foo.example`)")],
        [get(A), get("home.example"), get("x.a.home.example"), get("barfoo.example"), get("foo.example")],
    ),
    "hostregexp": (
        [Router(r"HostRegexp(`^[a-z]+\.home\.example$`)"), Router(r"HostRegexp(`(?i)^UPPER`)"),
         Router("HostRegexp(`part`)")],
        [get(A), get("1.home.example"), get("upper.example"), get("x-part-y"), get("PART"), get("x.a.home.example")],
    ),
    "emptyregexp": ([Router("HostRegexp(`^$`)")], [get(A), get(B)]),
    "path": (
        [Router("Path(`/a`)"), Router("Path(`/a/`)"), Router("Path(`/sp ace`)"), Router("Path(`/with%2Fslash`)"),
         Router("Path(`/ü`)")],
        [get(A, "/a"), get(A, "/a/"), get(A, "/a/b"), get(A, "/A"), get(A, "/a?x=1"), get(A, "/sp%20ace"),
         get(A, "/with%2Fslash"), get(A, "/with/slash"), get(A, "/%C3%BC"), get(A, "/%61")],
    ),
    "prefix": (
        [Router("PathPrefix(`/products`)"), Router("PathPrefix(`/products/special`)"), Router("PathPrefix(`/x/`)")],
        [get(A, "/products"), get(A, "/products/"), get(A, "/products-x"), get(A, "/products/specials"),
         get(A, "/product"), get(A, "/x"), get(A, "/x/y"), get(A, "//products"), get(A, "/q/../products"),
         get(A, "/./products/./special")],
    ),
    "pathregexp": (
        [Router(r"PathRegexp(`^/v[0-9]+/`)"), Router(r"PathRegexp(`\.(png|jpg)$`)"), Router("PathRegexp(`inner`)")],
        [get(A, "/v1/x"), get(A, "/v/x"), get(A, "/pic.png"), get(A, "/pic.png?x"), get(A, "/pic.gif"),
         get(A, "/an/inner/path"), get(A, "/v2/pic.jpg")],
    ),
    "method": (
        [Router("Method(`post`)"), Router("Method(`GET`) && Path(`/get`)")],
        [get(A, "/", method="POST"), get(A, "/"), get(A, "/get"), get(A, "/get", method="HEAD"),
         get(A, "/", method="DELETE")],
    ),
    "header": (
        [Router("Header(`x-api-key`, `s3`)"), Router("HeaderRegexp(`X-Agent`, `^curl/[0-9]`)"),
         Router("Header(`Host`, `c.home.example`)")],
        [get(A, "/", ("X-Api-Key", "s3")), get(A, "/", ("X-API-KEY", "S3")), get(A, "/", ("X-Agent", "curl/8.1")),
         get(A, "/", ("X-Agent", "a curl/8.1")), get("c.home.example"), get(A, "/", ("X-Api-Key", "no"), ("X-Api-Key", "s3")),
         get(A)],
    ),
    "forwarded": (
        [Router("Header(`X-Forwarded-Proto`, `https`)"), Router("HeaderRegexp(`X-Forwarded-For`, `.`)"),
         Router("Header(`X-Real-Ip`, `9.9.9.9`)")],
        [get(A, "/", ("X-Forwarded-Proto", "https")), get(A, "/", ("X-Forwarded-For", "10.0.0.1")),
         get(A, "/", ("X-Real-Ip", "9.9.9.9"))],
    ),
    "query": (
        [Router("Query(`a`, `1`)"), Router("Query(`flag`)"), Router("QueryRegexp(`id`, `^[0-9]+$`)"),
         Router("QueryRegexp(`bare`)")],
        [get(A, "/?a=1"), get(A, "/?a=2"), get(A, "/?a=2&a=1"), get(A, "/?flag"), get(A, "/?flag="), get(A, "/?flag=1"),
         get(A, "/?id=42"), get(A, "/?id=x"), get(A, "/?x=1;a=1"), get(A, "/?a=%31"), get(A, "/?bare"),
         get(A, "/?bare=x"), get(A, "/?%zz=1&a=1"), get(A, "/?id=4+2"), get(A, "/?A=1")],
    ),
    "client": (
        [Router("ClientIP(`127.0.0.0/8`) && Path(`/local`)"), Router("ClientIP(`10.0.0.1`)"),
         Router("!ClientIP(`10.0.0.0/8`) && Path(`/other`)"), Router("ClientIP(`::1`) || ClientIP(`::ffff:127.0.0.1`)")],
        [get(A, "/local"), get(A, "/other"), get(A, "/"), get(A, "/local", ("X-Forwarded-For", "10.0.0.1"))],
    ),
    "operators": (
        [Router(f"Host(`{A}`) && (Path(`/x`) || Path(`/y`))"), Router(f"!Host(`{A}`) && PathPrefix(`/n`)"),
         Router("Path(`/1`) || Path(`/2`) && Method(`POST`)"), Router("!(Path(`/z`) || PathPrefix(`/`))"),
         Router(f"(!(!Host(`{B}`))) && !(Method(`GET`) && Path(`/q`))")],
        [get(A, "/x"), get(A, "/y"), get(A, "/z"), get(B, "/n"), get(A, "/n"), get("c", "/1"), get("c", "/2"),
         get("c", "/2", method="POST"), get(B, "/q"), get(B, "/q", method="PUT"), get(B, "/w")],
    ),
    "priority": (
        [Router("PathPrefix(`/`)", priority=100), Router("PathPrefix(`/long/long/long/long`)"),
         Router("Path(`/long/long/long/long/x`)", priority=200), Router("PathPrefix(`/low`)", priority=-5)],
        [get(A, "/long/long/long/long"), get(A, "/long/long/long/long/x"), get(A, "/low"), get(A, "/")],
    ),
    "lengths": (
        [Router("PathPrefix(`/`)"), Router(f"Host(`{A}`)"), Router(f"Host(`{A}`) && PathPrefix(`/p`)"),
         Router("PathPrefix(`/p`)  ||  PathPrefix(`/p`)  ||  PathPrefix(`/pp`)")],
        [get(A), get(A, "/p"), get(B, "/p"), get(B), get(A, "/pp")],
    ),
    "spelling": (
        [Router(f"host(`{A}`)"), Router("PATHPREFIX(`/upper`)"), Router("Pathprefix(`/title`)"),
         Router('Path("/double")'), Router('PathPrefix("/esc\\u0061ped")'), Router("Path(`/comma`,)"),
         Router("Path(`/c`) /* a word */"), Router("Path(`/line`) ||\nPath(`/break`)"), Router("Path(`/tail`)\n")],
        [get(A, "/zz"), get(B, "/upper"), get(B, "/title"), get(B, "/double"), get(B, "/escaped"), get(B, "/comma"),
         get(B, "/c"), get(B, "/line"), get(B, "/break"), get(B, "/tail")],
    ),
    "v2host": (
        [v2(f"Host(`{A}`, `{B}`)"), v2("HostHeader(`h.example`)"), v2("HostRegexp(`{sub:[a-z]+}.re.example`)"),
         v2("HostRegexp(`{any}.any.example`, `port.example:8080`)"), v2("Host(`*.home.example`)")],
        [get(A), get(B), get("c.home.example"), get("h.example"), get("x.re.example"), get("X.RE.example"),
         get("1.re.example"), get("one.any.example"), get("one.two.any.example"), get("x.re.example:81"),
         get("port.example:8080"), get("port.example")],
    ),
    "v2path": (
        [v2("Path(`/a`, `/b`)"), v2("Path(`/items/{id:[0-9]+}`)"), v2("PathPrefix(`/p/{name}/`)"),
         v2("PathPrefix(`/plain`)"), v2("Path(`/t/{x}`)")],
        [get(A, "/a"), get(A, "/b"), get(A, "/items/42"), get(A, "/items/x"), get(A, "/items/42/more"), get(A, "/p/q/"),
         get(A, "/p/q"), get(A, "/plainer"), get(A, "/t/one"), get(A, "/t/one/two"), get(A, "/t/a%2Fb")],
    ),
    "v2rest": (
        [v2("Method(`put`, `PATCH`)"), v2("Headers(`X-One`, `1`)"), v2("HeadersRegexp(`X-Two`, `^2`)"),
         v2("Query(`a=1`)"), v2("Query(`tag={t:[a-z]+}`)"), v2("Query(`any=`)"), v2("Query(`p=1`, `q=2`)")],
        [get(A, "/", method="PUT"), get(A, "/", method="PATCH"), get(A, "/", ("x-one", "1")), get(A, "/", ("x-one", "2")),
         get(A, "/", ("X-Two", "22")), get(A, "/", ("X-Two", "12")), get(A, "/?a=1"), get(A, "/?a=2&a=1"),
         get(A, "/?a=1&a=2"), get(A, "/?tag=red"), get(A, "/?tag=1"), get(A, "/?any"), get(A, "/?any=x"), get(A, "/?p=1&q=2"),
         get(A, "/?p=1"), get(A)],
    ),
}  # fmt: skip

REFUSED = [
    "", "Host(`a`", "Hots(`a`)", "Host(`a`) PathPrefix(`/`)", "Host(`a`) & Path(`/`)", "Host('a')", "Host(`a`,`b`)",
    "Host()", "Host(``)", "Path(`x`)", "PathPrefix(``)", "HostRegexp(`[`)", "PathRegexp(`(`)", "PathRegexp(`(?=x)`)",
    "PathRegexp(`(a)\\\\1`)", "ClientIP(`x`)", "ClientIP(`10.0.0.0/33`)", "ClientIP(`10.0.0.1`, `10.0.0.2`)",
    "Header(`X`)", "Headers(`X`, `y`)", "Query(`a`, `b`, `c`)", "Method()", "Host(`ü.example`)", "HostRegexp(`ü`)",
    "Host(a)", "Host(1)", "Host(`a`) &&", "&& Host(`a`)", "(Host(`a`)", "Host(`a`))", "!", "Host(`a`) == Host(`b`)",
    "Host(`a`) | Host(`b`)", "Host(`a`)\n&& Path(`/`)", "Host(`a`) || || Host(`b`)", '"a"', "`a`", "Host", "-Host(`a`)",
    "Host(Host(`a`))", "Host(`a` `b`)", 'Host("\\q")', "hOST(`a`)", "Host(`a`);", "HostSNI(`a`)", "Host((`a`))",
    "Host(`a`) and Path(`/`)", "PathPrefix(`{x:[a-z]+}`)", 'Host("a\n")', "Host(`a`,, )", "Host(\n`a`\n)",
]  # fmt: skip
TAKEN = [
    "Host(`a`)", "Host(`a`...)", "Host(\n`a`,\n)", "Host(`a`) // why", "((Host(`a`)))", "!!Host(`a`)",
    "PathRegexp(`^/(?P<x>[a-z]+)`)", "PathRegexp(`\\\\pL`)", "ClientIP(`10.1.2.3/8`)", "ClientIP(`fe80::/10`)",
    "Host(`a b`)", "Path(`/{x}`)", "Method(`anything`)", "HostRegexp(`{sub:[a-z]+}.example`)", "Query(`a`)",
    "Host(`a`)\t&&\tPath(`/`)", "\n Host(`a`)", 'Path("/\\x61")', 'Path("/\\141")', "Host(`a_b`)",
]  # fmt: skip
REFUSED_V2 = [
    "Host()", "Header(`a`,`b`)", "Headers(`a`)", "Path(`a`)", "Path(`/{`)", "Path(`/{x:}`)", "Path(`/{:a}`)",
    "Query(`a`)", "HostRegexp(`{x:[}`)", "PathRegexp(`a`)", "Host(`ü`)", "ClientIP(`x`)",
    "HeadersRegexp(`a`, `[`)", "QueryRegexp(`a`)", "Path(`/}`)",
]  # fmt: skip
TAKEN_V2 = ["Host(`a`, `b`)", "Path(`/{x:[a-z]+}/{y}`)", "Query(`a=`)", "ClientIP(`10.0.0.1`, `10.0.0.2`)",
            "HostRegexp(`{x}`)", "Headers(`a`, `b`, `c`, `d`)", "Path(`/{x}/{x}`)"]  # fmt: skip

TCP: dict[str, tuple[list[Router], list[tuple[str | None, tuple[str, ...]]]]] = {
    "sni": (
        [Router("HostSNI(`db.example`)", tls=True), Router("HostSNI(`*.wild.example`)", tls=True),
         Router("HostSNIRegexp(`^re[0-9]`)", tls=True), Router("HostSNI(`both.example`) && ALPN(`h2`)", tls=True),
         Router("HostSNI(`*`)", tls=True)],
        [("db.example", ()), ("DB.example", ()), ("a.wild.example", ()), ("a.b.wild.example", ()), ("re1", ()),
         ("both.example", ("h2",)), ("both.example", ("http/1.1",)), ("other.example", ())],
    ),
    "plain": ([Router("HostSNI(`*`)"), Router("HostSNI(`tls.example`)", tls=True)],
              [(None, ()), ("tls.example", ()), ("x.example", ())]),
    "tcpclient": ([Router("ClientIP(`10.0.0.0/8`)", priority=9), Router("ClientIP(`127.0.0.1`)", priority=5),
                   Router("HostSNI(`*`)")], [(None, ())]),
    "tcpnot": ([Router("!ClientIP(`127.0.0.1`)"), Router("HostSNI(`*`) && !ALPN(`h2`)", tls=True)],
               [(None, ()), ("a.example", ("h2",)), ("a.example", ("x",))]),
    "tcptwo": ([Router("HostSNI(`a.example`, `b.example`)", "v2", tls=True),
                Router("HostSNIRegexp(`{s:[a-z]+}.re.example`)", "v2", tls=True),
                Router("ALPN(`x`, `y`)", "v2", tls=True)],
               [("a.example", ()), ("b.example", ()), ("c.example", ()), ("n.re.example", ()), ("N.RE.example", ()),
                ("1.re.example", ()), ("c.example", ("y",))]),
}  # fmt: skip
TCP_REFUSED = [Router(rule, tls=True) for rule in (
    "HostSNI(`a`, `b`)", "HostSNI(`ü`)", "HostSNI(`a b`)", "HostSNI(`*foo`)", "ALPN(`acme-tls/1`)", "Host(`a`)",
    "HostSNIRegexp(`[`)", "ClientIP(`x`)", "HostSNI(``)", "ALPN()",
)]  # fmt: skip
TCP_TAKEN = [
    Router(rule, tls=True) for rule in ("HostSNI(`a`)", "HostSNI(`10.0.0.1`)", "HostSNI(`*.a`)", "hostsni(`a.`)")
]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    groups = {name: routers for name, (routers, _) in GROUPS.items()}
    groups["refused"] = [Router(rule) for rule in REFUSED]
    groups["taken"] = [Router(rule) for rule in TAKEN]
    groups["refused2"] = [v2(rule) for rule in REFUSED_V2]
    groups["taken2"] = [v2(rule) for rule in TAKEN_V2]
    tcp = {name: routers for name, (routers, _) in TCP.items()}
    tcp |= {"tcprefused": TCP_REFUSED, "tcptaken": TCP_TAKEN}
    with traefik(tmp_path_factory.mktemp("traefik"), groups, tcp) as found:
        yield found


def winner(group: str, routers: list[Router], asked: Asked | Connection) -> str | None:
    """Ours: the first in the order of priority that matches."""
    found: list[tuple[int, str]] = []
    for index, router in enumerate(routers):
        protocol = "http" if isinstance(asked, Asked) else "tcp"
        rule = compile_rule(router.rule, protocol, router.syntax or "v3")
        if rule.matches(asked):
            found.append((router.priority or rule.priority, f"{group}-{index}"))
    return max(found)[1] if found else None


HTTP_CASES = [(group, sent) for group, (_, requests) in GROUPS.items() for sent in requests]


@pytest.mark.parametrize(("group", "sent"), HTTP_CASES, ids=lambda value: value if isinstance(value, str) else "")
def test_the_same_router_wins(running: Running, group: str, sent: Sent) -> None:
    method, host, target, headers = sent
    path, _, query = target.partition("?")
    asked = Asked.of(host, path, query, method, headers, "127.0.0.1")
    assert winner(group, GROUPS[group][0], asked) == running.http(group, method, host, target, headers), (sent, asked)


TCP_CASES = [(group, sni, alpn) for group, (_, sent) in TCP.items() for sni, alpn in sent]


@pytest.mark.parametrize(("group", "sni", "alpn"), TCP_CASES)
def test_the_same_tcp_router_wins(running: Running, group: str, sni: str | None, alpn: tuple[str, ...]) -> None:
    from pointsman.tui.answers.ranges import parse_ip

    routers = TCP[group][0]
    there = [router if router.tls == (sni is not None) else None for router in routers]
    asked = Connection((sni or "").lower(), parse_ip("127.0.0.1"), alpn)
    found: list[tuple[int, str]] = []
    for index, router in enumerate(there):
        if router is not None:
            rule = compile_rule(router.rule, "tcp", router.syntax or "v3")
            if rule.matches(asked):
                found.append((router.priority or rule.priority, f"{group}-{index}"))
    assert (max(found)[1] if found else None) == running.tcp(group, sni, alpn)


def test_there_are_enough_cases() -> None:
    assert len(HTTP_CASES) + len(TCP_CASES) >= 150


def checked(router: Router, protocol: str) -> tuple[Rule | None, RuleError | None]:
    return checked_rule(router.rule, protocol, router.syntax or "v3")


def test_the_same_rules_are_refused(running: Running) -> None:
    there = running.routers("http") | running.routers("tcp")
    wrong = []
    for group, routers, protocol in (
        ("refused", [Router(rule) for rule in REFUSED], "http"),
        ("taken", [Router(rule) for rule in TAKEN], "http"),
        ("refused2", [v2(rule) for rule in REFUSED_V2], "http"),
        ("taken2", [v2(rule) for rule in TAKEN_V2], "http"),
        ("tcprefused", TCP_REFUSED, "tcp"),
        ("tcptaken", TCP_TAKEN, "tcp"),
    ):
        for index, router in enumerate(routers):
            theirs = there[f"{group}-{index}"]
            rule, _ = checked(router, protocol)
            if (rule is None) != (theirs["status"] == "disabled"):
                wrong.append((router, theirs["status"], theirs.get("error")))
            elif rule is None and group.startswith("taken"):
                wrong.append((router, "taken", None))
    assert wrong == []


def test_the_same_priority_is_computed(running: Running) -> None:
    there = running.routers("http") | running.routers("tcp")
    for groups, protocol in ((GROUPS, "http"), (TCP, "tcp")):
        for group, (routers, _) in groups.items():
            for index, router in enumerate(routers):
                if not router.priority:
                    rule = compile_rule(router.rule, protocol, router.syntax or "v3")
                    assert rule.priority == there[f"{group}-{index}"]["priority"], router
