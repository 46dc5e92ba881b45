"""A liquidation of the burst stays below a bound of instructions: instructions.py PROGRAM

Counted by callgrind, so that the number does not depend on what else the machine does. All commands
of the burst are in it, ordinary orders too, and the writing of events. A change that costs a tenth
is to be seen here; one that saves as much may lower the bound."""

import re
import subprocess
import sys

BOUND = 42000  # gcc at -O2: 32,700; a release with link-time optimisation: 30,500
PROFILE = 'bench/profile.py'
SKIPPED = 77


def main(program):
    run = subprocess.run([sys.executable, '-B', PROFILE, '--instructions', program, '--accounts',
                          '1000', '--ticks', '64'], capture_output=True, text=True)
    if run.returncode == SKIPPED:
        print(f'SKIPPED: {run.stderr}')
        return SKIPPED
    found = re.search(r'^(\d+) liquidations, (\d+) instructions each', run.stdout, re.M)
    if run.returncode != 0 or not found:
        print(f'{run.stdout}{run.stderr}')
        return 1
    liquidations, each = int(found.group(1)), int(found.group(2))
    print(f'{each} instructions a liquidation, at most {BOUND}')
    # Hardly anything counted would be the wrong part of the program.
    return 0 if liquidations >= 1000 and 2000 < each <= BOUND else 1


if __name__ == '__main__':
    sys.exit(main(sys.argv[1]))
