"""IPs: who answers for each service address, from which pool, since when; enter explains a row in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import ComposeResult

from pointsman.tui.answers.ips import IpMap, ip_map
from pointsman.tui.answers.ref import Ref
from pointsman.tui.screens.ipactions import ActPart
from pointsman.tui.screens.panel import Panel
from pointsman.tui.views.explain import Told, tell_address, tell_pool, tell_session
from pointsman.tui.views.ips import (
    COLUMNS,
    POOL_COLUMNS,
    SESSION_COLUMNS,
    SPANS,
    IpRow,
    PoolRow,
    SessionRow,
    ip_rows,
    is_problem,
    note,
    pool_rows,
    row_text,
    session_rows,
    title,
    worst,
)
from pointsman.tui.views.states import absence
from pointsman.widgets import glyphs
from pointsman.widgets.cells import CellLike

if TYPE_CHECKING:
    from pointsman.tui.store.snapshot import Snapshot

MOST_POOLS = 5
"""Rows of the pools' list before it scrolls."""


class IpsScreen(ActPart):
    place = "ips"
    CSS_PATH: ClassVar = "ips.tcss"
    AUTO_FOCUS = "#ips"
    main = "ips"

    def body(self) -> ComposeResult:
        yield Panel[IpRow](
            COLUMNS,
            id="ips",
            key=lambda row: row.key,
            empty=self._no_ips,
            show_header=True,
            flash=True,
            search=row_text,
        )
        yield Panel[PoolRow](POOL_COLUMNS, id="pools", key=lambda row: row.key, empty=self._no_pools, show_header=True)
        yield Panel[SessionRow](SESSION_COLUMNS, id="sessions", key=lambda row: row.key, empty=list, show_header=True)

    def draw(self, snapshot: Snapshot, *, changed: bool) -> None:
        summary = self.summary
        if summary is None:
            return
        found = summary.ips
        self.show_stale(snapshot)
        ips = self.panel("ips")
        ips.show_rows(ip_rows(found, snapshot.now, self.host.view.namespace, snapshot.history, self._span))
        shown = not {"ribbon", "ribbon-short"} <= set(ips.hidden_columns)
        ips.set_note(*note(found, snapshot.history, self._span, short=ips.size.width < 100) if shown else ())
        if changed:
            self.panel("pools").show_rows(pool_rows(found))
        self.panel("sessions").show_rows(session_rows(found, snapshot.now))
        self._arrange(found)
        self._titles(found)
        self.refresh_drawer()

    def _arrange(self, found: IpMap) -> None:
        """Pools and sessions take as many lines as they have, where there is room for them at all."""
        room = self.query_one("#body").size.height
        if self.drawer.is_open and self.drawer.has_class("-bottom"):
            room -= self.drawer.size.height or room // 2
        pools, sessions = self.panel("pools"), self.panel("sessions")
        pools.display = bool(found.pools) and room >= 18
        pools.styles.height = min(len(found.pools), MOST_POOLS if room >= 30 else 2) + 3
        sessions.display = bool(found.bgp) and room >= 24
        sessions.styles.height = min(len(found.bgp), MOST_POOLS) + 3

    def _titles(self, found: IpMap) -> None:
        ips, pools = self.panel("ips"), self.panel("pools")
        state = self.host.view.of(self.place)
        parts = list(title(found, len(ips.model), ips.model.total, pools=not pools.display))
        if state.problems:
            parts.append(("  problems only", "warn"))
        if found.unknown_short:
            parts.append((f"  {glyphs.current.forbidden} {found.unknown_short}", "warn"))
        ips.set_title(*parts)
        pools.set_title(("pools ", ""), (str(len(found.pools)), "bold"))
        self.panel("sessions").set_title(("BGP sessions ", ""), (str(len(found.bgp)), "bold"))

    # -- rows -------------------------------------------------------------------------------------------------------

    def ref_of(self, row: Any) -> Ref | None:
        match row:
            case IpRow():
                return row.address.service
            case PoolRow():
                return row.pool.ref
        return None

    def is_problem(self, row: Any) -> bool:
        match row:
            case IpRow():
                return is_problem(row)
            case PoolRow():
                return bool(worst(row.pool.problems))
            case SessionRow():
                return row.session.state is not None and row.session.state != "established"
        return True

    def copied(self, row: Any) -> str:
        """An address row copies its address."""
        if isinstance(row, IpRow) and row.address.ip:
            return row.address.ip
        return super().copied(row)

    def tell(self, row: Any, snapshot: Snapshot) -> Told:
        match row:
            case IpRow():
                return tell_address(row, snapshot)
            case PoolRow():
                return tell_pool(row, snapshot)
        return tell_session(row)

    @property
    def _span(self) -> float:
        """How far back the ribbons go, in seconds."""
        return SPANS.get(self.host.view.of(self.place).span, SPANS["hour"])

    def cmd_ips_span(self) -> None:
        """The ribbons of the last hour, or of the last day."""
        state = self.host.view.of(self.place)
        state.span = "" if state.span else "day"
        self.host.remember()
        self.again()
        self.host.say(f"Stability and moves of the last {state.span or 'hour'}.", seconds=2)

    def cmd_ips_lan(self) -> None:
        """Ask the local network, once; what it says comes with the next picture."""
        self.run_worker(self._ask_lan(), group="lan", exclusive=True, exit_on_error=True)

    async def _ask_lan(self) -> None:
        asked = await self.host.session.ask_lan()
        if not asked:
            none = not any(item.ip for item in ip_map(self.host.snapshot()).items)
            self.host.say(
                "There is no address to ask for."
                if none
                else "It was asked less than ten seconds ago; once more in a moment."
            )
            return
        counts = Counter(item.lan.state for item in ip_map(self.host.snapshot()).items if item.ip)
        words = ", ".join(f"{number} {state.replace('-', ' ')}" for state, number in counts.most_common())
        bad = counts["ghost"] + counts["conflict"]
        self.host.say(f"The local network: {words}.", severity="warning" if bad else "information", seconds=8)

    # -- nothing to show --------------------------------------------------------------------------------------------

    def _no_ips(self) -> Sequence[CellLike]:
        return absence(self.host.snapshot(), "ips")

    def _no_pools(self) -> Sequence[CellLike]:
        return absence(self.host.snapshot(), "pools")
