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
    'calm-books': ([], 'd8b4398e36f33408',
             '28d1e9ead67aee75788c3f6f3eaf07531e8148142b7cc7a4817be03e5cc0bea2'),
    'thin-books': (['depth=0.02', 'shock.size=2', 'bidders.accounts=0'], 'c01c10b5ec03d344',
             'b484caad5c73e59ecdb4651d9b5521e1808c73a724351d42849c36fc2ed75747'),
    'gap': (['shock.waves.fall.over=0s', 'shock.size=3', 'fund=1000000'], 'a8bf2b62f6f6216e',
             '512f9ff042ee241c9a0645de795f535739d4d75b9464a7257444a107a9c6ff62'),
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
