"""Adds up what `meson test` logged: count.py FOLDER... (build folders)

Prints a line a folder, the tests that failed or were skipped, and `N passed, N failed` at the end.
Every case of a Criterion program counts, a script counts as one. Exits 1 if anything failed, if a
folder has no log, or if nothing ran."""

import glob
import json
import os
import sys
import xml.etree.ElementTree as xml

GOOD = ('OK', 'EXPECTEDFAIL')
SKIPPED = ('SKIP', 'IGNORED')


def cases(folder):
    """Cases of each test as meson's JUnit log has them: {test name: (passed, failed, skipped)}."""
    found = {}
    # A wrapped run has the wrapper's name in that of its logs.
    paths = glob.glob(os.path.join(folder, 'meson-logs', 'testlog*.junit.xml'))
    suites = [suite for path in paths for suite in xml.parse(path).getroot().iter('testsuite')]
    for suite in suites:
        failed = skipped = total = 0
        for case in suite.iter('testcase'):
            total += 1
            failed += case.find('failure') is not None or case.find('error') is not None
            skipped += case.find('skipped') is not None
        name = suite.get('name', '').split(' / ')[-1]
        found[name] = (total - failed - skipped, failed, skipped)
    return found


def count(folder):
    """(passed, failed, lines about what did not pass) of one build folder."""
    paths = glob.glob(os.path.join(folder, 'meson-logs', 'testlog*.json'))
    if not paths:
        return 0, 1, [f'{folder}: no test ran (see above)']
    by_name = cases(folder)
    passed = failed = 0
    lines = []
    tests = []
    for path in paths:
        with open(path, encoding='utf-8') as file:
            tests += [json.loads(line) for line in file if line.strip()]
    for test in tests:
        # "project:suite / name": what follows the slash names the program.
        name = test['name'].split(' / ')[-1]
        outcome = test['result']
        good, bad, skipped = by_name.get(name, (0, 0, 0))
        if outcome in SKIPPED:
            lines.append(f'{folder}: skipped: {test["name"]}')
        elif outcome in GOOD:
            passed += max(good, 1)
            failed += bad
        else:
            passed += good
            failed += max(bad, 1)
            lines.append(f'{folder}: {outcome.lower()}: {test["name"]}')
    if passed + failed == 0:
        return 0, 1, [f'{folder}: no test ran']
    return passed, failed, lines


def agreement(folders):
    """(passed, failed) of what tests/agree.py left beside the logs of the first folder."""
    path = os.path.join(folders[0], 'meson-logs', 'agree.txt')
    if len(folders) < 2 or not os.path.exists(path):
        return 0, 0
    with open(path, encoding='utf-8') as file:
        good = file.read().startswith('equal')
    return int(good), int(not good)


def main(folders):
    passed, failed = agreement(folders)
    for folder in folders:
        good, bad, lines = count(folder)
        passed += good
        failed += bad
        for line in lines:
            print(line)
        print(f'{folder}: {good} of {good + bad} passed')
    print(f'{passed} passed, {failed} failed')
    return 0 if failed == 0 and passed > 0 else 1


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
