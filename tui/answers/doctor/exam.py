"""What every check looks at: the snapshot, and the answers that several of them need, made once."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

from pointsman.tui.answers.ips import Address, IpMap, Problem, ip_map
from pointsman.tui.answers.ips.context import Context
from pointsman.tui.answers.ips.model import Pool
from pointsman.tui.answers.policies.index import PolicyIndex, compile_index
from pointsman.tui.answers.policies.lint import Lint, Lints
from pointsman.tui.answers.ref import Ref
from pointsman.tui.answers.routes.build import route_list
from pointsman.tui.answers.routes.model import Route
from pointsman.tui.answers.stack import StackReport, detect
from pointsman.tui.answers.stack.facts import Facts, facts
from pointsman.tui.model import kinds as k
from pointsman.tui.store.snapshot import Snapshot

FACTS = (k.NODES, k.DAEMONSETS, k.DEPLOYMENTS, k.STATEFULSETS, k.CONFIGMAPS)
"""What :attr:`Exam.facts` reads."""
STACK = tuple(kind for kind in k.KINDS.values() if kind not in (k.EVENTS, k.LEASES))
"""What :attr:`Exam.report` reads: it counts nearly everything."""


class Exam:
    """One look at one snapshot. Everything is made on first use."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot

    @cached_property
    def facts(self) -> Facts:
        return facts(self.snapshot)

    @cached_property
    def report(self) -> StackReport:
        return detect(self.snapshot)

    @cached_property
    def context(self) -> Context:
        """What the load balancers are and hold."""
        return Context(self.snapshot)

    @cached_property
    def ips(self) -> IpMap:
        return ip_map(self.snapshot)

    @cached_property
    def address_problems(self) -> Mapping[str, tuple[tuple[Address, Problem], ...]]:
        """What is wrong with addresses, by the problem's id."""
        found: dict[str, list[tuple[Address, Problem]]] = {}
        for item in self.ips.items:
            for problem in item.problems:
                found.setdefault(problem.id, []).append((item, problem))
        return {key: tuple(items) for key, items in found.items()}

    @cached_property
    def pool_problems(self) -> Mapping[str, tuple[tuple[Pool, Problem], ...]]:
        found: dict[str, list[tuple[Pool, Problem]]] = {}
        for pool in self.ips.pools:
            for problem in pool.problems:
                found.setdefault(problem.id, []).append((pool, problem))
        return {key: tuple(items) for key, items in found.items()}

    @cached_property
    def waiting(self) -> Mapping[str, tuple[Address, ...]]:
        """The services that wait for an address of a pool, by the pool's name."""
        found: dict[str, list[Address]] = {}
        for item in self.ips.items:
            if item.ip is None and item.pool:
                found.setdefault(item.pool, []).append(item)
        return {key: tuple(items) for key, items in found.items()}

    @cached_property
    def routes(self) -> tuple[Route, ...]:
        return route_list(self.snapshot).items

    @cached_property
    def route_problems(self) -> Mapping[str, tuple[tuple[Route, Problem], ...]]:
        """What is wrong with routes, by the problem's id; said once for each object."""
        found: dict[str, dict[tuple[object, Problem], tuple[Route, Problem]]] = {}
        for route in self.routes:
            for problem in route.problems:
                found.setdefault(problem.id, {}).setdefault((route.ref, problem), (route, problem))
        return {key: tuple(items.values()) for key, items in found.items()}

    @cached_property
    def policies(self) -> PolicyIndex:
        return compile_index(self.snapshot)

    @cached_property
    def lints(self) -> Mapping[str, tuple[tuple[Ref, Lint], ...]]:
        """What is doubtful about policies, by the lint's id."""
        lints = Lints(self.policies)
        found: dict[str, list[tuple[Ref, Lint]]] = {}
        for policy in self.policies.policies:
            for lint in lints.of(policy):
                found.setdefault(lint.id, []).append((policy.ref, lint))
        return {key: tuple(items) for key, items in found.items()}
