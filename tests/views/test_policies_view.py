"""Rows, titles, words and questions of the Policies pane."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from policyworld import FILES, cnp, files, namespace, pod, policy
from worlds import NOW, daemonset, make_snapshot, node

from pointsman.tui.answers.policies.enforcement import Enforcement, Engine
from pointsman.tui.answers.policies.matrix import Crowd, Mark, Place
from pointsman.tui.answers.policies.ports import PortError
from pointsman.tui.answers.policies.state import State as PolicyState
from pointsman.tui.answers.policies.toggles import OFF_UNTIL, PARKED
from pointsman.tui.model.times import rfc3339
from pointsman.tui.store.snapshot import Cluster, Snapshot, State
from pointsman.tui.views.policies import (
    POD_COLUMNS,
    POLICY_COLUMNS,
    Board,
    ListedPolicy,
    enforcers,
    is_pod_problem,
    is_problem,
    listed_policies,
    make_board,
    pods_in,
    policy_search,
)
from pointsman.tui.views.policy_text import enforcement_words, policies_lines
from pointsman.tui.views.policyabsence import no_pods, no_policies
from pointsman.tui.views.policymatrix import Picture, make_picture, meaning, pairs
from pointsman.tui.views.policytell import (
    QuestionError,
    answer,
    parse_question,
    sentence,
    tell_pair,
    tell_pod,
    tell_policy,
)
from pointsman.tui.views.tables import paper
from pointsman.widgets.cells import as_cell

WORLD: tuple[Any, ...] = (
    namespace("media"), namespace("db"),
    pod("media/jellyfin", {"app": "jellyfin"}, node="shed"), pod("media/immich", {"app": "immich"}, node="shed"),
    pod("db/postgres", {"app": "postgres"}, node="loft"),
    policy("podSelector: {}\npolicyTypes: [Ingress]", "db/default-deny"),
    policy("podSelector: {matchLabels: {app: postgres}}\ningress:\n- from:\n  - namespaceSelector: {matchLabels:"
           " {kubernetes.io/metadata.name: media}}\n    podSelector: {matchLabels: {app: immich}}\n"
           "  ports: [{port: 5432}]", "db/from-immich"),
    policy("podSelector: {matchLabels: {app: nobody}}\npolicyTypes: [Ingress]", "media/typo"),
)  # fmt: skip


def board(*docs: Any) -> tuple[Board, Snapshot]:
    snapshot = files(*docs)
    made = make_board(snapshot)
    assert made is not None
    return made, snapshot


def row(found: Board, name: str, now: float = NOW) -> ListedPolicy:
    return next(item for item in listed_policies(found.policies, now) if item.policy.ref.name == name)


def cells(item: Any, columns: Any = POLICY_COLUMNS) -> dict[str, str]:
    return {column.key: column.cell(item).plain for column in columns}


# -- rows -----------------------------------------------------------------------------------------------------------------


def test_a_row_says_what_it_selects_its_state_and_what_it_does() -> None:
    found, _ = board(*WORLD)
    said = cells(row(found, "from-immich"))
    assert said["policy"] == "db/from-immich"
    assert said["kind"] == "NetworkPolicy"
    assert said["selects"] == "postgres  1 pod"
    assert said["ways"] == "in"
    assert said["summary"] == "lets immich in media reach 5432 on postgres; nothing else may"


def test_what_selects_nothing_is_a_problem_and_says_so() -> None:
    found, _ = board(*WORLD)
    typo = row(found, "typo")
    assert cells(typo)["state"] == "▲ selects nothing"
    assert cells(typo)["selects"].endswith("no pod")
    assert is_problem(typo)


def test_a_timer_counts_down_and_is_overdue_after() -> None:
    parked = policy(f"podSelector: {{matchLabels: {{{PARKED}: 'true'}}}}\npolicyTypes: [Ingress]", "db/parked")
    parked["metadata"]["annotations"] = {OFF_UNTIL: rfc3339(NOW + 271)}
    found, _ = board(*WORLD, parked)
    item = row(found, "parked")
    assert item.policy.state is PolicyState.OFF_UNTIL
    assert PARKED not in "".join(cells(item).values())
    assert item.policy.lints == (), "that it selects nothing now is what was wanted"
    told = tell_policy(item, found.index)
    assert as_cell(told.headline).plain == "It was switched off for a while."  # the same every second
    assert "comes back in  4:31" in "\n".join(as_cell(fact).plain for fact in told.facts)
    assert cells(item)["state"] == "‖ off 4:31"
    assert not is_problem(item)
    assert cells(row(found, "parked", NOW + 7))["state"] == "‖ off 4:24"
    late = row(found, "parked", NOW + 300)
    assert cells(late)["state"] == "‖ off overdue"
    assert is_problem(late)
    assert cells(row(found, "parked", NOW - 7200))["state"] == "‖ off 2:04:31"


def test_nobody_enforcing_is_said_in_the_error_style() -> None:
    nodes = [node("shed", "192.168.7.11", version="v1.35.2"), node("loft", "192.168.7.12", version="v1.35.2")]
    found = make_board(make_snapshot(*WORLD, flannel(), nodes, cluster=Cluster("test", "", "uid-1", "v1.35.2")))
    assert found is not None
    item = row(found, "default-deny")
    assert item.policy.state is PolicyState.NOT_ENFORCED
    state = next(column for column in POLICY_COLUMNS if column.key == "state").cell(item)
    assert state.plain == "✖ nobody enforces"
    assert {style for _, style in state.segments()} == {"error"}
    assert enforcers(found.index.enforcement) == ("✖ nobody enforces them", "error")
    pods = {entry.ref.name: entry for entry in found.pods}
    assert pods["postgres"].idle
    assert is_pod_problem(pods["postgres"])
    assert "nobody enforces" in cells(pods["postgres"], POD_COLUMNS)["names"]
    assert not is_pod_problem(pods["jellyfin"])


def flannel() -> dict[str, Any]:
    image = "ghcr.io/flannel-io/flannel:v0.28.9"
    return daemonset("kube-flannel-ds", "kube-flannel", image, {"app": "flannel"}, container="kube-flannel")


def test_a_namespace_keeps_policies_of_the_whole_cluster() -> None:
    wide = {**policy("endpointSelector: {}\ningress: [{}]", "everywhere", "CiliumClusterwideNetworkPolicy")}
    found, _ = board(*WORLD, wide)
    assert {item.policy.ref.name for item in listed_policies(found.policies, NOW, "media")} == {"typo", "everywhere"}
    assert {item.ref.name for item in pods_in(found.pods, "db")} == {"postgres"}


def test_pods_tell_both_directions_and_their_policies() -> None:
    found, _ = board(*WORLD)
    pods = {item.ref.name: cells(item, POD_COLUMNS) for item in found.pods}
    assert pods["postgres"]["ingress"] == "◐ by rules"
    assert pods["postgres"]["egress"] == "● open"
    assert pods["postgres"]["names"] == "default-deny and from-immich"
    assert pods["jellyfin"]["ingress"] == "● open"
    assert pods["jellyfin"]["names"] == "no policy selects it"


def test_a_pod_on_its_nodes_network_is_not_said_to_be_open() -> None:
    found, _ = board(namespace("x"), pod("x/speaker", host=True, node="shed"), policy("podSelector: {}", "x/deny"),
                     {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "shed"}})  # fmt: skip
    (entry,) = found.pods
    if entry.exempt:
        assert "node's own" in cells(entry, POD_COLUMNS)["ingress"]
    else:  # the engine that files are judged by has a host firewall
        assert found.index.enforcement.assumed


def test_hidden_columns_can_be_filtered() -> None:
    found, _ = board(*WORLD)
    text = policy_search(row(found, "from-immich"))
    for word in ("db/from-immich", "NetworkPolicy", "ingress", "5432"):
        assert word in text


def test_a_board_that_is_not_wanted_any_more_is_not_made() -> None:
    assert make_board(files(*WORLD), lambda: False) is None


# -- words ----------------------------------------------------------------------------------------------------------------


def texts(told: Any) -> str:
    return "\n".join([as_cell(told.headline).plain, *(f"{text} {source}" for text, source, _ in told.evidence)])


def test_a_policy_is_told_with_its_pods_rules_and_enforcement() -> None:
    found, _ = board(*WORLD)
    told = tell_policy(row(found, "from-immich"), found.index)
    said = texts(told)
    assert "selects db/postgres pod on loft" in said
    assert "Lets immich in media reach 5432 on postgres. spec.ingress[0]" in said
    assert "Nothing else may reach postgres, unless another policy allows it." in said
    assert told.title == "NetworkPolicy db/from-immich"


def test_a_policy_in_a_bad_state_says_that_first() -> None:
    found, _ = board(*WORLD, cnp("endpointSelector: {}\ningress: 7", "db/bad"))
    for name in ("typo", "bad"):
        told = tell_policy(row(found, name), found.index)
        head = as_cell(told.headline)
        assert "lets" not in head.plain.lower()
        assert head.segments()[0][1] in ("", "warn", "error")


def test_a_pod_is_told_what_may_reach_it() -> None:
    found, _ = board(*WORLD)
    entry = next(item for item in found.pods if item.ref.name == "postgres")
    said = texts(tell_pod(entry, found.index))
    assert "Into db/postgres: only what rules allow. Out of it: anything." in said
    assert "Lets immich in media reach 5432 on db/postgres. in" in said
    assert "selected by NetworkPolicy db/default-deny" in said


def test_sentences_leave_names_and_paths_as_they_are() -> None:
    assert sentence("no policy restricts it") == "No policy restricts it."
    assert sentence("spec.ingress[0] of X allows 80") == "spec.ingress[0] of X allows 80."
    assert sentence("media/jellyfin may not") == "media/jellyfin may not."


# -- questions ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "media/jellyfin → db/postgres 5432", "media/jellyfin -> db/postgres 5432/tcp", "media/jellyfin db/postgres 5432",
        "can media/jellyfin reach db/postgres on port 5432?", "media/jellyfin=>db/postgres 5432 tcp",
        "  from media/jellyfin   to db/postgres on 5432 ",
    ],
)  # fmt: skip
def test_questions_may_be_put_in_many_ways(text: str) -> None:
    asked = parse_question(text)
    assert (asked.src, asked.dst, asked.port, asked.protocol) == ("media/jellyfin", "db/postgres", 5432, "TCP")


def test_what_is_no_question_says_what_is_wrong() -> None:
    for text in ("", "media/jellyfin", "a b c d e", "→"):
        with pytest.raises((QuestionError, PortError)):
            parse_question(text)
    with pytest.raises(PortError):
        parse_question("a b 70000")


@pytest.mark.parametrize(
    ("text", "word", "policy_name"),
    [
        ("media/immich → db/postgres 5432", "yes", "from-immich"),
        ("media/jellyfin → db/postgres 5432", "no", "default-deny"),
        ("db/postgres → media/jellyfin", "yes", None),
        ("ns/media → db/postgres 5432", "partly", "default-deny"),
        ("media/nothing → db/postgres", "there is no workload, pod or service media/nothing", None),
        ("media/immich → db/postgres 99999", "99999", None),
    ],
)  # fmt: skip
def test_an_answer_names_the_policy_that_decides(text: str, word: str, policy_name: str | None) -> None:
    found, snapshot = board(*WORLD)
    said = answer(snapshot, text, "", found.index)
    assert word in as_cell(said.word).plain
    if policy_name is None:
        assert said.decides is None
    elif word != "partly":
        assert said.decides is not None
        assert said.decides.name == policy_name


def test_hostile_words_are_answered_with_a_sentence() -> None:
    found, snapshot = board(*WORLD)
    for text in ("[red]x[/] → \x1b[31m", "a/b/c/d x", "x" * 5000 + " y", "media/ db/", "/ /", "a=b= c"):
        said = answer(snapshot, text, "", found.index)
        assert as_cell(said.told.headline).plain.endswith((".", "…"))


# -- the matrix -----------------------------------------------------------------------------------------------------------


def picture(found: Board, path: tuple[Place, Place] | None = None, old: Picture | None = None) -> Picture:
    made = make_picture(found.index, found.standing, path, old, lambda: True, lambda _: None)
    assert made is not None
    return made


def test_a_cell_is_put_into_a_sentence() -> None:
    found, _ = board(*WORLD)
    made = picture(found)
    names = [place.label for place in made.axes.rows]
    assert names == ["db", "media", "world"]
    assert "of 2 pairs: 1 in part, 1 not at all" in meaning(made, 1, 0).plain
    assert "a single pod" in meaning(made, 0, 0).plain
    assert "all 2 pairs may connect" in meaning(made, 1, 1).plain
    assert "none of 1 workload" in meaning(made, 2, 0).plain or "may not connect" in meaning(made, 2, 0).plain
    assert {(pair.source, pair.target) for pair in pairs(made)} >= {("media", "db"), ("the Internet", "media")}


def test_a_pair_of_workloads_is_told_by_the_rule() -> None:
    found, _ = board(*WORLD)
    crowd = Crowd(found.index)
    told, ref = tell_pair(crowd, Place("media", "immich", "Pod"), Place("db", "postgres", "Pod"))
    assert as_cell(told.headline).plain == "media/immich may reach db/postgres on 5432/tcp; nothing else."
    assert ref is not None
    assert ref.name == "from-immich"
    told, ref = tell_pair(crowd, Place("media", "jellyfin", "Pod"), Place("db", "postgres", "Pod"))
    assert as_cell(told.headline).plain == "media/jellyfin may not reach db/postgres."
    assert ref is not None


def test_a_matrix_of_the_same_workloads_is_not_judged_again() -> None:
    found, _ = board(*WORLD)
    old = picture(found)
    again = picture(found, old=old)
    assert again.rows is old.rows
    more, _ = board(*WORLD, pod("media/new", {"app": "new"}))
    assert picture(more, old=old).rows is not old.rows


def test_rows_are_shown_as_they_come_and_a_matrix_can_be_given_up() -> None:
    found, _ = board(*WORLD)
    shown: list[Picture] = []
    make_picture(found.index, found.standing, None, None, lambda: True, shown.append)
    assert [len(item.rows) for item in shown] == [1, 2, 3]
    assert shown[0].at(2, 0) is None
    assert "being judged" in meaning(shown[0], 2, 0).plain
    assert make_picture(found.index, found.standing, None, None, lambda: len(shown) > 99, shown.append) is None
    assert shown[0].at(0, 0) is not None
    assert shown[0].rows[0][0].mark is Mark.SELF


# -- nothing to show ------------------------------------------------------------------------------------------------------


def plain(lines: Any) -> str:
    return "\n".join(as_cell(line).plain for line in lines)


def test_absences_say_why_and_what_would_fill_the_place() -> None:
    empty = make_snapshot(namespace("a"), pod("a/x"))
    made = make_board(empty)
    assert "reading networkpolicies" in plain(
        no_policies(with_link(make_snapshot(states={"networkpolicies": State.CONNECTING})), None, "")
    )
    forbidden = make_snapshot(states={"networkpolicies": State.FORBIDDEN, "pods": State.FORBIDDEN})
    linked = with_link(forbidden)
    assert "forbidden  networkpolicies.networking.k8s.io" in plain(no_policies(linked, None, ""))
    assert "forbidden  pods" in plain(no_pods(linked, None, ""))
    said = plain(no_policies(with_link(empty), made, ""))
    assert "no policy: everything may reach everything" in said
    assert "A NetworkPolicy fills this" in said
    full, snapshot = board(*WORLD)
    assert "no policy in web" in plain(no_policies(snapshot, full, "web"))
    assert "no pod in web" in plain(no_pods(snapshot, full, "web"))
    assert "reading" in plain(no_policies(with_link(empty), None, ""))


def with_link(snapshot: Snapshot) -> Snapshot:
    from dataclasses import replace

    from pointsman.tui.store.snapshot import Link

    return replace(snapshot, links={**snapshot.links, "kube": Link("kube", State.LIVE)})


def test_hostile_objects_make_rows() -> None:
    evil = policy("podSelector: {matchLabels: {app: '[red]'}}", "db/evil")
    evil["metadata"]["name"] = "\x1b[31m" + "x" * 20_000
    found, _ = board(*WORLD, evil, cnp("endpointSelector: []\ningress: {}", "db/broken"), cluster_file())
    for item in listed_policies(found.policies, NOW):
        for text in cells(item).values():
            assert "\x1b" not in text
        tell_policy(item, found.index)
    assert FILES.origin == "manifests"


def cluster_file() -> dict[str, Any]:
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": "empty", "namespace": "db"},
    }


def test_an_engine_that_is_switched_off_does_not_enforce() -> None:
    """The line under a list of policies: an engine that refuses every kind is the reason, not the enforcer."""
    off = Engine("cilium", "Cilium", {"networkpolicies": False}, {"networkpolicies": "it is off"})
    on = Engine("kube-router", "kube-router", {"networkpolicies": True}, {})
    assert enforcement_words(Enforcement((off,))) == "it is off"
    assert enforcement_words(Enforcement((off, on))) == "enforced by kube-router"


def test_an_empty_namespace_is_no_empty_cluster() -> None:
    sheet = paper(StringIO(), no_color=True)
    found = Enforcement(nobody="nobody enforces them")
    assert policies_lines([], found, sheet, NOW) == [
        "No policies: everything may reach everything (nobody enforces them)."
    ]
    assert policies_lines([], found, sheet, NOW, namespace="media") == ["No policies in media (nobody enforces them)."]
