"""How far a dead-man is, by its Job and its pod, and which ones nobody needs any more. Pure."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass

from pointsman.tui.actions.deadman import ARM_SECONDS, LABEL, POLICY_NOTE, all_names, job_name, parse_slug
from pointsman.tui.actions.toggle import operation_of
from pointsman.tui.answers.policies.enforcement import ALL_KINDS
from pointsman.tui.answers.ref import Ref
from pointsman.tui.model.core import Pod
from pointsman.tui.model.kinds import JOBS, KINDS, PODS
from pointsman.tui.model.meta import Obj, condition
from pointsman.tui.model.times import epoch
from pointsman.tui.store.memo import memoized
from pointsman.tui.store.snapshot import Snapshot

NO_IMAGE = ("ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull", "RegistryUnavailable")
"""Reasons of a waiting container for which nobody need wait. ErrImagePull is not one: the kubelet tries once more."""
BROKEN = ("CreateContainerConfigError", "CreateContainerError", "CrashLoopBackOff", "RunContainerError", "StartError")
NO_POD = "its pod is not there yet"
SETTLED = ARM_SECONDS + 60.0
"""Seconds after which a Job whose policy is not off by its operation is not being armed any more."""


@dataclass(frozen=True, slots=True)
class Stage:
    """``text`` says how far the pod is, without a full stop. ``failed``: it will not be armed."""

    text: str
    armed: bool = False
    failed: bool = False


def pod_stage(pods: Iterable[Obj[Pod]]) -> Stage:
    """The best of the pods of one Job."""
    stages = [_stage(pod) for pod in pods if not pod.meta.deletion_timestamp]
    if not stages:
        return Stage(NO_POD)
    return max(stages, key=lambda stage: (stage.armed, not stage.failed))


def _stage(pod: Obj[Pod]) -> Stage:
    status = pod.body.status
    ready = condition(status.conditions, "Ready")
    if ready is not None and ready.status == "True":
        return Stage("its pod runs and reads the policy", armed=True)
    if status.phase in ("Failed", "Succeeded"):
        return Stage(f"its pod has ended ({status.message or status.reason or status.phase})", failed=True)
    for one in status.container_statuses:
        waiting, ended = one.state.waiting, one.state.terminated or one.last_state.terminated
        if waiting is not None and waiting.reason in NO_IMAGE:
            said = f": {waiting.message}" if waiting.message else ""
            return Stage(f"its image {one.image} cannot be pulled ({waiting.reason}{said})", failed=True)
        if (waiting is not None and waiting.reason in BROKEN) or ended is not None:
            reason = (waiting.reason if waiting is not None else "") or (ended.reason if ended is not None else "")
            message = (ended.message if ended is not None else "") or (waiting.message if waiting is not None else "")
            return Stage(
                f"its pod does not run ({reason}{': ' + message.strip() if message.strip() else ''})", failed=True
            )
        if one.state.running is not None:
            return Stage("its pod runs, and has not read the policy yet")
        if waiting is not None and waiting.reason:
            return Stage(f"its container waits ({waiting.reason})")
    scheduled = condition(status.conditions, "PodScheduled")
    if scheduled is not None and scheduled.status == "False":
        return Stage(f"no node takes its pod ({scheduled.message or scheduled.reason})")
    return Stage("its pod is being started")


class Life(enum.StrEnum):
    """ARMED: it runs and can read the policy. STARTING: not yet. LOST: it is there and cannot read it (any more), or its
    pod does not run. ENDED: it has done its work, or there was none. FAILED: it gave up."""

    ARMED = "armed"
    STARTING = "starting"
    LOST = "lost"
    ENDED = "ended"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Deadman:
    """A dead-man that is in the cluster. ``ref`` is the policy it is about, ``since`` when it was made (seconds since
    1970, None if it does not say); ``text`` says how far it is."""

    op: str
    namespace: str
    ref: Ref
    life: Life
    since: float | None
    text: str

    @property
    def path(self) -> str:
        return f"{self.namespace}/{job_name(self.op)}"

    @property
    def names(self) -> tuple[tuple[str, str, str], ...]:
        return all_names(self.op, self.ref, self.namespace)


@memoized(JOBS, PODS)
def deadmen(snapshot: Snapshot) -> tuple[Deadman, ...]:
    """Every dead-man in the cluster, whoever made it."""
    found = []
    for job in snapshot.all(JOBS):
        op = job.meta.labels.get(LABEL, "")
        ref = parse_slug(job.meta.annotations.get(POLICY_NOTE, ""))
        if not op or ref is None or ref.kind not in ALL_KINDS or job.name != job_name(op):
            continue
        pods = [pod for pod in snapshot.all(PODS) if pod.meta.labels.get(LABEL) == op]
        stage = pod_stage(pods)
        ended = {item.type for item in job.body.status.conditions if item.status == "True"}
        life = Life.STARTING
        if "Complete" in ended:
            life, stage = Life.ENDED, Stage("it has ended")
        elif "Failed" in ended:
            why = condition(job.body.status.conditions, "Failed")
            life, stage = Life.FAILED, Stage(f"it gave up ({why.reason if why else 'no reason given'})", failed=True)
        elif stage.armed:
            life = Life.ARMED
        elif stage.failed:
            life = Life.LOST
        found.append(Deadman(op, job.namespace, ref, life, epoch(job.meta.creation_timestamp), stage.text))
    return tuple(found)


def deadman_of(snapshot: Snapshot, op: str) -> Deadman | None:
    """The one of an operation."""
    return next((item for item in deadmen(snapshot) if op and item.op == op), None)


def needless(snapshot: Snapshot, man: Deadman, now: float, *, settled: bool = False) -> bool:
    """Whether nobody needs it any more: its policy is gone, on, or off by another operation.

    Never while it may still be being armed, unless ``settled`` says that it is not; never where policies of its kind
    cannot be read.
    """
    kind = KINDS[man.ref.kind]
    if not snapshot.known(kind):
        return False
    obj = snapshot.get(kind, *man.ref.key)
    if obj is not None and operation_of(obj.doc()) == man.op:
        return False
    return settled or man.life in (Life.ENDED, Life.FAILED) or (man.since is not None and now - man.since > SETTLED)
