"""The same burst comes to the same events and the same state in every build: agree.py [OPTION of
weir bench digest]... -- PROGRAM PROGRAM..."""

import json
import subprocess
import sys


def result(program, options):
    run = subprocess.run([program, 'bench', 'digest', '--json', *options], text=True,
                         stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
    if run.returncode != 0:
        sys.exit(f'{program} bench digest: status {run.returncode}')
    whole = json.loads(run.stdout)
    case, build = whole['digest'][0], whole['build']
    kind = 'optimised' if build['optimised'] else 'not optimised'
    print(f'{program} ({build["compiler"]}, {kind}): {case["liquidations"]} liquidations, '
          f'{case["events"]} events, hash {case["event_hash"]}, state {case["state_hash"]}')
    if case['checked'] is not True:
        sys.exit(f'{program}: the burst did not end as it must')
    return case['liquidations'], case['events'], case['event_hash'], case['state_hash']


def main():
    at = sys.argv.index('--')
    options, programs = sys.argv[1:at], sys.argv[at + 1:]
    results = {result(program, options) for program in programs}
    if len(results) != 1:
        sys.exit('events or state differ')
    print('equal')


if __name__ == '__main__':
    main()
