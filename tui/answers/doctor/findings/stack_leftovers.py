"""What the other stack left behind: CRDs, pools and policies without the program that reads them."""

from __future__ import annotations

from collections.abc import Iterator

from pointsman.tui.answers.doctor.exam import STACK, Exam
from pointsman.tui.answers.doctor.model import Check, Sign
from pointsman.tui.answers.stack import cilium, metallb
from pointsman.tui.model.kinds import DAEMONSETS

TELLERS = (cilium.leftovers, metallb.leftovers)
"""Not flannel's annotations, which have a finding of their own, nor the Gateway API, which k3s brings along."""


def look(exam: Exam) -> Iterator[Sign]:
    for tell in TELLERS:
        for sentence in tell(exam.facts, exam.snapshot):
            yield Sign("info", None, sentence)


CHECK = Check(
    id="stack-leftovers",
    title="objects of a stack that does not run",
    why="They look like configuration in force; a later installation of the same program takes them up again.",
    fix="Delete them when the move is done and nobody means to go back.",
    reads=STACK,
    look=look,
    needs=(DAEMONSETS,),
    live=True,
)
