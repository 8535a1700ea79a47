"""The Policies pane on the demo's objects: views, questions, the matrix, and what is said where nothing is."""

from __future__ import annotations

import random
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from appkit import NOW, Clock, make_app
from demohome import demo_homelab
from textual.pilot import Pilot

from pointsman.tui.answers.ref import Ref
from pointsman.tui.model.decode import from_doc
from pointsman.tui.model.kinds import CILIUMNETWORKPOLICIES, KINDS, NAMESPACES, NETWORKPOLICIES, PODS
from pointsman.tui.options import Options
from pointsman.tui.screens import policies as policies_screen
from pointsman.tui.screens import policymatrix as policymatrix_screen
from pointsman.tui.screens.panel import Panel
from pointsman.tui.screens.question import QuestionBar
from pointsman.tui.store.snapshot import State
from pointsman.widgets.drawer import Drawer
from pointsman.widgets.matrix import Matrix


@pytest.fixture(autouse=True)
def _folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("TZ", "UTC")


async def settle(pilot: Pilot[Any]) -> None:
    await pilot.pause(0.12)
    await pilot.pause()


async def opened(pilot: Pilot[Any], *keys: str) -> Any:
    """The pane, once its rows are there."""
    await settle(pilot)
    await pilot.press("5")
    screen = pilot.app.screen
    for _ in range(50):
        await settle(pilot)
        if screen.board is not None:  # type: ignore[attr-defined]
            break
    await press(pilot, *keys)
    return screen


async def press(pilot: Pilot[Any], *keys: str) -> None:
    for key in keys:
        await pilot.press(key)
        await pilot.pause()
    await settle(pilot)


async def judged(pilot: Pilot[Any]) -> None:
    """Until no matrix is being made."""
    for _ in range(50):
        await settle(pilot)
        if not pilot.app.screen._pictures.busy:  # type: ignore[attr-defined]
            return


def rows(app: Any, panel: str = "policies") -> list[str]:
    model = app.screen.query_one(f"#{panel}", Panel).model
    return [" ".join(cell.plain for cell in model.cells_at(index)).strip() for index in range(len(model))]


def words(app: Any) -> str:
    strips = app.screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in strip) for strip in strips)


def drawer(app: Any) -> str:
    found = app.screen.query_one(Drawer)
    if not found.is_open:
        return ""
    said = found.explanation
    assert said is not None
    head = said.headline if isinstance(said.headline, str) else said.headline.plain
    return "\n".join([head, *(str(piece.text) for piece in said.evidence)])


def selected(app: Any) -> str:
    item = app.screen.query_one("#policies", Panel).selected_item
    return str(item.policy.ref.path)


def typed(text: str) -> list[str]:
    names = {"/": "slash", " ": "space", "-": "minus", ".": "full_stop"}
    return [names.get(letter, letter) for letter in text]


# -- the list -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
@pytest.mark.parametrize("keys", [(), ("enter",), ("v",), ("v", "v"), ("r",)])
async def test_every_line_is_as_wide_as_the_terminal(size: tuple[int, int], keys: tuple[str, ...]) -> None:
    app = make_app("broken")
    async with app.run_test(size=size) as pilot:
        await opened(pilot, *keys)
        for text in words(app).split("\n"):
            assert len(text) == size[0], text


async def test_all_kinds_are_in_one_list_with_state_and_words() -> None:
    app = make_app("cilium")
    async with app.run_test(size=(200, 60)) as pilot:
        await opened(pilot)
        shown = rows(app)
        assert len(shown) == 18
        assert any(
            "games-stay-out" in row and "Cilium cluster" in row and "keeps games from vault" in row for row in shown
        )
        assert any("db/default-deny" in row and "● active" in row and "pods in db  2 pods" in row for row in shown)
        assert "enforced by Cilium" in words(app)


async def test_the_first_frame_of_a_homelab_has_its_rows() -> None:
    app = make_app("classic")
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        app.open_pane("policies")
        await pilot.pause()
        await pilot.pause()
        assert len(rows(app)) == 13


