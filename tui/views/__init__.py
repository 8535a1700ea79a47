"""View models: a snapshot and what the user chose, made into words, rows and cells. Pure; no Textual, no clock."""
