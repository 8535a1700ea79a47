"""`snapshot save FILE`: write what the program reads of the cluster to a file.

The file can be opened in place of a cluster: `pointsman --manifests FILE`. It holds no Secret or ConfigMap data, no
values of environment variables, no Helm values; --anonymize also replaces host names, e-mail addresses and public
addresses. A name that ends in .gz is compressed.
"""

from __future__ import annotations

import argparse
import shlex
import sys
from pathlib import Path

from pointsman.tui.options import Options

OUTPUTS = ("text", "json")
INTERMIXED = True


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("what", choices=("save",), metavar="save", help="save: write a snapshot")
    parser.add_argument("file", metavar="FILE", help="the file to write; .gz compresses it")
    parser.add_argument("--anonymize", action="store_true", help="replace host names and public addresses")
    parser.add_argument("--force", action="store_true", help="replace a file that is there")


def run(options: Options, args: argparse.Namespace) -> int:
    from pointsman.tui.verbs.reading import guarded

    return guarded(lambda: _run(options, Path(args.file), args.anonymize, args.force))


def _run(options: Options, path: Path, anonymize: bool, force: bool) -> int:
    import msgspec

    from pointsman.tui.disk.snapshots import is_snapshot
    from pointsman.tui.sources.capture import save
    from pointsman.tui.store.snapshot import Snapshot
    from pointsman.tui.verbs.reading import complain, read

    if str(path) == "-":
        return complain("A snapshot goes to a file, not to standard output.", "Give it a name.")
    if path.exists() and not force and not is_snapshot(path):
        return complain(f"{path} is there and is no snapshot.", "Another name, or --force to replace it.")
    snapshot = read(options)
    if not isinstance(snapshot, Snapshot):
        return snapshot
    try:
        saved = save(snapshot, path, anonymize=anonymize)
    except OSError as error:
        return complain(f"{path} cannot be written: {error.strerror or error}.")
    if options.output == "json":
        doc = {
            "apiVersion": "pointsman/v1",
            "kind": "SnapshotSaved",
            "file": str(path),
            "bytes": saved.bytes,
            "objects": saved.objects,
            "anonymized": anonymize,
            "unread": list(saved.unread),
        }
        sys.stdout.write(msgspec.json.encode(doc).decode() + "\n")
        return 0
    size = f"{saved.bytes / 1024:.0f} KB" if saved.bytes < 1024 * 1024 else f"{saved.bytes / 1024 / 1024:.1f} MB"
    count = f"{saved.objects} object" if saved.objects == 1 else f"{saved.objects} objects"
    sys.stdout.write(f"{count} in {path} ({size}); look at it with: pointsman --manifests {shlex.quote(str(path))}\n")
    if saved.unread:
        sys.stderr.write(f"pointsman: not in it, because it could not be read: {', '.join(saved.unread)}\n")
    return 0
