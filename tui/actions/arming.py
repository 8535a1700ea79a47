"""Making a dead-man, waiting until it is armed, and removing it. The only place that writes its objects.

Every object stands in the journal before it is sent, as a part of the operation that it belongs to. Whatever goes wrong
on the way (also an end of this program that it can still notice) removes what was made.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import msgspec

from pointsman.tui.actions import deadman
from pointsman.tui.actions.access import allowed
from pointsman.tui.actions.change import Doc
from pointsman.tui.actions.deadman_state import NO_POD, Stage, pod_stage
from pointsman.tui.actions.errors import ActionError
from pointsman.tui.disk.journal import Entry, Journal, JournalError, Write
from pointsman.tui.model.core import Pod
from pointsman.tui.model.decode import DecodeError, decode_items, decode_line
from pointsman.tui.model.kinds import EVENTS, PODS, Kind
from pointsman.tui.model.meta import Obj, dig, dig_str
from pointsman.tui.sources.errors import ConnectError, KubeError, NotFoundError, StatusError

if TYPE_CHECKING:
    from pointsman.tui.sources.kube.client import KubeClient

Tell = Callable[[str], None]
Names = Iterable[tuple[str, str, str]]
"""Kind, namespace, name."""
PART = "part"
"""The journal's event for an object that belongs to an operation: about to be made (create) or gone (delete)."""
PAUSE = 1.0
WATCH_SECONDS = 10
"""How long one watch of the pod lasts: where something on the way holds a stream back, the next list tells."""
TIDY_TRIES = 3


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """What the server says of a dead-man before it is made: why it cannot be (empty: it can), and its warnings."""

    refusal: str = ""
    warnings: tuple[str, ...] = ()


async def rehearse(client: KubeClient, docs: tuple[Doc, ...]) -> Rehearsed:
    """Ask whether the user may make it, and have it dry-run. The binding is not rehearsed: its role is not there yet."""
    job_space = next(space for kind, space, _ in deadman.named(docs) if kind == "Job")
    wanted = [
        (verb, *deadman.resource_of(kind), space, name if verb == "delete" else "")
        for verb in ("create", "delete")
        for kind, space, name in deadman.named(docs)
    ]
    wanted += [(verb, "", "pods", job_space, "") for verb in ("list", "watch")]
    rights = await asyncio.gather(*(allowed(client, *words) for words in wanted))
    missing = list(dict.fromkeys(access.missing for access in rights if access.missing))
    if missing:
        return Rehearsed(f"No dead-man in the cluster: this {', '.join(missing)}.")
    warnings: list[str] = []

    async def one(doc: Doc) -> str:
        kind, space = dig_str(doc, "kind"), dig_str(doc, "metadata", "namespace")
        try:
            await client.create(
                deadman.path_of(kind, space),
                json.dumps(doc).encode(),
                content_type="application/json",
                dry_run=True,
                warnings=warnings,
            )
        except StatusError as error:
            return f"The server refuses the dead-man's {kind}: {error.sentence}"
        except ConnectError as error:
            raise ActionError(error.sentence, error.hint) from error
        return ""

    refused = [text for text in await asyncio.gather(*map(one, docs[:-1])) if text]
    return Rehearsed(refused[0] if refused else "", tuple(dict.fromkeys(warnings)))


async def arm(
    client: KubeClient,
    journal: Journal,
    op: str,
    docs: tuple[Doc, ...],
    *,
    tell: Tell,
    seconds: float = deadman.ARM_SECONDS,
) -> None:
    """Make it and return when it is armed. Raises ActionError when it is not in time or cannot be, JournalError if that
    cannot be journalled; then nothing of it is left."""
    space = next(space for kind, space, _ in deadman.named(docs) if kind == "Job")
    names = tuple(deadman.named(docs))
    try:
        await _make(client, journal, op, docs)
        tell(f"The dead-man {space}/{deadman.job_name(op)} is made; waiting for its pod.")
        await _armed(client, space, op, tell, seconds)
    except BaseException as error:
        left = await asyncio.shield(disarm(client, journal, op, _last_first(names), "not armed"))
        gone = "All that was made for it is removed." if not left else f"Not all of it could be removed: {left[0]}"
        if isinstance(error, (KubeError, ActionError)):
            raise ActionError(
                f"The dead-man is not armed: {error.sentence.removesuffix('.')}. {gone}",
                "Ask again, with another image (deadman_image in config.toml, --image) or without it.",
            ) from error
        raise


def _last_first(names: Names) -> tuple[tuple[str, str, str], ...]:
    """The Job first, so that no pod is started any more; what is owned by it goes anyway."""
    return tuple(sorted(names, key=lambda item: item[0] != "Job"))