async def test_where_nobody_enforces_everything_says_so_in_red() -> None:
    app = make_app("broken")
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(pilot)
        assert "nobody enforces them" in words(app)
        assert any("✖ invalid" in row for row in rows(app))
        await press(pilot, "enter")
        assert drawer(app).startswith("Nobody enforces it: Cilium's enforcement is switched off")


async def test_enter_explains_and_the_drawer_follows_the_cursor() -> None:
    app = make_app("classic")
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(pilot, "j", "j", "enter")
        assert selected(app) == "db/pgbouncer-from-apps"
        assert "reach 6432 on pgbouncer" in drawer(app)
        assert "selects db/pgbouncer-" in drawer(app)
        await press(pilot, "j")
        assert "5432 on postgres" in drawer(app)
        await press(pilot, "enter")
        assert drawer(app) == ""


async def test_filter_sort_and_problems_narrow_the_list() -> None:
    app = make_app("broken")
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(pilot, "slash", *typed("broker"), "enter")
        assert len(rows(app)) == 1
        await press(pilot, "escape")
        await press(pilot, "S")
        assert "invalid" in rows(app)[0]
    app = make_app("classic")
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(pilot, "ctrl+z")
        assert rows(app) == []
        assert "problems only" in words(app)


async def test_one_namespace_keeps_what_belongs_to_it() -> None:
    app = make_app("cilium")
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(pilot)
        app.set_namespace("vault")
        await settle(pilot)
        assert {row.split()[0] for row in rows(app)} == {
            "vault/default-deny",
            "vault/vaultwarden-from-ingress",
            "games-stay-out",
        }


async def test_readers_and_related_objects_open_for_a_policy() -> None:
    app = make_app("classic")
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await opened(pilot)
        for key, text in (("y", "kind: NetworkPolicy"), ("d", "minio"), ("g", "related to NetworkPolicy")):
            await press(pilot, key)
            await pilot.pause(0.5 if key == "g" else 0.0)  # a second g would mean the first row
            await settle(pilot)
            assert text in words(app)
            await press(pilot, "escape")
        assert app.screen.place == "policies"
        await press(pilot, "l")
        assert "A policy has no logs" in " ".join(words(app).split())


async def test_a_policy_that_comes_or_goes_is_shown_at_once() -> None:
    app = make_app("classic")
    store = app.session.store
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await opened(pilot)
        screen._made = 0.0
        doc = {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "fresh", "namespace": "web"},
               "spec": {"podSelector": {}, "policyTypes": ["Ingress"]}}  # fmt: skip
        before = list(app.snapshot().all(NETWORKPOLICIES))
        store.replace(NETWORKPOLICIES, [*before, from_doc(doc, NETWORKPOLICIES)])
        await settle(pilot)
        await settle(pilot)
        assert any("web/fresh" in row for row in rows(app))
        screen._made = 0.0
        store.replace(NETWORKPOLICIES, before)
        await settle(pilot)
        await settle(pilot)
        assert not any("web/fresh" in row for row in rows(app))


async def test_a_finding_opens_its_policy_explained() -> None:
    app = make_app("broken")
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        ref = Ref(CILIUMNETWORKPOLICIES.id, "home", "broker-in")
        app.open_object(ref, explain=True)
        for _ in range(10):
            await settle(pilot)
        assert app.screen.place == "policies"
        assert selected(app) == "home/broker-in"
        assert "not valid" in drawer(app)


# -- pods -----------------------------------------------------------------------------------------------------------------


async def test_pods_say_what_may_reach_them_and_open_into_their_rules() -> None:
    app = make_app("classic")
    async with app.run_test(size=(200, 60)) as pilot:
        await opened(pilot, "v")
        shown = rows(app, "pods")
        assert any(row.startswith("db/postgres-0") and "◐ by rules" in row and "● open" in row for row in shown)
        assert any("metallb-speaker" in row and "node's own" in row for row in shown)
        await press(pilot, "j", "j", "enter")
        assert drawer(app).startswith("Into db/postgres-0: only what rules allow. Out of it: anything.")
        assert "5432 on db/postgres-0" in drawer(app)
        await press(pilot, "escape", "escape")
        assert app.screen.view == "list"


