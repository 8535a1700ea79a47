"""What the cluster's network is made of: stack, distribution, components, nodes."""

from pointsman.tui.answers.stack.detect import detect
from pointsman.tui.answers.stack.facts import facts
from pointsman.tui.answers.stack.model import Component, Health, Node, Role, StackReport

__all__ = ["Component", "Health", "Node", "Role", "StackReport", "detect", "facts"]