async def _make(client: KubeClient, journal: Journal, op: str, docs: tuple[Doc, ...]) -> None:
    account, job, role, binding = docs
    await _create(client, journal, op, account)
    made = await _create(client, journal, op, job)
    owner = deadman.owner_reference(made)
    for doc in (role, binding):
        if dig_str(doc, "metadata", "namespace") == dig_str(job, "metadata", "namespace"):
            # Owners must be in the same namespace; elsewhere the program that switches on removes them.
            doc = {**doc, "metadata": {**doc["metadata"], "ownerReferences": [owner]}}
        await _create(client, journal, op, doc)
    kind, space, name = next(iter(deadman.named((account,))))
    await client.patch(deadman.path_of(kind, space, name), {"metadata": {"ownerReferences": [owner]}})


async def _create(client: KubeClient, journal: Journal, op: str, doc: Doc) -> Doc:
    kind, space, name = next(iter(deadman.named((doc,))))
    title = f"{kind} {space}/{name}" if space else f"{kind} {name}"
    journal.append(
        Entry(
            op=op,
            event=PART,
            verb="create",
            kind=kind,
            namespace=space,
            name=name,
            after=doc,
            text=f"makes {title}",
        )
    )
    raw = await client.create(deadman.path_of(kind, space), json.dumps(doc).encode(), content_type="application/json")
    try:
        made = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError):
        made = None
    return made if isinstance(made, dict) else doc


async def _armed(client: KubeClient, space: str, op: str, tell: Tell, seconds: float) -> None:
    kind = replace(PODS, label_selector=f"{deadman.LABEL}={op}")
    said = NO_POD
    try:
        async with asyncio.timeout(seconds):
            async for stage in _stages(client, kind, space):
                if stage.armed:
                    return
                if stage.failed:
                    raise ActionError(f"{stage.text}.")
                if stage.text != said:
                    said = stage.text
                    tell(f"The dead-man: {stage.text}.")
    except TimeoutError:
        reason = await _reason(client, space, deadman.job_name(op))
        more = f" ({reason})" if reason else ""
        raise ActionError(f"it was not ready within {round(seconds)} s: {said}{more}.") from None


async def _stages(client: KubeClient, kind: Kind[Pod], space: str) -> AsyncIterator[Stage]:
    """How far its pod is, again and again: at first, and with every change."""
    while True:
        page = await client.list_page(kind, namespace=space)
        pods: dict[str, Obj[Pod]] = {obj.name: obj for obj in decode_items(page.items, kind)}
        yield pod_stage(pods.values())
        try:
            async with client.watch(
                kind, namespace=space, resource_version=page.resource_version, seconds=WATCH_SECONDS
            ) as lines:
                async for batch in lines:
                    for line in batch:
                        event = decode_line(line, kind)
                        if event.type == "ERROR":
                            raise DecodeError("the watch is over")
                        obj = event.obj
                        if isinstance(obj, Obj):
                            if event.type == "DELETED":
                                pods.pop(obj.name, None)
                            else:
                                pods[obj.name] = obj
                    yield pod_stage(pods.values())
        except (KubeError, DecodeError):
            await asyncio.sleep(PAUSE)


async def _reason(client: KubeClient, space: str, job: str) -> str:
    """What the Job's own events say: a pod that admission or a quota refuses is never made."""
    try:
        page = await client.list_page(replace(EVENTS, field_selector=f"involvedObject.name={job}"), namespace=space)
        warnings = [
            doc
            for raw in page.items
            if isinstance(doc := msgspec.json.decode(raw), dict) and dig(doc, "type") == "Warning"
        ]
    except (KubeError, msgspec.DecodeError):
        return ""
    return dig_str(warnings[-1], "message") if warnings else ""


async def disarm(client: KubeClient, journal: Journal, op: str, names: Names, why: str) -> list[str]:
    """Remove its objects, whichever of them are there. Sentences for those that could not be; never raises KubeError."""
    left: list[str] = []
    gone: list[str] = []
    for kind, space, name in names:
        title = f"{kind} {space}/{name}" if space else f"{kind} {name}"
        for attempt in range(TIDY_TRIES):
            try:
                await client.delete(deadman.path_of(kind, space, name))
                gone.append(title)
            except NotFoundError:
                pass
            except ConnectError as error:
                if attempt < TIDY_TRIES - 1:
                    await asyncio.sleep(PAUSE / 2)
                    continue
                left.append(f"{title}: {error.sentence}")
            except KubeError as error:
                left.append(f"{title}: {error.sentence}")
            break
    if gone or not left:
        text = f"removed {', '.join(gone)} ({why})" if gone else f"the dead-man is gone ({why})"
        with contextlib.suppress(JournalError):
            job = deadman.job_name(op)
            verb = "delete" if not left else "update"
            journal.append(Entry(op=op, event=PART, verb=verb, kind="Job", name=job, text=text))
    return left


def journalled(write: Write) -> tuple[tuple[str, str, str], ...]:
    """The objects of a write's dead-man that, by the journal, may still be there; the Job first."""
    found: dict[tuple[str, str, str], None] = {}
    for entry in write.events:
        if entry.event != PART:
            continue
        if entry.verb == "create":
            found[entry.kind, entry.namespace, entry.name] = None
        elif entry.verb == "delete":
            found.clear()
    return _last_first(found)
