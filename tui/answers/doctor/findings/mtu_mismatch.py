"""Pods whose interface is larger than what flannel's tunnel can carry.

flannel's vxlan takes 50 bytes of the link's MTU (2.1 of its documentation: 1450 on 1500), wireguard 80. The bridge that its
CNI plugin makes takes that over unless ``delegate.mtu`` says otherwise, and then the two can disagree.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from pointsman.tui.answers.doctor.exam import FACTS, Exam
from pointsman.tui.answers.doctor.model import Check, Sign
from pointsman.tui.answers.ref import ref
from pointsman.tui.answers.stack import flannel
from pointsman.tui.model.kinds import CONFIGMAPS
from pointsman.tui.model.meta import dig, dig_list, dig_str

OVERHEAD = {"vxlan": 50, "wireguard": 80, "ipip": 20, "host-gw": 0}
LINK = 1500
CONFIG = "kube-flannel-cfg"


def look(exam: Exam) -> Iterator[Sign]:
    for item in flannel.daemonsets(exam.facts):
        obj = exam.facts.config(item.namespace, CONFIG)
        if obj is None:
            continue
        network, plugins = _json(obj.body.data.get("net-conf.json")), _json(obj.body.data.get("cni-conf.json"))
        backend = dig_str(network, "Backend", "Type")
        given = dig(network, "Backend", "MTU")
        link = given if isinstance(given, int) and given > 0 else LINK
        if backend not in OVERHEAD:
            continue
        room = link - OVERHEAD[backend]
        sizes = [dig(plugin, "delegate", "mtu") for plugin in (*dig_list(plugins, "plugins"), plugins)]
        for size in sizes:
            # Larger than an ordinary link: the links carry jumbo frames, and how large is not known.
            if isinstance(size, int) and room < size and (size <= LINK or link != LINK):
                guess = "" if isinstance(given, int) else f" (taking the links for {LINK}, as nothing says otherwise)"
                yield Sign(
                    "warn",
                    ref(obj),
                    f"pods send packets of {size} bytes, and flannel's {backend} carries {room}{guess}",
                    (
                        f"cni-conf.json: delegate.mtu {size}",
                        f"net-conf.json: {backend} takes {OVERHEAD[backend]} bytes",
                    ),
                    (ref(item),),
                )
                break


def _json(text: str | None) -> Any:
    try:
        return json.loads(text or "{}")
    except (ValueError, RecursionError):
        return {}


CHECK = Check(
    id="mtu-mismatch",
    title="pods whose packets are larger than the overlay carries",
    why="Small requests work and large answers hang: TLS handshakes, image pulls and database results between nodes.",
    fix="Take delegate.mtu out of cni-conf.json, or lower it to what the overlay carries, and restart the pods.",
    reads=FACTS,
    look=look,
    needs=(CONFIGMAPS,),
)
