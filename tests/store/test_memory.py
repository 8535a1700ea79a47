"""What the C library is told: one heap for all threads."""

from __future__ import annotations

import ctypes
import subprocess
import sys
from pathlib import Path

import pytest

HEAPS = """
import ctypes, sys, threading
from pointsman.tui.store import memory
if sys.argv[2] == "one":
    memory.keep_one_heap()
libc = ctypes.CDLL(None)
libc.malloc.restype = libc.fopen.restype = ctypes.c_void_p
together = threading.Barrier(4)
def allocate():
    together.wait(10)
    libc.malloc(ctypes.c_size_t(900))
    together.wait(10)
threads = [threading.Thread(target=allocate) for _ in range(4)]
for thread in threads: thread.start()
for thread in threads: thread.join()
memory.give_back()
file = ctypes.c_void_p(libc.fopen(sys.argv[1].encode(), b"w"))
libc.malloc_info(0, file)
libc.fclose(file)
"""


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "malloc_info"), reason="not glibc")
def test_threads_share_one_heap(tmp_path: Path) -> None:
    def heaps(how: str) -> int:
        file = tmp_path / f"{how}.xml"
        subprocess.run([sys.executable, "-c", HEAPS, str(file), how], check=True, timeout=60)
        return file.read_text().count("<heap nr=")

    assert heaps("one") == 1
    assert heaps("many") > 1
