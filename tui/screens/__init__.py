"""What is drawn: one module for each pane, dialogs in ``modals``. They ask views for words and rows and decide nothing."""
