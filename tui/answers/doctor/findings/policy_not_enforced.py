"""Policies that nobody enforces: one finding for each reason, as one cause has them all."""

from __future__ import annotations

from collections.abc import Iterator

from pointsman.tui.answers.doctor.exam import FACTS, Exam
from pointsman.tui.answers.doctor.model import Check, Sign
from pointsman.tui.answers.policies.enforcement import enforcement
from pointsman.tui.answers.ref import Ref, ref
from pointsman.tui.answers.stack.counts import POLICIES
from pointsman.tui.answers.words import listed, plural
from pointsman.tui.model.kinds import DAEMONSETS


def look(exam: Exam) -> Iterator[Sign]:
    enforcing = enforcement(exam.snapshot)
    by_reason: dict[str, dict[str, tuple[Ref, ...]]] = {}
    for kind in POLICIES:
        refs = tuple(ref(item) for item in sorted(exam.snapshot.all(kind), key=lambda item: item.key))
        if refs and enforcing.of(kind.id) is False:
            by_reason.setdefault(enforcing.reason(kind.id), {})[kind.kind] = refs
    for reason, kinds in by_reason.items():
        counted = listed([plural(len(refs), kind) for kind, refs in kinds.items()], most=6)
        every = tuple(one for refs in kinds.values() for one in refs)
        # Cilium's own kinds first: they are meant for nobody else.
        first = min(every, key=lambda one: (not one.kind.startswith("cilium"), every.index(one)))
        evidence = tuple(f"{kind}: {listed([one.path for one in refs], most=8)}" for kind, refs in kinds.items())
        yield Sign("warn", first, f"{counted} that nobody enforces: {reason}", evidence, every)


CHECK = Check(
    id="policy-not-enforced",
    title="policies that nobody enforces",
    why="They look like protection and let everything through.",
    fix="Switch enforcement on, or run something that enforces this kind; until then everything may talk.",
    reads=(*FACTS, *POLICIES),
    look=look,
    needs=(DAEMONSETS,),
)
