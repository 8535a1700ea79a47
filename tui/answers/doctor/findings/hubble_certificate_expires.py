"""A certificate of Hubble that ends soon: Helm makes it for a year and renews it only at an upgrade."""

from __future__ import annotations

from collections.abc import Iterator

from pointsman.tui.answers.doctor.certificates import HUBBLE, READS, ending, users
from pointsman.tui.answers.doctor.exam import Exam
from pointsman.tui.answers.doctor.model import Check, Sign
from pointsman.tui.model.kinds import TLS_SECRETS


def look(exam: Exam) -> Iterator[Sign]:
    using = users(exam.snapshot)
    for secret in exam.snapshot.all(TLS_SECRETS):
        mine = secret.name.startswith(HUBBLE) and not using.get(secret.key)
        if mine and (sign := ending(secret, exam.snapshot.now)) is not None:
            yield sign


CHECK = Check(
    id="hubble-certificate-expires",
    title="a certificate of Hubble that ends within two weeks",
    why="Relay and agents stop talking to each other when it ends: the flows go dark while all pods stay ready.",
    fix="Run helm upgrade on Cilium's release, or let cert-manager or the CronJob of the chart renew it.",
    reads=READS,
    look=look,
    timed=True,
)
