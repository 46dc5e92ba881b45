"""The same scenario gives the same state hash in every build: agree.py FOLDER... (build folders)

And so do the events of a burst (bench/agree.py compares larger ones). Sanitized, heavy, release,
gcc and clang builds of the same engine must not differ in one bit (R35). The
scenario is one that goes through the waterfall down to deleveraging."""

import json
import os
import subprocess
import sys
import tempfile

RUN = ('run scenarios/hour-601m.yaml --seed 3 --quiet --json --set accounts=10000 '
       '--set position_cap=0.05 --set length=15h --set depth=0.02 --set shock.size=2 '
       '--set bidders.accounts=0 --set backstop.accounts=0').split()


BURST = 'bench digest --accounts 3000 --ticks 100 --json'.split()


def burst_of(program):
    """The hashes of a burst's events and of the state it leaves."""
    run = subprocess.run([program, *BURST], text=True, stdout=subprocess.PIPE,
                         stdin=subprocess.DEVNULL, timeout=600)
    if run.returncode != 0:
        return f'status {run.returncode} of {" ".join(BURST)}'
    case = json.loads(run.stdout)['digest'][0]
    return f'{case["event_hash"]}/{case["state_hash"]}'


def main(folders):
    hashes = {}
    for folder in folders:
        program = os.path.join(folder, 'weir')
        if not os.path.exists(program):
            print(f'{program} was not built')
            return 1
        with tempfile.TemporaryDirectory() as out:
            run = subprocess.run([program, *RUN, '--out', os.path.join(out, 'run')], text=True,
                                 capture_output=True, stdin=subprocess.DEVNULL, timeout=600)
        if run.returncode != 0:
            print(f'{program}: status {run.returncode}\n{run.stderr[-2000:]}')
            return 1
        summary = json.loads(run.stdout)
        if summary['conserved'] is not True or summary['adl']['events'] == 0:
            print(f'{program}: conserved {summary["conserved"]}, '
                  f'{summary["adl"]["events"]} deleveragings')
            return 1
        hashes[folder] = f'{summary["state_hash"]}, burst {burst_of(program)}'
        print(f'{folder}: state hash {hashes[folder]}')
        if 'status' in hashes[folder]:
            return 1
    return 0 if len(set(hashes.values())) == 1 else 1


if __name__ == '__main__':
    status = main(sys.argv[1:])
    logs = os.path.join(sys.argv[1], 'meson-logs')
    os.makedirs(logs, exist_ok=True)
    with open(os.path.join(logs, 'agree.txt'), 'w', encoding='utf-8') as verdict:
        verdict.write('equal\n' if status == 0 else 'different\n')
    sys.exit(status)
