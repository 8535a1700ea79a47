"""What the demo's containers write to their logs.

A log is a function of the container and of time: the time since the container started is cut into slots, and what a
slot holds follows from the container's identity and the slot's number. So nothing is stored, a log can be read from any
point, and the same run has the same logs.

`VOICES` maps an application to its lines; `voice_for` finds the one for a container. What a homelab adds to them
(`Busy`: Traefik's access log, made from its routes) is given to `lines` as `more`: it speaks often, and is remembered for
minutes only.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta

from pointsman.tui.demo.controllers.manager import Obj
from pointsman.tui.demo.scenario.world import digest, parse, stamp

SLOT = 15.0  # seconds
BACKLOG = 600  # slots that a first reader gets at most
BUSY_BACKLOG = 40
BUSY = (52, 66)  # lines in a slot of a busy voice
Voice = Callable[[random.Random, datetime, Obj], list[str]]
Busy = Mapping[str, Voice]
"""Voices that speak several times a second, by the container's name."""
_QUIET: Busy = {}


def lines(
    pod: Obj, container: str, since: datetime | None, until: datetime, more: Busy = _QUIET
) -> Iterator[tuple[datetime, str]]:
    """Lines written after `since` (from the start of the container, or as far back as a log goes) up to `until`.

    Of a container that waits for its next try these are the last try's, as the kubelet has it.
    """
    status = _status(pod, container)
    state = (status.get("state") or {}) if status else {}
    count = status.get("restartCount", 0) if status else 0
    if run := state.get("running") or state.get("terminated"):
        yield from _run(pod, container, run, count, since, until, more)
    else:
        yield from previous(pod, container, since, more)


def previous(
    pod: Obj, container: str, since: datetime | None = None, more: Busy = _QUIET
) -> Iterator[tuple[datetime, str]]:
    """The lines of the run before the last restart."""
    status = _status(pod, container)
    run = ((status or {}).get("lastState") or {}).get("terminated")
    if status and run and run.get("finishedAt"):
        yield from _run(pod, container, run, status["restartCount"] - 1, since, parse(run["finishedAt"]), more)


def _status(pod: Obj, container: str) -> Obj | None:
    statuses = (pod.get("status") or {}).get("containerStatuses") or ()
    return next((one for one in statuses if one["name"] == container), None)


