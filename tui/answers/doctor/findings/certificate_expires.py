"""A certificate that a route shows and that ends soon. Of a Secret that nothing uses nothing is said."""

from __future__ import annotations

from collections.abc import Iterator

from pointsman.tui.answers.doctor.certificates import READS, ending, users
from pointsman.tui.answers.doctor.exam import Exam
from pointsman.tui.answers.doctor.model import Check, Sign
from pointsman.tui.model.kinds import TLS_SECRETS


def look(exam: Exam) -> Iterator[Sign]:
    using = users(exam.snapshot)
    for secret in exam.snapshot.all(TLS_SECRETS):
        if (routes := using.get(secret.key)) and (sign := ending(secret, exam.snapshot.now, routes)) is not None:
            yield sign


CHECK = Check(
    id="certificate-expires",
    title="a certificate of a route that ends within two weeks",
    why="Browsers and apps refuse the connection once it has ended; issuers renew a month ahead, so something stopped.",
    fix="Renew it, or look at why the issuer (cert-manager, Helm) did not.",
    reads=READS,
    look=look,
    timed=True,
)
