"""`:setup`: what is offered so that more of Traefik can be seen."""

from __future__ import annotations

from pathlib import Path

from appkit import make_app


async def test_setting_up_traefik_says_when_nothing_is_left(own_home: Path) -> None:
    for variant, words in ((None, "no Traefik here"), ("classic", "access log is on")):
        app = make_app(variant)
        async with app.run_test(size=(120, 40)) as pilot:
            await pilot.pause(0.1)
            app.run_command("setup")
            await pilot.pause(0.1)
            assert any(words in note.message for note in app._notifications), variant
