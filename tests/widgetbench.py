"""What the widget tests share: an app around one widget, and what its screen shows."""

from __future__ import annotations

from textual.app import App, ComposeResult
from textual.message import Message
from textual.widget import Widget

from pointsman.widgets import glyphs, theming


class Bench(App[None]):
    """One widget under one of our themes; keeps the messages it is sent."""

    def __init__(self, *widgets: Widget, theme: str = "pointsman-dark") -> None:
        super().__init__()
        self._widgets = widgets
        self.heard: list[Message] = []
        theming.prepare(self, ascii=glyphs.current.ascii)
        self.theme = theme

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return theming.variable_defaults()

    def compose(self) -> ComposeResult:
        yield from self._widgets

    def heard_of(self, kind: type[Message]) -> list[Message]:
        return [message for message in self.heard if isinstance(message, kind)]

    async def _dispatch_message(self, message: Message) -> None:
        self.heard.append(message)
        await super()._dispatch_message(message)


def screen_text(app: App[None]) -> list[str]:
    """The screen as plain lines."""
    width, height = app.size
    strips = app.screen._compositor.render_strips()
    return ["".join(segment.text for segment in strip).ljust(width) for strip in strips][:height]


def widget_text(widget: Widget) -> list[str]:
    """The lines of one widget as they are on the screen."""
    region = widget.region
    lines = screen_text(widget.app)
    return [line[region.x : region.right] for line in lines[region.y : region.bottom]]
