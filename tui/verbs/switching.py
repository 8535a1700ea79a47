"""What the verbs ``policy`` and ``route`` share: off for a while, on again, what is off."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pointsman.tui.options import Options
from pointsman.tui.verbs.writing import add_yes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pointsman.tui.actions.deadman_state import Deadman
    from pointsman.tui.actions.desk import Desk
    from pointsman.tui.actions.guard import Armed
    from pointsman.tui.actions.pipeline import Result
    from pointsman.tui.actions.plan import Plan
    from pointsman.tui.actions.timers import Timer
    from pointsman.tui.model.kinds import Kind
    from pointsman.tui.views.tables import Paper

WATCHED = {
    "guard": "a guard process here",
    "nobody": "nobody here",
    "elsewhere": "set on another machine",
}
JOB_WORDS = {
    "armed": "a Job in the cluster",
    "starting": "a Job in the cluster, not ready yet",
    "lost": "a Job in the cluster that cannot read it",
    "ended": "a Job in the cluster that has ended",
    "failed": "a Job in the cluster that gave up",
}


@dataclass(frozen=True, slots=True)
class Subject:
    """What is switched: ``noun`` names one, ``document`` is the kind of the JSON form. ``in_cluster``: whether a Job in the
    cluster can watch over it."""

    noun: str
    document: str
    kinds: Callable[[], Sequence[Kind[Any]]]
    in_cluster: bool = False


def configure(parser: argparse.ArgumentParser, subject: Subject) -> None:
    parser.add_argument("what", choices=("off", "on", "status"), metavar="off|on|status")
    parser.add_argument("name", nargs="?", default="", metavar="NAME", help=f"the {subject.noun}")
    how_long = parser.add_mutually_exclusive_group()
    how_long.add_argument(
        "--for", dest="time", default="", metavar="TIME", help="90s, 10m, 1h30m, 2d (10m if not given)"
    )
    how_long.add_argument("--permanent", action="store_true", help="until somebody switches it on")
    parser.add_argument("--wait", action="store_true", help="stay, and switch it on when the time is over or at ctrl+c")
    if subject.in_cluster:
        parser.add_argument("--in-cluster", action="store_true", help="have a Job in the cluster switch it on too")
        parser.add_argument("--image", default="", metavar="IMAGE", help="the image of that Job: a shell and kubectl")
    else:
        parser.set_defaults(in_cluster=False, image="")
    add_yes(parser)


def run(options: Options, args: argparse.Namespace, subject: Subject) -> int:
    from pointsman.tui.verbs.reading import complain, guarded
    from pointsman.tui.verbs.writing import run_async, settle_yes

    noun = subject.noun
    settle_yes(args, "name")
    if args.what != "off" and (args.time or args.permanent or args.wait or args.in_cluster or args.image):
        more = ", --wait, --in-cluster and --image" if subject.in_cluster else " and --wait"
        return complain(f"--for, --permanent{more} belong to `{noun} off`.")
    if args.in_cluster and args.permanent:
        return complain("--in-cluster needs a time at which to switch on; --permanent has none.")
    if args.image and not args.in_cluster:
        return complain("--image is the image of the Job that --in-cluster makes.")
    if args.wait and args.permanent:
        return complain("--wait waits for a time to pass; --permanent has none.")
    if args.what == "status":
        if args.name:
            return complain(f"{noun} status takes no name; it lists everything that is off.")
        return guarded(lambda: run_async(lambda: _status(options, subject)))
    if not args.name:
        return complain(f"{noun} {args.what} needs the name of a {noun}.")
    work = _off if args.what == "off" else _on
    return guarded(lambda: run_async(lambda: work(options, args, subject)))


async def _off(options: Options, args: argparse.Namespace, subject: Subject) -> int:
    from pointsman.tui.actions.naming import find_object
    from pointsman.tui.actions.toggle import DEFAULT_SECONDS, parse_duration
    from pointsman.tui.verbs.writing import agreed, at_desk, say

    seconds = None if args.permanent else parse_duration(args.time) if args.time else DEFAULT_SECONDS
    async with at_desk(options) as desk:
        ref = find_object(args.name, desk.snapshot(), subject.kinds(), subject.noun)
        await _tidy(desk)
        plan = await desk.plan_off(ref, seconds, in_cluster=args.in_cluster, image=args.image)
        if (code := _show(plan)) is not None:
            return code
        if (code := agreed(plan, args.yes)) is not None:
            return code
        plan = desk.started(plan)
        result, armed = await desk.execute(plan, tell=say)
        code = _tell(options, plan, result, armed)
        if args.wait and result.exit_code == 0:
            return await _wait(desk, plan, result.until or 0.0)
        return code


async def _on(options: Options, args: argparse.Namespace, subject: Subject) -> int:
    from pointsman.tui.actions.naming import find_object
    from pointsman.tui.verbs.writing import agreed, at_desk, say

    async with at_desk(options) as desk:
        await _tidy(desk)
        ref = find_object(
            args.name,
            desk.snapshot(),
            subject.kinds(),
            subject.noun,
            (timer.ref for timer in desk.timers() if timer.deleted),
        )
        plan = await desk.plan_on(ref)
        if plan.nothing:
            result, _ = await desk.execute(plan)
            if options.output == "json":
                return _tell(options, plan, result, None)
            say(f"{ref.title} is on already; nothing was written.")
            return 0
        if (code := _show(plan)) is not None:
            return code
        if (code := agreed(plan, args.yes)) is not None:
            return code
        result, _ = await desk.execute(plan)
        return _tell(options, plan, result, None)


async def _tidy(desk: Desk) -> None:
    """Remove what an earlier toggle has left in the cluster. What became of a toggle whose program died must be known
    first."""
    from pointsman.tui.verbs.writing import say

    if desk.client.read_only:
        return
    await desk.recover()
    for text in await desk.deadmen.tidy():
        say(f"An old dead-man could not be removed: {text}")


def _show(plan: Plan) -> int | None:
    """The plan on stderr; the exit code if it cannot be done."""
    from pointsman.tui.verbs.reading import complain
    from pointsman.tui.verbs.writing import plan_lines, say

    for line in plan_lines(plan):
        say(line)
    return complain(plan.refusal) if plan.refusal else None


def _tell(options: Options, plan: Plan, result: Result, armed: Armed | None) -> int:
    from pointsman.tui.actions.deadman import job_name
    from pointsman.tui.actions.pipeline import Status
    from pointsman.tui.model.times import rfc3339
    from pointsman.tui.verbs.writing import result_document, result_lines, say
    from pointsman.tui.views.json import dumps
    from pointsman.tui.views.tables import print_lines

    if options.output == "json":
        guard = {"pid": armed.pid, "log": str(armed.log)} if armed is not None else None
        place = plan.deadman if result.status is Status.DONE else None
        job = None
        if place is not None:
            job = {"namespace": place.namespace, "name": job_name(plan.op), "image": place.image}
        print_lines([dumps(result_document(result, plan, guard=guard, job=job))])
    done = result.status in (Status.DONE, Status.NOTHING)
    lines = result_lines(result)
    if done and options.output != "json":
        print_lines([*lines, f"  pointsman undo {result.op} takes it back"] if result.status is Status.DONE else lines)
    elif not done:
        for line in lines:
            say(line)
    if done and armed is not None and result.until is not None and options.output != "json":
        lines = [
            f"  it comes back at {rfc3339(result.until)}: a guard process on this machine sees to that (pid "
            f"{armed.pid}, log {armed.log})",
            "  it survives this program and a lost terminal, not a reboot; the time is also noted on the object",
        ]
        if plan.deadman is not None:
            lines += [
                f"  and so does Job {plan.deadman.namespace}/{job_name(plan.op)} in the cluster, which survives this machine "
                "too, not an API server that is down",
            ]
        print_lines(lines)
    return result.exit_code


async def _wait(desk: Desk, plan: Plan, until: float) -> int:
    """Stay until the time is over, then switch on; an interruption switches on at once."""
    from pointsman.tui.actions.timers import Timer
    from pointsman.tui.verbs.writing import result_lines, say

    timer = Timer(plan.wish.ref, plan.op, until, deleted=plan.change.after is None)
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, stopped.set)
    say("Waiting; ctrl+c switches it on at once.")
    while not stopped.is_set() and (left := until - time.time()) > 0:
        try:
            await asyncio.wait_for(stopped.wait(), min(left, 1.0))
        except TimeoutError:
            continue
    result = await desk.revert(timer)
    for _ in range(3):
        if result.exit_code == 0:
            break
        # The guard may have been first; its write makes ours a conflict, and the next look finds it on.
        await asyncio.sleep(1.0)
        result = await desk.revert(timer)
    for line in result_lines(result):
        say(line)
    return result.exit_code


async def _status(options: Options, subject: Subject) -> int:
    from pointsman.tui.answers.words import blind
    from pointsman.tui.verbs.reading import complain
    from pointsman.tui.verbs.writing import at_desk, say
    from pointsman.tui.views.json import dumps
    from pointsman.tui.views.tables import paper, print_lines

    async with at_desk(options) as desk:
        snapshot = desk.snapshot()
        kinds = {kind.id for kind in subject.kinds()}
        found = [
            item
            for item in desk.timers()
            if item.ref.kind in kinds and (not options.namespace or item.ref.namespace in ("", options.namespace))
        ]
        watched = {timer: _watched(desk, timer) for timer in found}
        men = {timer: man for timer in found if (man := desk.deadman(timer)) is not None}
        old = [op for op, _ in desk.deadmen.leftovers()] if subject.in_cluster else []
        if options.output == "json":
            print_lines([dumps(_timers_json(subject, found, watched, men, snapshot.now))])
        else:
            sheet = paper(sys.stdout, no_color=options.no_color, ascii=options.ascii)
            print_lines(_timers_lines(subject, found, watched, men, snapshot.now, sheet))
        for op in old:
            say(
                f"The dead-man of operation {op} is not needed any more; the app, or the next policy off or on, removes it."
            )
        if unseen := blind(snapshot, *subject.kinds()):
            return complain(f"cannot tell whether that is all: {unseen}")
        return 1 if any(timer.due(snapshot.now) for timer in found) else 0


def _watched(desk: Desk, timer: Timer) -> str:
    if timer.until is None:
        return "nobody"
    if desk.guarded(timer):
        return "guard"
    return "nobody" if desk.mine(timer) else "elsewhere"


def _job_json(man: Deadman | None) -> dict[str, object] | None:
    if man is None:
        return None
    return {"namespace": man.namespace, "name": man.path.rpartition("/")[2], "state": man.life.value, "text": man.text}


def _timers_json(
    subject: Subject,
    found: Sequence[Timer],
    watched: Mapping[Timer, str],
    men: Mapping[Timer, Deadman],
    now: float,
) -> dict[str, object]:
    from pointsman.tui.model.kinds import KINDS
    from pointsman.tui.views.json import document, time_text

    return document(
        subject.document,
        {
            "items": [
                {
                    "kind": KINDS[timer.ref.kind].kind,
                    "namespace": timer.ref.namespace or None,
                    "name": timer.ref.name,
                    "id": timer.op or None,
                    "until": time_text(timer.until),
                    "permanent": timer.until is None and not timer.unreadable,
                    "overdue": timer.due(now),
                    "by": timer.by or None,
                    "watched": watched[timer],
                    "job": _job_json(men.get(timer)),
                    "deleted": timer.deleted,
                }
                for timer in found
            ]
        },
    )


def _timers_lines(
    subject: Subject,
    found: Sequence[Timer],
    watched: Mapping[Timer, str],
    men: Mapping[Timer, Deadman],
    now: float,
    sheet: Paper,
) -> list[str]:
    from pointsman.tui.model.kinds import KINDS
    from pointsman.tui.views.tables import Head, Table

    if not found:
        return [f"No {subject.noun} is switched off."]
    table = Table([Head(subject.noun), Head("kind"), Head("comes back"), Head("by"), Head("watched by"), Head("id")])
    for timer in found:
        table.add(
            timer.ref.path,
            KINDS[timer.ref.kind].kind,
            _when(timer, now),
            timer.by or "unknown",
            _watchers(watched[timer], men.get(timer)),
            timer.op or "?",
        )
    return table.lines(sheet)


def _watchers(watched: str, man: Deadman | None) -> str:
    """``a guard process here; a Job in the cluster``."""
    if man is None:
        return WATCHED[watched]
    job = JOB_WORDS[man.life.value]
    return f"{WATCHED[watched]}; {job}" if watched == "guard" else job


def _when(timer: Timer, now: float) -> tuple[tuple[str, str], ...]:
    from pointsman.tui.model.times import age, rfc3339

    if timer.unreadable:
        return ((f"unknown: {timer.unreadable!r} is no time", "unknown"),)
    if timer.until is None:
        return (("never by itself", "warn"),)
    if timer.due(now):
        return ((f"overdue since {age(now - timer.until)}", "error"),)
    return ((f"in {age(timer.until - now)}", "warn"), (f" ({rfc3339(timer.until)})", "muted"))
