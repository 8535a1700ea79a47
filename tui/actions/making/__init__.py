"""New routes and middlewares by a short form: one module or function each, one line each in :data:`FORMS`.

A form is pure: fields for a snapshot, what is wrong with a value, what will come of the values in words, and the objects.
What has no form is a commented template (:mod:`pointsman.tui.actions.making.templates`).
"""

from pointsman.tui.actions.making.form import Filled, Form, Spec, Values
from pointsman.tui.actions.making.middlewares import (
    ALLOW_LIST,
    BASIC_AUTH,
    FORWARD_AUTH,
    HEADERS,
    REDIRECT,
    STRIP_PREFIX,
)
from pointsman.tui.actions.making.routes import HTTP, HTTP_GATEWAY, TCP, UDP

FORMS: tuple[Form, ...] = (
    HTTP, HTTP_GATEWAY, TCP, UDP, BASIC_AUTH, FORWARD_AUTH, ALLOW_LIST, REDIRECT, STRIP_PREFIX, HEADERS,
)  # fmt: skip

__all__ = ["FORMS", "Filled", "Form", "Spec", "Values"]
