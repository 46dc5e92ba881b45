"""The program really runs on jemalloc: allocator.py PROGRAM

A linker drops a library that nothing refers to; the allocator would then be the system's unseen."""

import os
import subprocess
import sys

run = subprocess.run([sys.argv[1], '--version'], env={**os.environ, 'MALLOC_CONF':
                     'stats_print:true'}, capture_output=True, text=True, timeout=60)
if 'jemalloc statistics' not in run.stderr:
    print(f'no statistics of jemalloc after {sys.argv[1]} --version:\n{run.stdout}{run.stderr}')
    sys.exit(1)