# -- questions ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "answer", "policy"),
    [
        ("media/immich-server db/postgres 5432", "Yes: ", "db/postgres-from-apps"),
        ("media/jellyfin db/postgres 5432", "No: ", "db/default-deny"),
    ],
)
async def test_a_question_is_answered_and_its_policy_opened(text: str, answer: str, policy: str) -> None:
    app = make_app("classic")
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(pilot, "r", *typed(text), "enter")
        assert drawer(app).startswith(answer)
        assert selected(app) == policy
        await settle(pilot)
        assert drawer(app).startswith(answer)  # the next draw leaves it there
        await press(pilot, "enter")
        assert not drawer(app).startswith(answer)  # the policy's own words
        await press(pilot, "escape")
        assert drawer(app) == ""
        assert not app.screen.query_one(QuestionBar).is_open


async def test_a_question_that_means_nothing_says_what_there_is() -> None:
    app = make_app("classic")
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(pilot, "r", *typed("media/jelyfin db/postgres"), "enter")
        assert drawer(app).startswith("There is no workload, pod or service media/jelyfin")
        assert "media/jellyfin" in words(app)


async def test_escape_leaves_the_question_and_the_arrow_takes_a_name() -> None:
    app = make_app("classic")
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await opened(pilot, "r", *typed("media/jel"), "right")
        bar = screen.query_one(QuestionBar)
        assert bar.text == "media/jellyfin"
        await press(pilot, "escape")
        assert not bar.is_open
        assert screen.focused is screen.query_one("#policies")


async def test_a_question_finds_a_policy_that_a_filter_hides() -> None:
    app = make_app("classic")
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(pilot, "slash", *typed("vault"), "enter")
        app.run_command("reach", "media/jellyfin db/postgres 5432")
        await settle(pilot)
        assert selected(app) == "db/default-deny"
        assert drawer(app).startswith("No: ")


# -- the matrix -----------------------------------------------------------------------------------------------------------


async def at(pilot: Pilot[Any], row: str, column: str) -> Any:
    """The cursor on a cell, by the names at its sides."""
    matrix = pilot.app.screen.query_one(Matrix)
    matrix.move_to(matrix._rows.index(row), matrix._columns.index(column))
    await settle(pilot)
    return matrix


async def test_the_matrix_goes_from_namespaces_to_the_rule() -> None:
    app = make_app("classic")
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await opened(pilot, "v", "v")
        await judged(pilot)
        await at(pilot, "media", "db")
        assert "of 16 pairs: 1 in part, 15 not at all" in words(app)
        await press(pilot, "enter")
        await judged(pilot)
        assert "workloads of media → db" in words(app)
        await at(pilot, "immich-server", "postgres")
        await press(pilot, "enter")
        assert drawer(app).startswith("media/immich-server may reach db/postgres on 5432/tcp; nothing else.")
        assert "db/postgres-from-apps allows 5432/tcp" in drawer(app)
        await press(pilot, "j")
        assert drawer(app).startswith("media/immich-valkey may not reach db/postgres.")
        await press(pilot, "r")
        assert screen.query_one(QuestionBar).text == "media/immich-valkey → db/postgres "
        await press(pilot, "escape", "escape")
        await judged(pilot)
        assert screen.query_one(Matrix)._rows[0] == "backup"
        assert screen.cell_here.source.label == "media"  # where one came from
        await press(pilot, "escape")
        assert screen.view == "list"


async def test_keys_of_lists_say_why_they_do_nothing_in_the_matrix() -> None:
    app = make_app("classic")
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await opened(pilot, "v", "v")
        await judged(pilot)
        for key in ("slash", "y", "P", "ctrl+z", "n"):
            await press(pilot, key)
            assert app.screen.view == "matrix"
            assert isinstance(app.screen.focused, Matrix)
        await press(pilot, "down", "right", "G", "pageup", "c")


