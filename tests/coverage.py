"""Lines covered, folder by folder, from gcovr's JSON summary: coverage.py SUMMARY.json"""

import collections
import json
import sys

# Rooms that compute what users are owed: a line there that no test runs is a risk.
HELD = 'orderbook ledger margin auction insurance adl engine journal'.split()
GOAL = 95.0


def main(path):
    lines = collections.defaultdict(lambda: [0, 0])
    with open(path, encoding='utf-8') as file:
        for entry in json.load(file)['files']:
            folder = entry['filename'].split('/')[0]
            lines[folder][0] += entry['line_covered']
            lines[folder][1] += entry['line_total']
    if not lines:
        print('no line was measured', file=sys.stderr)
        return 1
    for folder, (covered, total) in sorted(lines.items()):
        percent = 100.0 * covered / total if total else 100.0
        mark = ''
        if folder in HELD:
            mark = f'  {"reaches" if percent >= GOAL else "below"} the goal of {GOAL:.0f} %'
        print(f'{folder:<12} {covered:6d} of {total:6d} lines  {percent:5.1f} %{mark}')
    return 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1]))
