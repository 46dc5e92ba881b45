"""Golden runs: the same program, file and seed give the same state and the same bytes of events
under every compiler and build type (R35). A change that means to alter them says so in
CHANGELOG.md under Determinism and prints the new lines with --print."""

import hashlib
import subprocess
import sys
import tempfile
from pathlib import Path

SMALL = ['accounts=3000', 'position_cap=0.2', 'length=15h', 'sample_interval=600s']

# name: (settings beside SMALL, state hash, SHA-256 of the events as JSON Lines)
GOLDEN = {
    'calm-books': ([], '@0', '@0'),
    'thin-books': (['depth=0.02', 'shock.size=2', 'bidders.accounts=0'], '@1', '@1'),
    'gap': (['shock.waves.fall.over=0s', 'shock.size=3', 'fund=1000000'], '@2', '@2'),
}


def measure(program, settings):
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / 'run'
        command = [program, 'run', 'scenarios/hour-601m.yaml', '--seed', '3', '--quiet',
                   '--out', str(out)]
        for setting in SMALL + settings:
            command += ['--set', setting]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        replay = subprocess.Popen(
            [program, 'replay', str(out / 'commands.weir'), '--venue', str(out / 'venue.yaml')],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        digest = hashlib.sha256()
        for block in iter(lambda: replay.stdout.read(1 << 20), b''):
            digest.update(block)
        summary = replay.stderr.read().decode()
        if replay.wait() != 0:
            raise SystemExit(f'replay failed: {summary}')
        return summary.split('state_hash')[1].split()[0].strip(), digest.hexdigest()


def main():
    program, printing = sys.argv[1], '--print' in sys.argv
    wrong = 0
    for name, (settings, state, events) in GOLDEN.items():
        got = measure(program, settings)
        if printing:
            print(name, *got)
        elif got != (state, events):
            wrong += 1
            print(f'{name}: state {got[0]} (golden {state}), events {got[1]} (golden {events})')
        else:
            print(f'{name}: state {state} and every event as recorded')
    return 1 if wrong else 0


if __name__ == '__main__':
    sys.exit(main())