async def test_a_matrix_is_saved_as_its_pairs() -> None:
    app = make_app("classic")
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(pilot, "v", "v")
        await judged(pilot)
        await press(pilot, "ctrl+s")
        assert "pointsman-policies-matrix.csv" in words(app)


# -- states ---------------------------------------------------------------------------------------------------------------


async def test_no_policy_and_forbidden_policies_are_not_the_same() -> None:
    app = make_app("classic")
    store = app.session.store
    for kind in KINDS.values():
        if "polic" in kind.id and kind.id.endswith("networkpolicies"):
            store.replace(kind, [])
            store.set_kind_link(kind, State.ABSENT if not kind.core and kind is not NETWORKPOLICIES else State.LIVE)
    async with app.run_test(size=(100, 30)) as pilot:
        await opened(pilot)
        assert "no policy: everything may reach everything" in words(app)
    app = make_app("classic")
    app.session.store.replace(NETWORKPOLICIES, [])
    app.session.store.set_kind_link(NETWORKPOLICIES, State.FORBIDDEN, "needs list networkpolicies.networking.k8s.io")
    async with app.run_test(size=(100, 30)) as pilot:
        await opened(pilot)
        assert "forbidden  networkpolicies.networking.k8s.io" in words(app)
        await press(pilot, "v", "v")
        await judged(pilot)
        assert "?" in words(app)


async def test_ascii_draws_nothing_else() -> None:
    from pointsman.widgets import glyphs

    app = make_app("broken", Options(ascii=True))
    try:
        async with app.run_test(size=(120, 40), notifications=True) as pilot:
            await opened(pilot, "enter")
            assert words(app).isascii()
            for keys in (("escape", "v"), ("v",), ("enter",)):
                await press(pilot, *keys)
                assert words(app).isascii()
            await press(pilot, "escape", "escape", "r", *typed("media/jellyfin db/postgres"), "enter")
            assert words(app).isascii()
    finally:
        glyphs.use(ascii=False)


async def test_leaving_the_context_leaves_nothing_of_it() -> None:
    app = make_app("classic")
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await opened(pilot, "enter")
        screen.forget()
        assert rows(app) == []
        assert drawer(app) == ""
        assert screen.board is None


# -- a large cluster ------------------------------------------------------------------------------------------------------


