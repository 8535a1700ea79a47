"""Dialogs and readers over a pane. Each is imported when it is first opened."""
