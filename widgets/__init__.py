"""Generic terminal widgets: they draw rows, lines and words and know nothing of Kubernetes.

`text`, `glyphs`, `cells`, `filtering`, `gridmodel`, `tailmodel` and those of the map but for its canvas are plain Python and
may be used by view models; everything else draws with Textual. This package imports nothing by itself, so a pure module can
take one of the plain ones without loading Textual.
"""
