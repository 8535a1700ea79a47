"""Table rows of pods and of what makes pods."""

from __future__ import annotations

from typing import Any

from pointsman.tui.demo.kube.cells import (
    NONE,
    UNSET,
    Cell,
    Doc,
    Printer,
    age,
    columns,
    condition,
    containers,
    dig,
    human_duration,
    items,
    labels,
    mapping,
    name_of,
    number,
    seconds_of,
    selector,
    since,
    text,
)


def _pod(obj: Doc, now: float) -> list[Cell]:
    spec, status = mapping(obj, "spec"), mapping(obj, "status")
    ready, total, reason, restarts, restarted_at = _pod_state(obj)
    restart_text = str(restarts)
    if restarts and restarted_at is not None:
        restart_text = f"{restarts} ({human_duration(now - restarted_at)} ago)"
    ips = items(status, "podIPs")
    return [
        name_of(obj),
        f"{ready}/{total}",
        reason,
        restart_text,
        age(obj, now),
        (text(ips[0], "ip") if ips else "") or NONE,
        text(spec, "nodeName") or NONE,
        text(status, "nominatedNodeName") or NONE,
        _readiness_gates(obj),
    ]


def _pod_state(obj: Doc) -> tuple[int, int, str, int, float | None]:
    """Ready containers, containers, the STATUS word, restarts, and when the last restart was (epoch seconds)."""
    spec, status = mapping(obj, "spec"), mapping(obj, "status")
    phase = text(status, "phase")
    reason = text(status, "reason") or phase
    for each in items(status, "conditions"):
        if each.get("type") == "PodScheduled" and each.get("reason") == "SchedulingGated":
            reason = "SchedulingGated"
    inits = items(spec, "initContainers")
    sidecars = {text(c, "name") for c in inits if c.get("restartPolicy") == "Always"}
    total = len(items(spec, "containers")) + sum(c.get("restartPolicy") == "Always" for c in inits)

    ready = restarts = sidecar_restarts = 0
    last: float | None = None
    sidecar_last: float | None = None
    initializing = False
    for i, each in enumerate(items(status, "initContainerStatuses")):
        sidecar = text(each, "name") in sidecars
        restarts += number(each, "restartCount")
        last = _later(last, _restarted(each))
        if sidecar:
            sidecar_restarts += number(each, "restartCount")
            sidecar_last = _later(sidecar_last, _restarted(each))
        terminated = dig(each, "state", "terminated")
        if isinstance(terminated, dict) and number(terminated, "exitCode") == 0:
            continue
        if sidecar and each.get("started") is True:
            ready += each.get("ready") is True
            continue
        waiting = text(each, "state", "waiting", "reason")
        if isinstance(terminated, dict):
            reason = f"Init:{_ended(terminated)}"
        elif waiting and waiting != "PodInitializing":
            reason = f"Init:{waiting}"
        else:
            reason = f"Init:{i}/{len(inits)}"
        initializing = True
        break

    if not initializing or condition(obj, "Initialized").get("status") == "True":
        restarts, last = sidecar_restarts, sidecar_last
        running, failed = False, ""
        for each in reversed(items(status, "containerStatuses")):
            restarts += number(each, "restartCount")
            last = _later(last, _restarted(each))
            waiting = text(each, "state", "waiting", "reason")
            terminated = dig(each, "state", "terminated")
            if waiting:
                reason = waiting
            elif isinstance(terminated, dict):
                reason = _ended(terminated)
                if number(terminated, "exitCode") != 0:
                    failed = reason
            elif each.get("ready") is True and isinstance(dig(each, "state", "running"), dict):
                running = True
                ready += 1
        if reason == "Completed":
            if running and condition(obj, "Ready").get("status") == "True":
                reason = "Running"
            elif failed:
                reason = failed
            elif running:
                reason = "NotReady"

    if dig(obj, "metadata", "deletionTimestamp") is not None:
        if text(status, "reason") == "NodeLost":
            reason = "Unknown"
        elif phase not in ("Succeeded", "Failed"):
            reason = "Terminating"
    return ready, total, reason, restarts, last


