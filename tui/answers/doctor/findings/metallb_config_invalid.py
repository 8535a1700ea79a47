"""MetalLB that refuses its configuration and goes on with the last one it understood (ConfigurationState, 0.15.3 on)."""

from __future__ import annotations

from collections.abc import Iterator

from pointsman.tui.answers.doctor.exam import Exam
from pointsman.tui.answers.doctor.model import Check, Sign
from pointsman.tui.answers.ref import Ref, ref
from pointsman.tui.answers.words import listed
from pointsman.tui.model.kinds import CONFIGURATIONSTATES, METALLBPOOLS
from pointsman.tui.model.meta import dig_list, dig_str


def look(exam: Exam) -> Iterator[Sign]:
    by_error: dict[str, list[Ref]] = {}
    why: dict[str, dict[str, None]] = {}
    for state in sorted(exam.snapshot.all(CONFIGURATIONSTATES), key=lambda item: item.key):
        if dig_str(state.body.status, "result") != "Invalid":
            continue
        text = dig_str(state.body.status, "errorSummary") or "no reason given"
        by_error.setdefault(text, []).append(ref(state))
        for item in dig_list(state.body.status, "conditions"):
            if dig_str(item, "status") == "False":
                said = f"{dig_str(item, 'type')}: {dig_str(item, 'message') or dig_str(item, 'reason')}"
                why.setdefault(text, {})[said] = None
    pools = [ref(pool) for pool in exam.snapshot.all(METALLBPOOLS)]
    for text, states in by_error.items():
        who = listed([state.name for state in states])
        evidence = (f"told by {who}", *list(why.get(text, ()))[:4])
        yield Sign(
            "error", states[0], f"MetalLB refuses its configuration and keeps an older one: {text}", evidence,
            (*states, *pools),
        )  # fmt: skip


CHECK = Check(
    id="metallb-config-invalid",
    title="a configuration that MetalLB refuses",
    why="One bad object makes all of it invalid: nothing that was changed since is in force.",
    fix="Correct the object that the error names.",
    reads=(CONFIGURATIONSTATES, METALLBPOOLS),
    look=look,
    follows=("pool-overlap", "pool-invalid"),
)
