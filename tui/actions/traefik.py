"""Changing how Traefik itself runs: its access log on or off. Traefik reads this at its start only, so it starts anew.

Where it is written depends on who made Traefik: on k3s the values of a HelmChartConfig (merged into its text, made if there
is none); else the arguments of its Deployment or DaemonSet, with the chart's values to put where Helm would take them back.
Several settings go into one change, so that Traefik starts anew only once. Pure.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from pointsman.tui.actions.change import Doc
from pointsman.tui.actions.errors import ActionError
from pointsman.tui.actions.plan import Risk, Wish
from pointsman.tui.actions.yamlvalues import Path, by_hand, merged
from pointsman.tui.answers.index import pods_selected
from pointsman.tui.answers.owners import owner_of
from pointsman.tui.answers.ref import Ref, ref
from pointsman.tui.answers.stack.facts import facts, is_daemonset
from pointsman.tui.answers.stack.traefik import arguments, workloads
from pointsman.tui.model.core import Workload
from pointsman.tui.model.kinds import HELMCHARTCONFIGS, HELMCHARTS, SERVICES
from pointsman.tui.model.meta import Obj, dig, dig_dict, dig_list, dig_str
from pointsman.tui.store.snapshot import Snapshot, State

ACTION = "traefik-settings"
HELM_SECONDS = "10 to 60 s"
START_SECONDS = "5 to 30 s"


@dataclass(frozen=True, slots=True)
class Setting:
    """One thing to change. ``values`` are the chart's; ``default`` those that are set only where nothing is said yet.

    ``args`` are put in place of the arguments of the same name, ``drop`` are names (and what begins with ``NAME.``) that go.
    """

    title: str
    values: tuple[tuple[Path, Any], ...]
    default: tuple[tuple[Path, Any], ...] = ()
    args: tuple[str, ...] = ()
    default_args: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()


ACCESS_LOG_ON = Setting(
    "switch Traefik's access log on",
    ((("logs", "access", "enabled"), True),),
    ((("logs", "access", "format"), "json"),),
    ("--accesslog=true",),
    ("--accesslog.format=json",),
)
ACCESS_LOG_OFF = Setting(
    "switch Traefik's access log off", ((("logs", "access", "enabled"), False),), drop=("accesslog",)
)


def settings_wish(snapshot: Snapshot, settings: Sequence[Setting], which: Ref | None = None) -> Wish:
    """All settings in one change of one object. ``which`` is the Traefik meant, where there are several.

    Raises ActionError where there is no Traefik, or where what is wanted can be set nowhere.
    """
    item = _traefik(snapshot, which)
    owner = owner_of(item, snapshot)
    title = " and ".join(one.title for one in settings)
    notes = [_watch_for(snapshot, item)]
    if owner.kind == "helmchart" and owner.object is not None and _served(snapshot):
        return _by_chart(snapshot, item, owner.object, settings, title, notes)
    if not all(one.args or one.drop for one in settings):
        raise ActionError(f"To {title}, its Helm chart's values have to change.", "Put in:", _lines(settings))
    if owner.kind in ("helm", "helmchart", "gitops"):
        put = ", ".join(f"{'.'.join(path)}: {json.dumps(value)}" for path, value in _values(settings))
        notes.append(f"{owner.text} takes this back at its next run, unless its values say the same ({put}).")
        if snapshot.state(HELMCHARTS) is State.FORBIDDEN:
            notes.append("HelmCharts may not be listed here; on k3s the change belongs into a HelmChartConfig.")

    def make(live: Doc | None) -> Doc | None:
        if live is None:
            raise ActionError(f"{item.path} is not there any more.")
        return with_arguments(live, settings)

    return Wish(ACTION, title, ref(item), make, risks=(_restart(item),), notes=tuple(notes))


def _traefik(snapshot: Snapshot, which: Ref | None) -> Obj[Workload]:
    found = workloads(facts(snapshot))
    if which is not None:
        found = tuple(item for item in found if ref(item) == which)
    if not found:
        raise ActionError("There is no Traefik here whose settings could be changed.")
    if len(found) > 1:
        running = [item for item in found if pods_selected(snapshot, item.namespace, _selector(item))]
        found = tuple(running[:1]) or found[:1]
    return found[0]


def _selector(item: Obj[Workload]) -> dict[str, str]:
    return item.body.spec.selector.match_labels


def _served(snapshot: Snapshot) -> bool:
    return snapshot.state(HELMCHARTCONFIGS) is not State.ABSENT


def _values(settings: Iterable[Setting]) -> list[tuple[Path, Any]]:
    return [value for one in settings for value in (*one.values, *one.default)]


def _lines(settings: Iterable[Setting]) -> tuple[str, ...]:
    return by_hand(_values(settings))


# -- k3s' HelmChartConfig -------------------------------------------------------------------------------------------------


def _by_chart(
    snapshot: Snapshot, item: Obj[Workload], chart: Ref, settings: Sequence[Setting], title: str, notes: list[str]
) -> Wish:
    target = Ref(HELMCHARTCONFIGS.id, chart.namespace, chart.name)
    made = snapshot.get(HELMCHARTS, chart.namespace, chart.name)
    doc = made.doc() if made is not None else {}
    for one in settings:
        for path, _ in one.values:
            if ".".join(path) in dig_dict(doc, "spec", "set"):
                raise ActionError(
                    f"{'.'.join(path)} is set by HelmChart {chart.namespace}/{chart.name} itself (spec.set), which wins.",
                    "Change it there.",
                )
    base = dig_str(doc, "spec", "valuesContent")
    known = snapshot.get(HELMCHARTCONFIGS, *target.key)
    if known is not None and dig_list(known.doc(), "spec", "valuesSecrets"):
        notes.append("Its valuesSecrets win over these values, and what they hold is not read here.")
    notes.append(f"k3s runs the Job helm-install-{chart.name} first, which takes {HELM_SECONDS}; where it fails, its log "
                 "says why, and Traefik goes on as it was.")  # fmt: skip

    def make(live: Doc | None) -> Doc | None:
        text = dig_str(live, "spec", "valuesContent")
        wanted = [value for one in settings for value in one.values]
        wanted += [value for one in settings for value in one.default if not _said(value[0], text, base)]
        after: Doc = copy.deepcopy(live) if live is not None else {
            "apiVersion": HELMCHARTCONFIGS.api_version(),
            "kind": HELMCHARTCONFIGS.kind,
            "metadata": {"name": target.name, "namespace": target.namespace},
        }  # fmt: skip
        spec = after.get("spec")
        after["spec"] = {**(spec if isinstance(spec, dict) else {}), "valuesContent": merged(text, wanted)}
        return after

    return Wish(ACTION, title, target, make, risks=(_restart(item),), notes=tuple(notes))


def _said(path: Path, *texts: str) -> bool:
    """Whether one of these values says something there already."""
    import yaml

    for text in texts:
        try:
            if dig(yaml.safe_load(text), *path) is not None:
                return True
        except yaml.YAMLError:
            continue
    return False


# -- arguments ------------------------------------------------------------------------------------------------------------


def with_arguments(live: Doc, settings: Sequence[Setting]) -> Doc:
    """The workload with Traefik's arguments changed; order and all others stay. Raises ActionError."""
    after = copy.deepcopy(live)
    for part in dig_list(after, "spec", "template", "spec", "containers"):
        if isinstance(part, dict) and _runs_traefik(part):
            args = [word for word in dig_list(part, "args") if isinstance(word, str)]
            if any(_name(word) == "configfile" for word in args):
                raise ActionError(
                    "This Traefik is configured by a file, and takes no arguments beside it.",
                    "Change the file; Traefik then has to be started anew.",
                )
            for one in settings:
                args = _changed(args, one)
            part["args"] = args
            return after
    raise ActionError("None of its containers runs Traefik.")


