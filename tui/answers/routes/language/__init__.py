"""Traefik's rule language: ``Host(`a.example`) && PathPrefix(`/api`)``, for HTTP and TCP, in its v3 and its v2 form.

:func:`compile_rule` gives a :class:`Rule` that matches requests; a text that Traefik would refuse raises
:class:`RuleError` with the position.
"""

from pointsman.tui.answers.routes.language.compiled import MOST_TERMS, Rule, checked_rule, compile_rule
from pointsman.tui.answers.routes.language.parse import RuleError
from pointsman.tui.answers.routes.language.requests import Asked, Connection

__all__ = ["MOST_TERMS", "Asked", "Connection", "Rule", "RuleError", "checked_rule", "compile_rule"]
