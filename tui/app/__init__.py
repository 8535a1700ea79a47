"""The app. :func:`run` prepares the terminal and the log, then loads Textual and starts it.

Textual is imported inside :func:`run`, because some of its settings are read when it is imported.
"""

from __future__ import annotations

import os
import sys

from pointsman.tui.options import Options


def run(options: Options) -> int:
    """Open the app and stay until it ends; the exit code.

    Without a terminal there is nothing to open: one sentence and 2. A crash leaves the terminal as it was, writes a report
    and says where it is.
    """
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        sys.stderr.write("pointsman: the app needs a terminal; the verbs (pointsman --help) work without one\n")
        return 2
    from pointsman.tui.config import load_config
    from pointsman.tui.logfile import start_logging, terminal_kept_clean
    from pointsman.tui.paths import config_file
    from pointsman.tui.store.memory import keep_one_heap

    keep_one_heap()
    config = load_config(config_file())
    prepare_environment(options, slow=options.slow_link or config.slow_link)
    log = start_logging()
    if options.demo:
        # Before Textual is loaded: the homelab comes up on the other core meanwhile.
        from pointsman.tui.sources.demo_child import launch

        launch(options.demo)

    from pointsman.tui.app.program import Pointsman

    with terminal_kept_clean(log):
        app = Pointsman(options, config)
        code = app.run(mouse=config.mouse and not options.no_mouse)
    if app.crash is not None:
        from pointsman.tui.disk.crash import write_report

        where = write_report(app.crash, sys.argv[1:])
        told = f"; the report is in {where}" if where else ""
        sys.stderr.write(f"pointsman: an internal error stopped the app ({type(app.crash).__name__}){told}\n")
        return 2
    if app.last_words:
        sys.stderr.write(f"pointsman: {app.last_words}\n")
    return app.return_code or 0 if code is None else code


def prepare_environment(options: Options, *, slow: bool) -> None:
    """Set what Textual reads from the environment when it is imported."""
    if options.no_color:
        os.environ["NO_COLOR"] = "1"
    if slow:
        # 256 colours take a fifth fewer bytes than 24 bits each; the user's own choice wins.
        os.environ.setdefault("TEXTUAL_COLOR_SYSTEM", "256")
    os.environ.setdefault("TEXTUAL_ANIMATIONS", "none")