def _runs_traefik(part: dict[str, Any]) -> bool:
    return part.get("name") == "traefik" or "traefik" in dig_str(part, "image").rpartition("/")[2]


def _name(word: str) -> str:
    return word.lstrip("-").partition("=")[0].lower()


def _changed(args: list[str], one: Setting) -> list[str]:
    gone = tuple(one.drop)
    kept = [
        word for word in args if not any(_name(word) == name or _name(word).startswith(f"{name}.") for name in gone)
    ]
    names = {_name(word) for word in kept}
    for word in (*one.args, *(word for word in one.default_args if _name(word) not in names)):
        same = [at for at, other in enumerate(kept) if _name(other) == _name(word)]
        if same:
            kept[same[-1]] = word
        else:
            kept.append(word)
    return kept


# -- what it costs --------------------------------------------------------------------------------------------------------


def _restart(item: Obj[Workload]) -> Risk:
    """For how long URLs are dark, by how the workload replaces its pods."""
    cut = "open connections (websockets, downloads, streams) are cut"
    if _gapless(item):
        return Risk(f"Traefik starts anew: the new pod is ready before the old one goes, so URLs stay reachable; {cut}",
                    grave=False)  # fmt: skip
    return Risk(f"Traefik starts anew: every URL through it is dark until the new pod is ready, {START_SECONDS}; {cut}",
                grave=False)  # fmt: skip


def _gapless(item: Obj[Workload]) -> bool:
    doc = item.doc()
    spec = dig_dict(doc, "spec", "template", "spec")
    if is_daemonset(item) or spec.get("hostNetwork") is True:
        return False
    if any(dig(port, "hostPort") for part in dig_list(spec, "containers") for port in dig_list(part, "ports")):
        return False
    if dig_str(doc, "spec", "strategy", "type") == "Recreate":
        return False
    asked = item.body.spec.replicas
    replicas = 1 if asked is None else asked
    away = dig_str(doc, "spec", "strategy", "rollingUpdate", "maxUnavailable", default="25%")
    if match := re.fullmatch(r"(\d+)%", away):
        # Rounded down, as the Deployment's controller does.
        return int(match[1]) * replicas // 100 < replicas
    return not away.isdigit() or int(away) < replicas


def _watch_for(snapshot: Snapshot, item: Obj[Workload]) -> str:
    """What the address does meanwhile."""
    labels = item.body.spec.template.metadata.labels.items()
    for service in snapshot.all(SERVICES):
        selector = service.body.spec.selector
        if (
            service.namespace == item.namespace
            and selector
            and selector.items() <= labels
            and service.body.spec.external_traffic_policy == "Local"
        ):
            return (
                f"Service {service.path} is externalTrafficPolicy Local: if the new pod comes up on another node, the "
                "address moves there with it."
            )
    return "The addresses stay where they are announced."


def access_log_on(snapshot: Snapshot) -> bool | None:
    """Whether Traefik's arguments switch the access log on; None where no Traefik is seen."""
    found = workloads(facts(snapshot))
    if not found:
        return None
    return any(
        values.get("accesslog", "").lower() not in ("", "false", "0")
        or any(name.startswith("accesslog.") for name in values if "accesslog" not in values)
        for values in map(arguments, found)
    )
