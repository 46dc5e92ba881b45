"""Engine and twin say the same of every tape in tapes/: test_tapes.py WEIR"""

import glob
import json
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))


def said(weir, tape, machine):
    done = subprocess.run([weir, 'replay', tape, '--venue', tape[:-len('jsonl')] + 'yaml',
                           *machine], text=True, capture_output=True, timeout=300, check=True)
    events = [json.loads(line) for line in done.stdout.splitlines()]
    for event in events:
        event.pop('detail', None)  # a sentence of the engine's own
    return events


def main():
    tapes = sorted(glob.glob(os.path.join(HERE, 'tapes', '*.jsonl')))
    differ = [t for t in tapes
              if said(sys.argv[1], t, []) != said(sys.argv[1], t, ['--reference'])]
    print(f'{len(tapes)} tapes, different: {", ".join(map(os.path.basename, differ)) or "none"}')
    return 1 if differ or not tapes else 0


if __name__ == '__main__':
    sys.exit(main())
