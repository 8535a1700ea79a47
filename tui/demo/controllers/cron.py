"""CronJobs that run once a day, which is what a homelab's backups do."""

from __future__ import annotations

from datetime import datetime, timedelta

from pointsman.tui.demo.controllers.manager import KCM, Manager, Obj, owned_by
from pointsman.tui.demo.kube.objects import clone, timestamp
from pointsman.tui.demo.scenario.world import owner_ref, parse

CHECK = 10.0  # seconds between two looks at the clock, as the real controller's
CRONJOBS, JOBS = "cronjobs.batch", "jobs.batch"
SCHEDULED = "batch.kubernetes.io/cronjob-scheduled-timestamp"


def last_due(schedule: str, now: datetime) -> datetime | None:
    """When a schedule of the form `MINUTE HOUR * * *` was last due; None for any other form."""
    words = schedule.split()
    if len(words) != 5 or words[2:] != ["*", "*", "*"] or not (words[0].isdigit() and words[1].isdigit()):
        return None
    try:
        due = now.replace(minute=int(words[0]), hour=int(words[1]), second=0, microsecond=0)
    except ValueError:
        return None
    return due if due <= now else due - timedelta(days=1)


class CronJobs:
    def __init__(self, manager: Manager) -> None:
        self._m = manager
        manager.every(CHECK, self._look)

    def _look(self) -> None:
        for cron in self._m.list(CRONJOBS):
            due = last_due(cron["spec"].get("schedule", ""), self._m.now())
            status = cron.get("status") or {}
            since = parse(status.get("lastScheduleTime") or cron["metadata"]["creationTimestamp"])
            if due and due > since and not cron["spec"].get("suspend"):
                self._run(cron, due)
            self._note(cron)

    def _run(self, cron: Obj, due: datetime) -> None:
        meta, template = cron["metadata"], cron["spec"]["jobTemplate"]
        name = f"{meta['name']}-{int(due.timestamp() // 60)}"
        head = template.get("metadata") or {}
        job = {
            "apiVersion": "batch/v1",
            "kind": "Job",
            "metadata": {
                "name": name,
                "namespace": meta["namespace"],
                "labels": dict(head.get("labels") or {}),
                "annotations": {**(head.get("annotations") or {}), SCHEDULED: timestamp(due)},
                "ownerReferences": [owner_ref(cron)],
            },
            "spec": clone(template["spec"]),
        }
        if self._m.peek(JOBS, meta["namespace"], name) is None:
            self._m.storage.create(job, manager=KCM)
        self._m.set_status(CRONJOBS, cron, {**(cron.get("status") or {}), "lastScheduleTime": timestamp(due)})
        self._m.event(cron, "SuccessfulCreate", f"Created job {name}", "cronjob-controller")

    def _note(self, cron: Obj) -> None:
        """The last success, and no more finished jobs than the history allows."""
        live = self._m.peek(CRONJOBS, cron["metadata"]["namespace"], cron["metadata"]["name"])
        if live is None:
            return
        done = sorted(
            (job["status"]["completionTime"], job["metadata"]["name"])
            for job in self._m.list(JOBS, live["metadata"]["namespace"])
            if owned_by(job, live) and (job.get("status") or {}).get("completionTime")
        )
        keep = live["spec"].get("successfulJobsHistoryLimit", 3)
        for _, name in done[: max(len(done) - keep, 0)]:
            self._m.storage.delete(JOBS, live["metadata"]["namespace"], name)
        if done:
            self._m.set_status(CRONJOBS, live, {**(live.get("status") or {}), "lastSuccessfulTime": done[-1][0]})
