"""Themes as data: TOML files beside this module and the loader that checks them (`pointsman.themes.loader`)."""