def _ended(terminated: Doc) -> str:
    if text(terminated, "reason"):
        return text(terminated, "reason")
    if number(terminated, "signal"):
        return f"Signal:{number(terminated, 'signal')}"
    return f"ExitCode:{number(terminated, 'exitCode')}"


def _restarted(status: Doc) -> float | None:
    return seconds_of(text(status, "lastState", "terminated", "finishedAt"))


def _later(a: float | None, b: float | None) -> float | None:
    return b if a is None else a if b is None else max(a, b)


def _readiness_gates(obj: Doc) -> str:
    gates = items(obj, "spec", "readinessGates")
    if not gates:
        return NONE
    held = sum(condition(obj, text(gate, "conditionType")).get("status") == "True" for gate in gates)
    return f"{held}/{len(gates)}"


def _pod_conditions(obj: Doc) -> list[Doc]:
    phase = text(obj, "status", "phase")
    messages = {"Succeeded": "The pod has completed successfully.", "Failed": "The pod failed."}
    if phase not in messages:
        return []
    return [{"type": "Completed", "status": "True", "reason": phase, "message": messages[phase]}]


def _template(obj: Doc) -> Doc:
    return mapping(obj, "spec", "template", "spec")


def _wide(obj: Doc) -> list[Cell]:
    return [*containers(_template(obj)), selector(dig(obj, "spec", "selector"))]


def _deployment(obj: Doc, now: float) -> list[Cell]:
    chosen = dig(obj, "spec", "selector")
    shown = selector(chosen)
    if shown == "<error>":
        shown = "<invalid>"
    elif shown == NONE:
        shown = ""
    return [
        name_of(obj),
        f"{number(obj, 'status', 'readyReplicas')}/{number(obj, 'spec', 'replicas')}",
        number(obj, "status", "updatedReplicas"),
        number(obj, "status", "availableReplicas"),
        age(obj, now),
        *containers(_template(obj)),
        shown,
    ]


def _daemon_set(obj: Doc, now: float) -> list[Cell]:
    counts = ("desiredNumberScheduled", "currentNumberScheduled", "numberReady", "updatedNumberScheduled")
    return [
        name_of(obj),
        *(number(obj, "status", count) for count in counts),
        number(obj, "status", "numberAvailable"),
        labels(mapping(_template(obj), "nodeSelector")),
        age(obj, now),
        *_wide(obj),
    ]


def _stateful_set(obj: Doc, now: float) -> list[Cell]:
    ready, wanted = number(obj, "status", "readyReplicas"), number(obj, "spec", "replicas")
    return [name_of(obj), f"{ready}/{wanted}", age(obj, now), *containers(_template(obj))]


def _replicas(obj: Doc, now: float) -> list[Cell]:
    return [
        name_of(obj),
        number(obj, "spec", "replicas"),
        number(obj, "status", "replicas"),
        number(obj, "status", "readyReplicas"),
        age(obj, now),
    ]


def _replica_set(obj: Doc, now: float) -> list[Cell]:
    return [*_replicas(obj, now), *_wide(obj)]


def _replication_controller(obj: Doc, now: float) -> list[Cell]:
    return [*_replicas(obj, now), *containers(_template(obj)), labels(mapping(obj, "spec", "selector"))]


def _job(obj: Doc, now: float) -> list[Cell]:
    done = number(obj, "status", "succeeded")
    wanted, parallel = dig(obj, "spec", "completions"), number(obj, "spec", "parallelism")
    if wanted is not None:
        completions = f"{done}/{wanted}"
    else:
        completions = f"{done}/1 of {parallel}" if parallel > 1 else f"{done}/1"
    started = seconds_of(text(obj, "status", "startTime"))
    ended = seconds_of(text(obj, "status", "completionTime"))
    took = "" if started is None else human_duration((now if ended is None else ended) - started)
    return [name_of(obj), _job_status(obj), completions, took, age(obj, now), *_wide(obj)]


def _job_status(obj: Doc) -> str:
    def holds(kind: str) -> bool:
        return condition(obj, kind).get("status") == "True"

    if holds("Complete"):
        return "Complete"
    if holds("Failed"):
        return "Failed"
    if dig(obj, "metadata", "deletionTimestamp") is not None:
        return "Terminating"
    return next(
        (word for word, kind in _JOB_WORDS.items() if holds(kind)),
        "Running",
    )