def large(app: Any, pods: int = 1000, policies: int = 300) -> None:
    """Pods of two hundred workloads in 25 namespaces, and policies that isolate them all."""
    store = app.session.store
    spaces = [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": f"ns{number}"}} for number in range(25)]
    docs: list[dict[str, Any]] = [
        {
            "apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": f"w{number % 200}-{number}", "namespace": f"ns{number % 25}",
                         "labels": {"app": f"w{number % 200}", "tier": str(number % 4)}},
            "spec": {"nodeName": f"n{number % 3}", "containers": [{"name": "c", "image": "i"}]},
            "status": {"phase": "Running", "podIP": f"10.42.{number // 250}.{number % 250 + 1}"},
        }
        for number in range(pods)
    ]  # fmt: skip
    rules: list[dict[str, Any]] = [
        {
            "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
            "metadata": {"name": f"p{number}", "namespace": f"ns{number % 25}"},
            "spec": {
                "podSelector": {"matchLabels": {"app": f"w{number % 200}"}},
                "policyTypes": ["Ingress", "Egress"],
                "ingress": [{"from": [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": f"ns{number * 7 % 25}"}}}],
                             "ports": [{"port": 1000 + number}]}],
                "egress": [{"to": [{"namespaceSelector": {}}], "ports": [{"port": 1000 + number}]}],
            },
        }
        for number in range(policies)
    ]  # fmt: skip
    store.replace(NAMESPACES, [from_doc(doc, NAMESPACES) for doc in spaces])
    store.replace(PODS, [from_doc(doc, PODS) for doc in docs])
    store.replace(NETWORKPOLICIES, [from_doc(doc, NETWORKPOLICIES) for doc in rules])


async def test_a_large_cluster_never_stops_the_app(monkeypatch: pytest.MonkeyPatch) -> None:
    """The board and the matrix of a large cluster are made in threads of their own, never in the app's: made there, the
    matrix alone would take a second or more. And while they are made the app goes on drawing what is there."""
    app = make_app("classic", clock=Clock(NOW.timestamp()))
    large(app)
    where: dict[str, set[int]] = {}

    def watched(module: Any, name: str) -> None:
        made = getattr(module, name)

        def make(*args: Any, **options: Any) -> Any:
            where.setdefault(name, set()).add(threading.get_ident())
            return made(*args, **options)

        monkeypatch.setattr(module, name, make)

    watched(policies_screen, "make_board")
    watched(policymatrix_screen, "make_picture")
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        screen = await opened(pilot)
        assert len(rows(app)) == 300
        await press(pilot, "v", "v")
        seen = set()
        for _ in range(300):
            await pilot.pause(0.05)
            picture = screen._picture
            if picture is not None:
                seen.add(len(picture.rows))
                if picture.whole and not screen._pictures.busy:
                    break
        assert max(seen) == 25 + 13
    assert set(where) == {"make_board", "make_picture"}
    assert all(threading.get_ident() not in threads for threads in where.values())


KEYS = [
    "j",
    "k",
    "down",
    "up",
    "left",
    "right",
    "enter",
    "escape",
    "v",
    "r",
    "slash",
    "a",
    "space",
    "ctrl+z",
    "ctrl+w",
    "P",
    "S",
    "K",
    "c",
    "y",
    "d",
    "g",
    "x",
    "G",
    "tab",
    "5",
    "4",
    "1",
    "n",
    "N",
    "minus",
    "home",
    "end",
    "pagedown",
    "0",
    "question_mark",
]


@pytest.mark.parametrize("seed", range(2))
async def test_any_keys_while_pods_and_policies_come_and_go(seed: int) -> None:
    rng = random.Random(seed)
    app = make_app(rng.choice(("classic", "cilium", "broken")))
    store = app.session.store
    pods, policies = list(app.snapshot().all(PODS)), list(app.snapshot().all(NETWORKPOLICIES))
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await opened(pilot)
        for _ in range(60):
            await pilot.press(rng.choice(KEYS))
            if rng.random() < 0.1:
                store.replace(PODS, rng.sample(pods, rng.randint(0, len(pods))))
                store.replace(NETWORKPOLICIES, rng.sample(policies, rng.randint(0, len(policies))))
            if rng.random() < 0.06:
                await pilot.resize_terminal(rng.randint(60, 200), rng.randint(14, 60))
            if rng.random() < 0.04:
                app.set_namespace(rng.choice(("", "db", "nothing")))
        await settle(pilot)
        assert words(app).strip()


# -- off and on -----------------------------------------------------------------------------------------------------------


async def until(pilot: Pilot[Any], what: Any, seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, words(pilot.app)
        await pilot.pause(0.1)


async def test_x_switches_a_policy_off_and_on_again_on_a_live_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pointsman.tui.answers.policies.toggles import is_off
    from pointsman.tui.app.program import Pointsman
    from pointsman.tui.config import Config
    from pointsman.tui.screens.modals.confirm import ConfirmScreen

    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "run"))
    with demo_homelab(tmp_path, "classic") as demo:
        app = Pointsman(Options(kubeconfig=str(demo.kubeconfig)), Config())
        async with app.run_test(size=(120, 40), notifications=True) as pilot:
            await until(pilot, lambda: len(list(app.snapshot().all(NETWORKPOLICIES))) == 13)
            screen = await opened(pilot)
            await until(pilot, lambda: len(rows(app)) == 13)
            screen.query_one("#policies", Panel).select(Ref(NETWORKPOLICIES.id, "media", "immich-valkey"))

            async def agree() -> None:
                await until(pilot, lambda: isinstance(app.screen, ConfirmScreen) and app.screen.seen)
                dialog = app.screen
                assert isinstance(dialog, ConfirmScreen)
                assert "immich-valkey" in words(app)
                if dialog.plan.grave:
                    name = dialog.query_one("#confirm-name")
                    name.focus()
                    await pilot.press(*typed("immich-valkey"), "enter")
                else:
                    await pilot.press("y")

            def live() -> Any:
                return app.snapshot().get(NETWORKPOLICIES, "media", "immich-valkey")

            await pilot.press("x")
            await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
            await pilot.press("escape")  # whoever says no has written nothing
            await until(pilot, lambda: not isinstance(app.screen, ConfirmScreen) or app.screen.seen)
            if isinstance(app.screen, ConfirmScreen):
                await pilot.press("escape")
            await until(pilot, lambda: app.screen is screen)
            assert not is_off(live())
            before = live().body.spec

            await pilot.press("x")
            await agree()
            await until(pilot, lambda: is_off(live()))
            await until(pilot, lambda: any("immich-valkey" in row and "‖ off 9:" in row for row in rows(app)))
            await pilot.press("x")
            await agree()
            await until(pilot, lambda: not is_off(live()))
            assert live().body.spec == before
            await until(pilot, lambda: any("immich-valkey" in row and "● active" in row for row in rows(app)))


