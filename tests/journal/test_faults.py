"""The simulator finds every planted fault: test_faults.py PROGRAM

Beside the program stand, in tests/journal of the build folder, one simulator a fault of plant.py;
each must fail within its number of runs and name the command that repeats the failure."""

import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True
sys.path.insert(0, HERE)
import plant  # noqa: E402


def main(program):
    folder = os.path.join(os.path.dirname(program), 'tests', 'journal')
    missed = []
    for name, (_, _, _, runs) in plant.FAULTS.items():
        simulator = os.path.join(folder, 'weir_journal_sim_' + name)
        run = subprocess.run([simulator, '--seed', '1', '--count', str(runs)],
                             capture_output=True, text=True, timeout=300)
        said = run.stdout + run.stderr
        print(f'{name}: {said.split(chr(10))[0]}')
        if run.returncode == 0 or '--seed' not in said:
            missed.append(name)
    for name in missed:
        print(f'{name}: not found within {plant.FAULTS[name][3]} runs')
    return 1 if missed else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1]))