def _run(
    pod: Obj, container: str, run: Obj, count: int, since: datetime | None, until: datetime, more: Busy
) -> Iterator[tuple[datetime, str]]:
    """One run of a container, `run` being its running or terminated state and `count` how many were before it."""
    if not run.get("startedAt"):
        return
    begin = parse(run["startedAt"])
    if run.get("finishedAt"):
        until = min(until, parse(run["finishedAt"]))
    key = pod["metadata"]["uid"], container, count
    voice = voice_for(pod, container)
    last = int((until - begin).total_seconds() // SLOT)
    first = 0 if since is None else max(int((since - begin).total_seconds() // SLOT), 0)
    busy = more.get(container)
    for slot in range(max(first, last - BACKLOG), last + 1):
        said = _slot(key, slot, begin, voice, pod) if slot else _opening(container, begin, run)
        if busy is not None and slot >= last - BUSY_BACKLOG:
            said = sorted([*said, *_busy(key, slot, begin, busy, pod)])
        for at, text in said:
            if (since is None or at > since) and at <= until:
                yield at, text


def _opening(container: str, begin: datetime, run: Obj) -> list[tuple[datetime, str]]:
    """What a container says first; and, if it died within seconds, last."""
    out = [(begin + timedelta(milliseconds=40), f"starting {container}")]
    if run.get("exitCode") and container == "cilium-agent":
        at = begin + timedelta(seconds=3.2)
        why = 'msg="failed to start: daemon creation failed: unable to setup device manager: operation not permitted"'
        out.append((at, f"time={stamp(at)} level=fatal {why}"))
    return out


def _slot(key: tuple[str, str, int], slot: int, begin: datetime, voice: Voice, pod: Obj) -> list[tuple[datetime, str]]:
    chance = random.Random(digest(*key, slot))
    start = begin + timedelta(seconds=slot * SLOT)
    times = sorted(chance.uniform(0, SLOT) for _ in range(_how_many(chance)))
    out: list[tuple[datetime, str]] = []
    for offset in times:
        at = start + timedelta(seconds=offset)
        out.extend((at, text) for text in voice(chance, at, pod))
    return out


def _busy(key: tuple[str, str, int], slot: int, begin: datetime, voice: Voice, pod: Obj) -> list[tuple[datetime, str]]:
    chance = random.Random(digest(*key, slot, "busy"))
    start = begin + timedelta(seconds=slot * SLOT)
    # The first second belongs to what a container says first.
    earliest = 0.0 if slot else 1.0
    times = sorted(chance.uniform(earliest, SLOT) for _ in range(chance.randint(*BUSY)))
    return [(at, text) for at in (start + timedelta(seconds=one) for one in times) for text in voice(chance, at, pod)]


def _how_many(chance: random.Random) -> int:
    return chance.choices((0, 1, 2, 4), weights=(50, 30, 15, 5))[0]


def voice_for(pod: Obj, container: str) -> Voice:
    labels = pod["metadata"].get("labels") or {}
    for name in (container, labels.get("app.kubernetes.io/name", ""), labels.get("k8s-app", "")):
        if name in VOICES:
            return VOICES[name]
    return _plain


def _one_of(*texts: str) -> Voice:
    """A voice that says one of these; `{n}` is a number, `{ms}` a duration, `{t}` the time, `{c}` a client."""

    def speak(chance: random.Random, at: datetime, _: Obj) -> list[str]:
        text = chance.choice(texts)
        client = f"192.168.7.{chance.randint(21, 58)}"
        return [text.format(n=chance.randint(1, 400), ms=chance.randint(1, 240), t=stamp(at), c=client)]

    return speak


_plain = _one_of("[{t}] INFO housekeeping done in {ms} ms", "[{t}] INFO {n} items checked", "[{t}] DEBUG still here")


def _speaker(chance: random.Random, at: datetime, pod: Obj) -> list[str]:
    node = pod["spec"].get("nodeName", "")
    head = f'{{"caller":"main.go:{chance.randint(300, 420)}","level":"debug","node":"{node}","ts":"{stamp(at)}",'
    event = chance.choice(("serviceAnnounced", "notOwner", "refreshingMembers"))
    return [head + f'"event":"{event}","protocol":"layer2"}}']


def _traefik(chance: random.Random, at: datetime, _: Obj) -> list[str]:
    if chance.random() < 0.9:  # at level info it has little to say
        return []
    return [f'{{"level":"info","providerName":"kubernetes","time":"{stamp(at)}","message":"Updated ingress status"}}']


VOICES: dict[str, Voice] = {
    "traefik": _traefik,
    "speaker": _speaker,
    "cilium-agent": _one_of(
        'time={t} level=info msg="regenerating all endpoints" reason="one or more identities created or deleted"',
        'time={t} level=info msg="Waited due to client-side throttling, not priority and fairness" verb=PUT resource=leases',
        'time={t} level=info msg="Rewrote endpoint BPF program" endpointID={n}',
    ),
    "controller": _one_of('{{"level":"info","ts":"{t}","msg":"reconcile finished","event":"poolRefreshed"}}'),
    "coredns": _one_of(
        '[INFO] {c}:4{n} - "A IN home-assistant.home.svc.cluster.local. udp 61 false 512" NOERROR 0.000{ms}s',
        '[INFO] {c}:5{n} - "AAAA IN www.home.example. udp 48 false 1232" NXDOMAIN 0.01{ms}s',
    ),
    "pihole": _one_of(
        "dnsmasq: query[A] films.home.example from {c}",
        "dnsmasq: reply films.home.example is 192.168.7.100",
        "dnsmasq: query[AAAA] www.example.org from {c}",
        "dnsmasq: forwarded www.example.org to 10.43.1.13",
        "dnsmasq: cached git.home.example is 192.168.7.100",
        "dnsmasq: query[HTTPS] weather.example.com from {c}",
        "dnsmasq: gravity blocked ads{n}.example.net is 0.0.0.0",
    ),
    "jellyfin": _one_of(
        "[{t}] [INF] Playback of item started by user on {c}",
        "[{t}] [INF] WS {c} request",
        "[{t}] [INF] Library scan: {n} files, {ms} ms",
    ),
    "home-assistant": _one_of(
        "{t} INFO (MainThread) [homeassistant.components.mqtt] {n} messages",
        "{t} WARNING (MainThread) [homeassistant.helpers.entity] Update of sensor.closet_power took {ms} ms",
    ),
    "mosquitto": _one_of(
        "{t}: New connection from {c}:{n} on port 1883.",
        "{t}: Client sensor-{n} closed its connection.",
        "{t}: Saving in-memory database.",
    ),
    "postgres": _one_of(
        "{t} UTC [{n}] LOG:  checkpoint complete: wrote {n} buffers; write={ms} ms",
        "{t} UTC [{n}] LOG:  connection authorized: user=immich database=immich",
    ),
    "minecraft": _one_of("[Server thread/INFO]: {n} chunks saved", "[Server thread/INFO]: player joined from {c}"),
    "site": _one_of(
        '10.42.0.9 - - [{t}] "GET / HTTP/1.1" 200 {n}', '10.42.0.9 - - [{t}] "GET /feed.xml HTTP/1.1" 304 0'
    ),
}
