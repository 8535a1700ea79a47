"""The Policies pane."""

from __future__ import annotations

from pointsman.tui.commands.model import Command, sort_commands

COMMANDS: tuple[Command, ...] = (
    Command(
        "policies.view",
        "Next view",
        "The list of policies, what holds for each pod, or the matrix of who may reach whom.",
        ("v",),
        "Look",
        ("policies",),
        footer=2,
        label="view",
    ),
    Command(
        "reach",
        "May A reach B?",
        "Ask a question: `media/jellyfin db/postgres 5432`; the policy that decides is opened.",
        ("r",),
        "Look",
        ("policies",),
        footer=2,
        label="reach",
        words=("reach",),
        argument="FROM TO PORT",
    ),
    Command(
        "toggle",
        "Off or on",
        "Switch a policy or a route off for ten minutes (or as long as you choose), or on again; shows the change and asks first.",
        ("x",),
        "Act",
        ("policies", "routes"),
        footer=2,
        label="off/on",
        dangerous=True,
    ),
    Command(
        "policies.new",
        "New policy",
        "Make a policy: choose a commented template, finish it in your editor; shows the change and asks first.",
        ("a",),
        "Act",
        ("policies",),
        words=("new-policy",),
        dangerous=True,
    ),
    *sort_commands(
        "policies",
        {
            "policy": ("P", "policy or pod"),
            "kind": ("K", "kind or workload"),
            "state": ("S", "state, the worst first"),
            "selects": ("W", "how many it selects (who)"),
            "ways": ("D", "direction"),
            "owner": ("O", "owner"),
            "enforced": ("E", "who enforces it"),
        },
    ),
)