async def test_read_only_has_no_key_for_it() -> None:
    app = make_app("classic", Options(read_only=True))
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        screen = await opened(pilot, "x")
        assert app.screen is screen
        app.run_command("toggle")
        await settle(pilot)
        assert "this is read-only" in " ".join(words(app).split())


async def test_c_in_the_dialog_has_a_job_in_the_cluster_switch_it_on_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The whole life on the demo's nodes: asked for, armed, off, on again by hand, and nothing of it left."""
    from pointsman.tui.actions.deadman import LABEL
    from pointsman.tui.actions.toggle import operation_of
    from pointsman.tui.answers.policies.toggles import is_off
    from pointsman.tui.app.program import Pointsman
    from pointsman.tui.config import Config
    from pointsman.tui.model.kinds import JOBS
    from pointsman.tui.screens.modals.confirm import ConfirmScreen

    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "run"))
    with demo_homelab(tmp_path, "classic") as demo:
        app = Pointsman(Options(kubeconfig=str(demo.kubeconfig)), Config())
        async with app.run_test(size=(120, 40), notifications=True) as pilot:
            await until(pilot, lambda: len(list(app.snapshot().all(NETWORKPOLICIES))) == 13)
            screen = await opened(pilot)
            await until(pilot, lambda: len(rows(app)) == 13)
            screen.query_one("#policies", Panel).select(Ref(NETWORKPOLICIES.id, "media", "immich-valkey"))

            def live() -> Any:
                return app.snapshot().get(NETWORKPOLICIES, "media", "immich-valkey")

            def jobs() -> list[str]:
                return [job.meta.labels[LABEL] for job in app.snapshot().all(JOBS) if LABEL in job.meta.labels]

            await pilot.press("x")
            await until(pilot, lambda: isinstance(app.screen, ConfirmScreen) and app.screen.seen)
            dialog = app.screen
            assert isinstance(dialog, ConfirmScreen)
            assert "c cluster" in words(app)
            await pilot.press("c")
            await until(pilot, lambda: dialog.plan.deadman is not None)
            said = " ".join(words(app).split())
            assert f"also made: Job media/pointsman-deadman-{dialog.plan.op}" in said
            assert "[a Job in the cluster]" in said
            await pilot.press("y")
            await until(pilot, lambda: is_off(live()))
            assert jobs() == [operation_of(live().doc())]
            desk = app.writer.desk()
            assert desk is not None
            (timer,) = desk.timers()
            man = desk.deadman(timer)
            assert man is not None
            assert (man.namespace, man.life.value) == ("media", "armed")
            await until(pilot, lambda: any("immich-valkey" in row and "‖ off 9:" in row for row in rows(app)))
            await pilot.press("x")
            await until(pilot, lambda: isinstance(app.screen, ConfirmScreen) and app.screen.seen)
            assert "c cluster" not in words(app)
            await pilot.press("y")
            await until(pilot, lambda: not is_off(live()) and jobs() == [])