_JOB_WORDS = {"Suspended": "Suspended", "FailureTarget": "FailureTarget", "SuccessCriteriaMet": "SuccessCriteriaMet"}


def _cron_job(obj: Doc, now: float) -> list[Cell]:
    job = mapping(obj, "spec", "jobTemplate", "spec")
    suspended = dig(obj, "spec", "suspend")
    scheduled = dig(obj, "status", "lastScheduleTime")
    zone = dig(obj, "spec", "timeZone")
    return [
        name_of(obj),
        text(obj, "spec", "schedule"),
        zone if isinstance(zone, str) else NONE,
        _boolean(suspended),
        len(items(obj, "status", "active")),
        NONE if scheduled is None else since(scheduled, now),
        age(obj, now),
        *containers(mapping(job, "template", "spec")),
        selector(job.get("selector")),
    ]


def _boolean(value: Any) -> str:
    return str(value) if isinstance(value, bool) else UNSET


def _controller_revision(obj: Doc, now: float) -> list[Cell]:
    owner = next((o for o in items(obj, "metadata", "ownerReferences") if o.get("controller") is True), None)
    shown = NONE
    if owner is not None:
        group = text(owner, "apiVersion").rpartition("/")[0]
        kind = text(owner, "kind").lower()
        shown = f"{kind}.{group}/{text(owner, 'name')}" if group else f"{kind}/{text(owner, 'name')}"
    return [name_of(obj), shown, number(obj, "revision"), age(obj, now)]


def _pod_template(obj: Doc, _now: float) -> list[Cell]:
    template = mapping(obj, "template")
    return [name_of(obj), *containers(mapping(template, "spec")), labels(mapping(template, "metadata", "labels"))]


def _pod_disruption_budget(obj: Doc, now: float) -> list[Cell]:
    bounds = [dig(obj, "spec", bound) for bound in ("minAvailable", "maxUnavailable")]
    shown = ["N/A" if bound is None else str(bound) for bound in bounds]
    return [name_of(obj), *shown, number(obj, "status", "disruptionsAllowed"), age(obj, now)]


_WIDE = "+Containers|+Images|+Selector"

WORKLOADS: dict[tuple[str, str], Printer] = {
    ("pods", ""): Printer(
        columns("Name|Ready|Status|Restarts|Age|+IP|+Node|+Nominated Node|+Readiness Gates"), _pod, _pod_conditions
    ),
    ("podtemplates", ""): Printer(columns("Name|Containers|Images|Pod Labels"), _pod_template),
    ("replicationcontrollers", ""): Printer(
        columns(f"Name|#Desired|#Current|#Ready|Age|{_WIDE}"), _replication_controller
    ),
    ("deployments", "apps"): Printer(columns(f"Name|Ready|Up-to-date|Available|Age|{_WIDE}"), _deployment),
    ("daemonsets", "apps"): Printer(
        columns(f"Name|#Desired|#Current|#Ready|#Up-to-date|#Available|Node Selector|Age|{_WIDE}"), _daemon_set
    ),
    ("statefulsets", "apps"): Printer(columns("Name|Ready|Age|+Containers|+Images"), _stateful_set),
    ("replicasets", "apps"): Printer(columns(f"Name|#Desired|#Current|#Ready|Age|{_WIDE}"), _replica_set),
    ("controllerrevisions", "apps"): Printer(columns("Name|Controller|Revision|Age"), _controller_revision),
    ("jobs", "batch"): Printer(columns(f"Name|Status|Completions|Duration|Age|{_WIDE}"), _job),
    ("cronjobs", "batch"): Printer(
        columns(f"Name|Schedule|Timezone|?Suspend|#Active|Last Schedule|Age|{_WIDE}"), _cron_job
    ),
    ("poddisruptionbudgets", "policy"): Printer(
        columns("Name|Min Available|Max Unavailable|#Allowed Disruptions|Age"), _pod_disruption_budget
    ),
}
