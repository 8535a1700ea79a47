"""The form and the order box: keys, what is wrong, what comes out."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

from textual.app import App

from pointsman.widgets.form import Field, FormScreen
from pointsman.widgets.ordering import OrderScreen
from pointsman.widgets.picker import Choice
from pointsman.widgets.theming import prepare, variable_defaults


class Bench(App[None]):
    """Shows one box and keeps what it ends with."""

    def __init__(self, box: Any) -> None:
        super().__init__()
        prepare(self, ascii=False)
        self.box = box
        self.ended: list[Any] = []

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return dict(variable_defaults())

    def on_mount(self) -> None:
        self.push_screen(self.box, self.ended.append)


def shown(app: App[None]) -> str:
    strips = app.screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in strip) for strip in strips)


def number(text: str, _: object) -> str:
    return "" if text.isdigit() else "that is not a number"


FIELDS = (Field("name", "name"), Field("port", "port", check=number), Field("word", "password", secret=True))


async def test_enter_goes_on_and_gives_in_at_the_end() -> None:
    app = Bench(FormScreen("new", FIELDS, says=lambda values: [f"{values['name']}:{values['port']}"]))
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.press(*"web", "enter", *"80", "enter", *" s ")
        await pilot.pause()
        assert "web:80" in shown(app)
        assert " s " not in shown(app).split("password")[1].split("\n")[0].replace("     ", "")
        await pilot.press("enter")
        await pilot.pause()
    assert app.ended == [{"name": "web", "port": "80", "word": " s "}]


async def test_what_is_wrong_is_said_and_keeps_the_form_open() -> None:
    app = Bench(FormScreen("new", FIELDS))
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.press("down", *"x", "ctrl+s")
        await pilot.pause()
        assert "that is not a number" in shown(app)
        assert app.ended == []
        await pilot.press("backspace", *"7")
        await pilot.pause()
        assert "that is not a number" not in shown(app)
        await pilot.press("ctrl+s")
        await pilot.pause()
    assert app.ended[0]["port"] == "7"


async def test_escape_leaves_a_form_without_values() -> None:
    app = Bench(FormScreen("[red]new[/]", FIELDS, intro="[b]not markup[/b]"))
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.pause()
        assert "[red]new[/]" in shown(app)
        assert "[b]not markup[/b]" in shown(app)
        await pilot.press("escape")
        await pilot.pause()
    assert app.ended == [None]


CHOSEN = [Choice(key, key) for key in "abc"]
OTHERS = [Choice(key, key) for key in "de"]


def says(order: Any) -> list[str]:
    return [f"now {''.join(order)}"]


async def order_after(*keys: str) -> tuple[Hashable, ...] | None:
    app = Bench(OrderScreen("order", CHOSEN, OTHERS, says=says))
    async with app.run_test(size=(100, 30)) as pilot:
        for key in keys:
            await pilot.press(key)
            await pilot.pause()
        await pilot.press("enter")
        await pilot.pause()
    (ended,) = app.ended
    return ended if ended is None else tuple(ended)


async def test_things_move_go_and_come() -> None:
    assert await order_after() == ("a", "b", "c")
    assert await order_after("J") == ("b", "a", "c")
    assert await order_after("K") == ("a", "b", "c")
    assert await order_after("j", "j", "K", "K") == ("c", "a", "b")
    assert await order_after("j", "x") == ("a", "c")
    assert await order_after("x", "x", "x", "x") == ()
    assert await order_after("a", "e", "enter") == ("a", "b", "c", "e")
    assert await order_after("x", "a", "escape") == ("b", "c")


async def test_the_box_says_what_an_order_means_and_escape_leaves_it() -> None:
    app = Bench(OrderScreen("order", CHOSEN, OTHERS, says=says))
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.press("J")
        await pilot.pause()
        assert "now bac" in shown(app)
        await pilot.press("escape")
        await pilot.pause()
    assert app.ended == [None]
