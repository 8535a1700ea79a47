"""The command line. ``--help`` and ``--version`` answer from the standard library alone.

The common options stand before or after the verb, so they are read first, from all words; what is left begins with the
verb, or with a target (an address, a URL, a name) that the app opens at.
"""

from __future__ import annotations

import argparse
import contextlib
import errno
import importlib
import os
import sys
from collections.abc import Sequence
from typing import NoReturn, TextIO

from pointsman.tui import __version__
from pointsman.tui.options import DEMO_VARIANTS, HubbleOptions, Options, TraefikOptions
from pointsman.tui.verbs import VERBS

USAGE = "pointsman [options] [verb | address | URL | name] ..."
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF)
"""What writing to a full disk, a file at its limit or a terminal that went away gives."""
EPILOG = """\
without a verb the app opens; an address, URL or name opens it there:
  pointsman                          the current kubeconfig context
  pointsman --demo                   the demo homelab, no cluster needed
  pointsman 192.168.7.104            straight to that address
  pointsman --manifests repo/ ips    files in place of a cluster

exit codes: 0 fine, 1 a finding or "no", 2 could not tell
"""


class Parser(argparse.ArgumentParser):
    """One sentence on stderr and exit code 2 in place of the usage block."""

    def error(self, message: str) -> NoReturn:
        _tell(f"{message} (see `{self.prog.split(' [')[0]} --help`)")
        raise SystemExit(2)


def common_options() -> argparse.ArgumentParser:
    parser = Parser(add_help=False, allow_abbrev=False)
    where = parser.add_argument_group("where to look")
    where.add_argument("--context", default="", metavar="NAME", help="the kubeconfig context to use")
    where.add_argument(
        "--kubeconfig", default="", metavar="FILE", help="the kubeconfig to read (default: as kubectl does)"
    )
    where.add_argument("-n", "--namespace", default="", metavar="NS", help="one namespace (default: all)")
    where.add_argument("-A", "--all-namespaces", action="store_true", help="all namespaces, which is the default")
    where.add_argument(
        "--manifests",
        action="append",
        default=[],
        metavar="PATH",
        help="files in place of a cluster: YAML or JSON, a folder, a snapshot, or - for standard input; may be repeated",
    )
    where.add_argument(
        "--demo",
        choices=DEMO_VARIANTS,
        default="",
        help="a simulated homelab in place of a cluster (classic if no variant is named)",
    )
    where.add_argument(
        "--traefik-url", default="", metavar="URL", help="where Traefik's API is (default: found, by port-forward)"
    )
    where.add_argument("--traefik-ca-file", default="", metavar="FILE", help="the CA of that address")
    where.add_argument(
        "--traefik-auth-file", default="", metavar="FILE", help="a file with user:password or a token for it"
    )
    relay = parser.add_argument_group("Hubble, where it is not found by itself")
    relay.add_argument(
        "--hubble-server",
        default=os.environ.get("HUBBLE_SERVER", ""),
        metavar="ADDRESS",
        help="host:port, tls://host:port or unix:///path in place of the cluster's Relay",
    )
    relay.add_argument("--tls", action=argparse.BooleanOptionalAction, default=None, help="TLS, or plaintext")
    relay.add_argument("--tls-ca-cert-files", default="", metavar="FILE", help="the CA that signed its certificate")
    relay.add_argument(
        "--tls-client-cert-file", default="", metavar="FILE", help="our certificate, where it asks for one"
    )
    relay.add_argument("--tls-client-key-file", default="", metavar="FILE", help="and its key")
    relay.add_argument("--tls-server-name", default="", metavar="NAME", help="the name its certificate is for")
    how = parser.add_argument_group("how to show it")
    how.add_argument("--read-only", action="store_true", help="refuse every write")
    how.add_argument("-o", "--output", default="", metavar="FORM", help="table or json, for the verbs")
    how.add_argument("--no-color", action="store_true", help="no colours (also: the environment variable NO_COLOR)")
    how.add_argument("--ascii", action="store_true", help="no characters beyond ASCII in the frame")
    how.add_argument("--slow-link", action="store_true", help="draw less and less often, for a slow line")
    how.add_argument("--no-mouse", action="store_true", help="leave the mouse to the terminal")
    how.add_argument("--theme", default="", metavar="NAME", help="a bundled theme or one of your own")
    return parser


def _spell_out_demo(words: Sequence[str]) -> list[str]:
    """``--demo`` takes a variant only if one follows: ``--demo status`` is the verb on the default variant."""
    spelled: list[str] = []
    rest = list(words)
    while rest:
        word = rest.pop(0)
        if word == "--":
            return [*spelled, word, *rest]
        if word == "--demo":
            word = f"--demo={rest.pop(0) if rest and rest[0] in DEMO_VARIANTS else DEMO_VARIANTS[0]}"
        spelled.append(word)
    return spelled


def _help(common: argparse.ArgumentParser) -> str:
    parser = Parser(
        prog="pointsman",
        usage=USAGE,
        description="A control panel in a terminal for the network of a homelab Kubernetes cluster.",
        epilog=EPILOG,
        parents=[common],
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=__version__)
    verbs = parser.add_argument_group("verbs (pointsman VERB --help says more)")
    for name, verb in VERBS.items():
        verbs.add_argument(name, nargs="?", help=verb.summary, metavar=name)
    return parser.format_help()


