"""Certificates: read where the kubeconfig says, checked before they are used, given to OpenSSL without leaving a trace.

Inline certificates reach OpenSSL through an anonymous memory file where the platform has one, else through a private
folder that is gone before the function returns: nothing is left to clean up, not even after a crash.
"""

from __future__ import annotations

import os
import re
import shutil
import ssl
import tempfile
import time
from pathlib import Path
from typing import Any

from pointsman.tui.model.times import rfc3339
from pointsman.tui.paths import private_dir, runtime_dir
from pointsman.tui.sources.errors import ConfigError, TlsError
from pointsman.tui.sources.kubeconfig import Blob
from pointsman.tui.sources.targets import Target

_PEM = re.compile(rb"-----BEGIN [A-Z0-9 ]+-----.+?-----END [A-Z0-9 ]+-----", re.DOTALL)


def read_blob(blob: Blob, what: str) -> bytes:
    if blob.data:
        return blob.data
    try:
        return Path(blob.file).read_bytes()
    except OSError as error:
        reason = (
            "is not there" if isinstance(error, FileNotFoundError) else f"cannot be read: {error.strerror or error}"
        )
        raise ConfigError(f"The {what} {blob.file} named in the kubeconfig {reason}.", "Check the path.") from None


def stamp_of(*blobs: Blob) -> tuple[Any, ...]:
    """Something that changes when one of the files does."""
    stamps: list[Any] = []
    for blob in blobs:
        if blob.file:
            try:
                found = Path(blob.file).stat()
                stamps.append((found.st_mtime_ns, found.st_size, found.st_ino))
            except OSError:
                stamps.append(None)
    return tuple(stamps)


def check_certificate(pem: bytes, whose: str, now: float | None = None) -> None:
    """Raise TlsError if the first certificate has expired or is not valid yet, ConfigError if it cannot be read."""
    from cryptography import x509  # only users with a client certificate pay for this import

    try:
        found = x509.load_pem_x509_certificate(pem)
    except ValueError:
        raise ConfigError(f"The {whose} is not a readable PEM certificate.", "Get a new kubeconfig.") from None
    at = time.time() if now is None else now
    ends = found.not_valid_after_utc.timestamp()
    if at > ends:
        raise TlsError(
            f"The {whose} expired on {rfc3339(ends)}.",
            "Get a new kubeconfig from the control plane (k3s renews its own at restart; kubeadm certs renew admin.conf).",
        )
    if at < found.not_valid_before_utc.timestamp() - 300:
        raise TlsError(
            f"The {whose} is not valid before {rfc3339(found.not_valid_before_utc.timestamp())}.",
            "Check the clock of this machine.",
        )


def _load_pair(context: ssl.SSLContext, certificate: bytes, key: bytes) -> None:
    """Give OpenSSL a certificate chain and key, which it takes only by file name."""
    pem = certificate.rstrip() + b"\n" + key
    if hasattr(os, "memfd_create") and Path("/proc/self/fd").is_dir():
        handle = os.memfd_create("pointsman-client", os.MFD_CLOEXEC)
        try:
            os.write(handle, pem)
            # An empty password makes an encrypted key an error; without it OpenSSL would ask on the terminal.
            context.load_cert_chain(f"/proc/self/fd/{handle}", password="")
        finally:
            os.close(handle)
        return
    folder = Path(tempfile.mkdtemp(prefix="pem-", dir=private_dir(runtime_dir())))  # mkdtemp makes it 0700
    try:
        file = folder / "client.pem"
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            out.write(pem)
        context.load_cert_chain(file, password="")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def make_tls(target: Target, certificate: bytes, key: bytes) -> ssl.SSLContext:
    """A TLS context by Go's rules: a given CA replaces the system's, an intermediate may be the anchor, names only in SANs."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.hostname_checks_common_name = False
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    if target.cluster.insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    elif target.cluster.ca:
        blocks = _PEM.findall(read_blob(target.cluster.ca, "certificate-authority"))
        try:
            context.load_verify_locations(cadata=b"\n".join(blocks).decode("ascii"))
        except (ssl.SSLError, ValueError):
            raise ConfigError(
                f'The certificate-authority of cluster "{target.cluster.name}" is not a PEM certificate.',
                "Copy the kubeconfig again from the cluster.",
            ) from None
    else:
        context.load_default_certs()
    if certificate:
        if b"ENCRYPTED" in key:
            raise ConfigError(
                f'The client key of user "{target.user.name}" is encrypted, and nothing may ask for its password here.',
                "Decrypt it once: openssl pkey -in KEY -out NEW, and name the new file in the kubeconfig.",
            )
        check_certificate(certificate, f'client certificate of user "{target.user.name}"')
        try:
            _load_pair(context, certificate, key)
        except (ssl.SSLError, OSError) as error:
            reason = str(getattr(error, "reason", "") or error).lower().replace("_", " ")
            raise ConfigError(
                f'The client certificate and key of user "{target.user.name}" cannot be used: {reason}.',
                "Do they belong together? Else get a new kubeconfig.",
            ) from None
    return context
