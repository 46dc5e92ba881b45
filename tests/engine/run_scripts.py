"""Runs scripts of commands and expected events: run_scripts.py WEIR [SCRIPT...]

A script is a text file in scripts/, one rule or situation each. Lines:

    # what the script shows
    set KEY=VALUE        changes the venue, as --set does (scripts/venue.yaml is the base)
    > WORD key=value...  a command; or a line of JSON, sent as it is
    < WORD key=value...  an event that the command must give; or partial JSON
    < ...                any events here, none included

Expected events name the keys that matter. The events of a command that has `<` lines must be
exactly these, in order; `accepted` and `mark` need not be named where no line of that command
names that kind. A command without `<` lines must not be rejected; its events are not looked at.
Values: numbers compare as numbers (5 is 5.00), `t` and `closes_at` may be durations (5s, 250ms),
true, false and null are JSON's, positions.0.qty looks into lists and maps. Every script runs
through the engine and through the twin."""

import json
import os
import re
import subprocess
import sys
from decimal import Decimal

HERE = os.path.dirname(os.path.abspath(__file__))
NANOSECONDS = {'ns': 1, 'us': 10**3, 'ms': 10**6, 's': 10**9, 'm': 60 * 10**9, 'h': 3600 * 10**9}
SILENT = ('accepted', 'mark')


class Wrong(Exception):
    """A script that does not read, or an event that is not as expected."""


def value(key, text):
    """The JSON value that a word of a script means."""
    if text in ('true', 'false', 'null'):
        return json.loads(text)
    key = key.split('.')[-1]
    duration = re.fullmatch(r'(-?[0-9]+)(ns|us|ms|s|m|h)', text)
    if key in ('t', 'closes_at') and duration:
        return int(duration.group(1)) * NANOSECONDS[duration.group(2)]
    if key in ('t', 'closes_at', 'auction', 'liquidation') and re.fullmatch('-?[0-9]+', text):
        return int(text)
    return text


def words(text, kind):
    """`order id=1 qty=5` as a dictionary."""
    parts = text.split()
    made = {kind: parts[0]}
    for part in parts[1:]:
        key, equals, rest = part.partition('=')
        if not equals:
            raise Wrong(f'`{part}` has no `=`')
        made[key] = value(key, rest)
    return made


def parse(path):
    """(settings, [(line number, command text, expected or None)])."""
    settings, steps = [], []
    with open(path, encoding='utf-8') as file:
        for number, line in enumerate(file, 1):
            line = line.strip()
            try:
                if not line or line.startswith('#'):
                    continue
                if line.startswith('set '):
                    settings += ['--set', line[4:].strip()]
                elif line.startswith('>'):
                    text = line[1:].strip()
                    if not text.startswith('{'):
                        text = json.dumps(words(text, 'cmd'))
                    steps.append((number, text, []))
                elif line.startswith('<') and steps:
                    text = line[1:].strip()
                    if text == '...':
                        steps[-1][2].append((number, None))
                    elif text.startswith('{'):
                        steps[-1][2].append((number, json.loads(text)))
                    else:
                        steps[-1][2].append((number, words(text, 'event')))
                else:
                    raise Wrong('expected a line with #, set, > or <')
            except (Wrong, ValueError) as error:
                raise Wrong(f'{path}:{number}: {error}') from error
    if not steps:
        raise Wrong(f'{path}:1: a script without commands shows nothing')
    return settings, steps


def look(event, path):
    """event['positions'][0]['qty'] for `positions.0.qty`."""
    at = event
    for part in path.split('.') if path not in event else [path]:
        if isinstance(at, list) and part.isdigit() and int(part) < len(at):
            at = at[int(part)]
        elif isinstance(at, dict) and part in at:
            at = at[part]
        else:
            return KeyError
    return at


def same(expected, actual):
    if isinstance(expected, dict):
        return isinstance(actual, dict) and all(same(e, look(actual, k))
                                                for k, e in expected.items())
    if isinstance(expected, list):
        return (isinstance(actual, list) and len(actual) == len(expected)
                and all(map(same, expected, actual)))
    if expected is None or isinstance(expected, bool):
        return expected is actual
    number = r'-?[0-9]+(\.[0-9]+)?'
    if re.fullmatch(number, str(expected)) and re.fullmatch(number, str(actual)):
        return Decimal(str(expected)) == Decimal(str(actual))
    return expected == actual


def match(expected, events):
    """Do the events follow the pattern? `...` (None) stands for any number of events."""
    if not expected:
        return not events
    if expected[0][1] is None:
        return any(match(expected[1:], events[i:]) for i in range(len(events) + 1))
    return bool(events) and same(expected[0][1], events[0]) and match(expected[1:], events[1:])


def first_wrong(expected, events):
    """Line of the first expectation that fails, for the message."""
    for i, (number, event) in enumerate(expected):
        if event is None or i >= len(events) or not same(event, events[i]):
            return number
    return expected[-1][0] if expected else 0


def check_step(path, step, events):
    number, text, expected = step
    shown = ''.join(f'\n    < {json.dumps(e)}' for e in events)
    if not expected:
        if any(e['event'] == 'rejected' for e in events):
            raise Wrong(f'{path}:{number}: {text}\n  was refused:{shown}')
        return
    named = {e['event'] for _, e in expected if e is not None and 'event' in e}
    kept = [e for e in events if e['event'] not in SILENT or e['event'] in named]
    if not match(expected, kept):
        raise Wrong(f'{path}:{first_wrong(expected, kept)}: {text}\n  gave:{shown}')


def run(weir, path, machine, seconds=60):
    """Runs one script; raises Wrong. `machine` is a list of further options of replay."""
    settings, steps = parse(path)
    command = [weir, 'replay', '-', '--venue', os.path.join(HERE, 'scripts', 'venue.yaml'),
               *settings, *machine]
    done = subprocess.run(command, input=''.join(s[1] + '\n' for s in steps), text=True,
                          capture_output=True, timeout=seconds, check=False)
    if done.returncode != 0:
        raise Wrong(f'{path}:1: replay ended with status {done.returncode}: {done.stderr.strip()}')
    answers = {}
    for line in done.stdout.splitlines():
        event = json.loads(line)
        answers.setdefault(event['seq'], []).append(event)
    for seq, step in enumerate(steps, 1):
        check_step(path, step, answers.get(seq, []))


def main():
    weir = sys.argv[1]
    scripts = sys.argv[2:]
    if not scripts:
        folder = os.path.join(HERE, 'scripts')
        scripts = [os.path.join(folder, n) for n in sorted(os.listdir(folder))
                   if n.endswith('.script')]
    failed = 0
    for path in scripts:
        for name, machine in (('engine', []), ('twin', ['--reference'])):
            try:
                run(weir, path, machine)
            except (Wrong, subprocess.TimeoutExpired) as error:
                failed += 1
                print(f'{name}: {error}')
    print(f'{len(scripts)} scripts, {failed} failures')
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