def _options(given: argparse.Namespace, target: str = "") -> Options:
    return Options(
        context=given.context,
        kubeconfig=given.kubeconfig,
        namespace="" if given.all_namespaces else given.namespace,
        manifests=tuple(given.manifests),
        demo=given.demo,
        read_only=given.read_only,
        output=given.output,
        no_color=given.no_color or bool(os.environ.get("NO_COLOR")),
        ascii=given.ascii,
        slow_link=given.slow_link,
        no_mouse=given.no_mouse,
        theme=given.theme,
        target=target,
        hubble=HubbleOptions(
            given.hubble_server,
            given.tls,
            given.tls_ca_cert_files,
            given.tls_client_cert_file,
            given.tls_client_key_file,
            given.tls_server_name,
        ),
        traefik=TraefikOptions(given.traefik_url, given.traefik_ca_file, given.traefik_auth_file),
    )


def _run_verb(name: str, common: argparse.ArgumentParser, words: list[str]) -> int:
    module = importlib.import_module(f"pointsman.tui.verbs.{VERBS[name].module}")
    parser = Parser(
        prog=f"pointsman {name}",
        description=(module.__doc__ or VERBS[name].summary).strip(),
        parents=[common],
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    module.configure(parser)
    args = parser.parse_intermixed_args(words) if getattr(module, "INTERMIXED", False) else parser.parse_args(words)
    outputs: tuple[str, ...] = module.OUTPUTS
    options = _options(args)
    if options.output and options.output not in outputs:
        parser.error(f"-o {options.output} is not a form of {name}: {', '.join(outputs) or 'it has none'}")
    code: int = module.run(options, args)
    return code


def _conflicts(options: argparse.Namespace) -> str:
    if options.demo and options.manifests:
        return "--demo and --manifests are two places to look; give one"
    if options.demo and (options.context or options.kubeconfig):
        return "--demo brings its own kubeconfig; leave out --context and --kubeconfig"
    return ""


def dispatch(words: Sequence[str]) -> int:
    """Run what the words ask for; the exit code."""
    common = common_options()
    words = _spell_out_demo(words)
    given, rest = common.parse_known_args(words)
    if problem := _conflicts(given):
        common.prog = "pointsman"
        common.error(problem)
    first = next((index for index, word in enumerate(rest) if not word.startswith("-") or word == "-"), None)
    verb = rest[first] if first is not None else ""
    if verb in VERBS:
        # Only the verb's own position is taken out: the verb's parser reads the common options itself.
        at = _position(words, verb, common)
        return _run_verb(verb, common, [*words[:at], *words[at + 1 :]])
    if "-h" in rest or "--help" in rest:
        sys.stdout.write(_help(common))
        return 0
    if "--version" in rest:
        sys.stdout.write(f"pointsman {__version__}\n")
        return 0
    targets = [word for word in rest if not word.startswith("-")]
    unknown = [word for word in rest if word.startswith("-") and word != "--"]
    common.prog = "pointsman"
    if unknown:
        common.error(f"{unknown[0]} is not an option")
    if len(targets) > 1:
        common.error(f"{targets[0]!r} is not a verb ({', '.join(VERBS)}), and a target is one word")
    from pointsman.tui.app import run

    return run(_options(given, targets[0] if targets else ""))


def _position(words: Sequence[str], verb: str, common: argparse.ArgumentParser) -> int:
    """Where the verb stands among the words: the first that is neither an option nor an option's value."""
    takes_value = {
        text
        for action in common._actions
        if action.nargs is None and action.const is None
        for text in action.option_strings
    }
    index = 0
    while index < len(words):
        word = words[index]
        if word in takes_value:
            index += 2
            continue
        if word == verb:
            return index
        index += 1
    return words.index(verb)


def _discard(stream: TextIO) -> None:
    """Point a broken stream to nowhere: what it still holds must not trouble the interpreter when it ends."""
    with contextlib.suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _tell(text: str) -> None:
    try:
        sys.stderr.write(f"pointsman: {text}\n")
        sys.stderr.flush()
    except OSError:
        _discard(sys.stderr)


def _whole_streams() -> bool:
    """Fill what the shell closed of 0, 1 and 2, or a file opened later would be taken for it; False without a stdout."""
    stdout = sys.stdout is not None
    while (spare := os.open(os.devnull, os.O_RDWR)) <= 2:
        pass
    os.close(spare)
    if sys.stderr is None:
        sys.stderr = os.fdopen(2, "w")
    return stdout


def main(argv: Sequence[str] | None = None) -> int:
    """The entry point. Exit code 2 and one sentence for whatever could not be told; never a traceback."""
    words = list(sys.argv[1:] if argv is None else argv)
    if not _whole_streams():
        _tell("there is no standard output to write to")
        return 2
    try:
        code = dispatch(words)
        sys.stdout.flush()
        return code
    except BrokenPipeError:
        # The reader has gone (`| head`). Nothing more can be said.
        _discard(sys.stdout)
        return 0
    except KeyboardInterrupt:
        return 130
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else 2 if stop.code else 0
    except Exception as error:
        if isinstance(error, OSError) and error.errno in _FULL and error.filename is None:
            _discard(sys.stdout)
            _tell(f"the output cannot be written: {error.strerror}")
            return 2
        from pointsman.tui.disk.crash import write_report

        where = write_report(error, words)
        told = f"; the report is in {where}" if where else ""
        _tell(f"an internal error stopped this ({type(error).__name__}){told}")
        return 2
