"""What can be done about an address from the IPs pane. Every write goes by the desk: diff, dry run, dialog, journal."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pointsman.tui.actions import addresses, announcers, newpool
from pointsman.tui.actions.errors import ActionError
from pointsman.tui.actions.plan import Wish
from pointsman.tui.answers.ips import Address, IpKind, ip_map
from pointsman.tui.answers.ips.agents import AGENT_OF, agent
from pointsman.tui.answers.ips.context import Context
from pointsman.tui.answers.ips.taking import free_addresses, refusal
from pointsman.tui.answers.ref import Ref, ref
from pointsman.tui.commands import BY_ID, Command
from pointsman.tui.model.kinds import CILIUML2POLICIES, CILIUMPOOLS, METALLBPOOLS, NODES, SERVICES
from pointsman.tui.screens.listpane import ListPane
from pointsman.tui.views.ips import IpRow, many
from pointsman.widgets.form import Field, FormScreen, Values
from pointsman.widgets.picker import Choice, PickerScreen

ACTIONS = ("ips.pin", "ips.pool", "ips.share", "ips.restart", "ips.cordon", "ips.uncordon", "ips.new-pool")
"""In the order of the menu."""
_ABOUT_ADDRESS = frozenset(("ips.pin", "ips.pool", "ips.share"))
_ABOUT_NODE = frozenset(("ips.restart", "ips.cordon", "ips.uncordon"))
STACK_WORDS = {"metallb": "MetalLB", "cilium": "Cilium"}


class ActPart(ListPane):
    """Why an action cannot be done is asked of the answers and of the user's rights, and shown beside it."""

    def why_not(self, command: Command) -> str:
        if self.is_ready and command.id in ACTIONS:
            return self._why_not_act(command.id)
        return super().why_not(command)

    def _why_not_act(self, id: str) -> str:
        snapshot, item = self.host.snapshot(), self._item
        if id == "ips.new-pool":
            if not newpool.stacks(snapshot):
                return "Nothing that runs here takes addresses from a pool."
            kind = METALLBPOOLS if "metallb" in newpool.stacks(snapshot) else CILIUMPOOLS
            home = next((pool.ref.namespace for pool in ip_map(snapshot).pools if pool.kind == "metallb"), "")
            return self.host.rights.missing("create", Ref(kind.id, home if kind is METALLBPOOLS else "", "new"))
        if item is None:
            return "There is no address here."
        if id in _ABOUT_ADDRESS:
            try:
                addresses.family_of(snapshot, item.service)
            except ActionError as error:
                return error.sentence
            return self.host.rights.missing("patch", item.service)
        return self._why_not_node(id, item)

    def _why_not_node(self, id: str, item: Address) -> str:
        snapshot = self.host.snapshot()
        if item.kind not in AGENT_OF or (id != "ips.restart" and item.kind is IpKind.KUBE_VIP):
            return "Addresses of this kind are announced by no agent that can be told."
        if id == "ips.restart":
            pod = next((found for one in item.announcers if (found := agent(snapshot, item.kind, one.node))), None)
            if pod is None:
                return "No agent's pod is known on a node that announces it."
            return self.host.rights.missing("delete", ref(pod))
        metallb = item.kind in (IpKind.METALLB_L2, IpKind.METALLB_BGP)
        if id == "ips.uncordon" and not self._cordoned(item):
            return "No node is taken out of announcing it."
        if id == "ips.cordon" and not item.announcers:
            return "No node is known to announce it."
        return self.host.rights.missing("patch", Ref(NODES.id if metallb else CILIUML2POLICIES.id, "", "any"))

    @property
    def _item(self) -> Address | None:
        row: Any = self.selected_row
        return row.address if isinstance(row, IpRow) else None

    def _cordoned(self, item: Address) -> list[str]:
        snapshot = self.host.snapshot()
        return [
            node.name
            for node in sorted(snapshot.all(NODES), key=lambda one: one.name)
            if announcers.is_cordoned(snapshot, node.name, item.kind)
        ]

    # -- the menu -----------------------------------------------------------------------------------------------------

    def cmd_ips_act(self) -> None:
        """All that can be done here, and of what cannot, why."""
        choices = []
        for id in ACTIONS:
            command = BY_ID[id]
            choices.append(Choice(id, command.title, self.host.keymap.label(id), why_not=self.host.why_not(command)))
        item = self._item
        title = f"do something about {item.ip or item.service.path}" if item is not None else "do something"
        self.app.push_screen(PickerScreen(title, choices), self._act)

    def _act(self, id: object) -> None:
        if isinstance(id, str):
            self.host.run_command(id)

    def _begin(self, make: Callable[[], Wish]) -> None:
        """The wish is made again when it is planned, from the picture of then."""
        self.host.writer.begin(lambda desk: desk.plan(make()))

    # -- the address --------------------------------------------------------------------------------------------------

    def cmd_ips_pin(self) -> None:
        item = self._item
        if item is None:
            return
        target = item.service

        def wrong(text: str, _values: Values) -> str:
            try:
                addresses.pin_wish(self.host.snapshot(), target, text)
            except ActionError as error:
                return error.sentence
            return ""

        def done(values: dict[str, str] | None) -> None:
            if values is not None:
                self._begin(lambda: addresses.pin_wish(self.host.snapshot(), target, values["ip"]))

        free = self._free(item)
        intro = f"The address that {target.path} shall ask for; nothing: it asks for none any more."
        form = FormScreen(
            "pin an address",
            [Field("ip", "address", item.ip or "", "none", wrong, free)],
            intro=intro + (f" Free are {', '.join(free)} and more." if free else ""),
        )
        self.app.push_screen(form, done)

    def _free(self, item: Address) -> tuple[str, ...]:
        snapshot = self.host.snapshot()
        service = snapshot.get(SERVICES, *item.service.key)
        if service is None:
            return ()
        family = addresses.family_of(snapshot, item.service)[1].name
        ctx = Context(snapshot)
        pools = [item.pool] if item.pool else [pool.name for pool in ip_map(snapshot).pools if pool.kind == family]
        return tuple(str(ip) for pool in pools[:2] for ip in free_addresses(ctx, service, family, pool or "", 3))

    def cmd_ips_pool(self) -> None:
        item = self._item
        if item is None:
            return
        snapshot, target = self.host.snapshot(), item.service
        service, family, ctx = addresses.family_of(snapshot, target)
        choices = []
        for pool in ip_map(snapshot).pools:
            if pool.kind == family.name:
                why = refusal(ctx, service, family.name, pool.name)
                why = why or ("nothing is free" if pool.available == 0 else "")
                here = pool.name == item.pool
                detail = f"{many(pool.available)} free  {' '.join(pool.ranges)}"
                choices.append(Choice(pool.name, pool.name, detail, here, "" if here else why))

        def chosen(name: object) -> None:
            if isinstance(name, str):
                self._begin(lambda: addresses.pool_wish(self.host.snapshot(), target, name))

        self.app.push_screen(PickerScreen(f"pool for {target.path}", choices, empty="there is no pool"), chosen)

    def cmd_ips_share(self) -> None:
        item = self._item
        if item is None:
            return
        snapshot, target = self.host.snapshot(), item.service
        choices = []
        for other in ip_map(snapshot).items:
            if other.ip is None or other.service == target:
                continue
            why = ""
            try:
                addresses.share_wish(snapshot, target, other.service)
            except ActionError as error:
                why = error.sentence
            choices.append(
                Choice(other.service, f"{other.ip}  {other.service.path}", " ".join(other.ports), why_not=why)
            )

        def chosen(other: object) -> None:
            if isinstance(other, Ref):
                self._begin(lambda: addresses.share_wish(self.host.snapshot(), target, other))

        self.app.push_screen(
            PickerScreen(f"whose address {target.path} shall use", choices, empty="no other service has an address"),
            chosen,
        )

    # -- who announces ------------------------------------------------------------------------------------------------

    def _on_node(self, title: str, names: list[str], then: Callable[[str], None]) -> None:
        """Ask which node where there is more than one."""
        if len(names) == 1:
            then(names[0])
            return

        def chosen(name: object) -> None:
            if isinstance(name, str):
                then(name)

        self.app.push_screen(PickerScreen(title, [Choice(name, name) for name in names]), chosen)

    def cmd_ips_restart(self) -> None:
        if (item := self._item) is not None:
            kind, names = item.kind, [one.node for one in item.announcers]
            self._on_node(
                "restart the agent on",
                names,
                lambda node: self._begin(lambda: announcers.restart_wish(self.host.snapshot(), node, kind)),
            )

    def cmd_ips_cordon(self) -> None:
        if (item := self._item) is not None:
            self._on_node("take out of announcing", [one.node for one in item.announcers], self._cordon(item, off=True))

    def cmd_ips_uncordon(self) -> None:
        if (item := self._item) is not None:
            self._on_node("let announce again", self._cordoned(item), self._cordon(item, off=False))

    def _cordon(self, item: Address, *, off: bool) -> Callable[[str], None]:
        return lambda node: self._begin(lambda: announcers.cordon_wish(self.host.snapshot(), node, item, off=off))

    # -- a new pool ---------------------------------------------------------------------------------------------------

    def cmd_ips_new_pool(self) -> None:
        stacks = newpool.stacks(self.host.snapshot())
        if len(stacks) == 1:
            self._ask_pool(stacks[0])
            return

        def chosen(stack: object) -> None:
            if isinstance(stack, str):
                self._ask_pool(stack)

        choices = [Choice(stack, STACK_WORDS[stack]) for stack in stacks]
        self.app.push_screen(PickerScreen("whose pool", choices), chosen)

    def _ask_pool(self, stack: str) -> None:
        picture = self.host.snapshot

        def span(values: Values) -> str:
            return values["range"].replace(" ", "")

        fields = [
            Field("name", "name", "", "small letters, digits, dashes",
                  lambda text, _: newpool.wrong_name(picture(), stack, text)),
            Field("range", "addresses", "", "192.168.7.60-192.168.7.69, or a CIDR",
                  lambda text, _: newpool.wrong_range(picture(), text.replace(" ", ""))),
            Field("dhcp", "router's DHCP", "", "what the router gives to others: first-last, or none",
                  lambda text, values: newpool.wrong_dhcp(span(values), text.replace(" ", ""))),
        ]  # fmt: skip

        def done(values: dict[str, str] | None) -> None:
            if values is None:
                return
            asked = newpool.PoolAsked(values["name"], span(values), values["dhcp"].replace(" ", ""))
            try:
                wishes = newpool.pool_wishes(picture(), stack, asked)
            except ActionError as error:
                self.host.say(error.sentence, severity="warning")
                return
            self.host.writer.begin_each([_plan(wish) for wish in wishes])

        intro = "Addresses that nobody else on the network has or is given: the router, nodes, pods and services are looked at."
        self.app.push_screen(FormScreen(f"a new pool for {STACK_WORDS[stack]}", fields, intro=intro), done)


def _plan(wish: Wish) -> Callable[[Any], Any]:
    return lambda desk: desk.plan(wish)
