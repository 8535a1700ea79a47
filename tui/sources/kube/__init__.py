"""A live cluster as a source. Importing this loads aiohttp: import it late, in a thread, after the first paint."""

from pointsman.tui.sources.kube.client import KubeClient
from pointsman.tui.sources.kube.reflector import Timing
from pointsman.tui.sources.kube.source import KubeOptions, KubeSource

__all__ = ["KubeClient", "KubeOptions", "KubeSource", "Timing"]
