"""TLSRoute of the Gateway API."""

from __future__ import annotations

from collections.abc import Iterator

from pointsman.tui.answers.routes.context import Context
from pointsman.tui.answers.routes.model import Route
from pointsman.tui.answers.routes.streams import read_stream
from pointsman.tui.model.kinds import TLSROUTES
from pointsman.tui.model.meta import Loose, Obj

KIND = TLSROUTES


def read(ctx: Context, obj: Obj[Loose]) -> Iterator[Route]:
    return read_stream(ctx, obj, "TLSRoute", "tcp", by_name=True)
