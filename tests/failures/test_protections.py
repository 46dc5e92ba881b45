"""A script of a failure fails when the protection it names is taken out: test_protections.py WEIR

A script says so in comments, one change each: `# without PATH: TEXT => REPLACEMENT`."""

import glob
import os
import re
import sys
import tempfile

import without

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), 'engine'))
import run_scripts  # noqa: E402

LINE = re.compile(r'# without ([\w/.]+): (.+) => (.*)')
REPLAY = ['tests/mutation/replay.c']


def changes_of(path):
    with open(path, encoding='utf-8') as file:
        for line in file:
            match = LINE.fullmatch(line.rstrip('\n'))
            if match:
                yield tuple(part.replace('\\n', '\n') for part in match.groups())


def passes(program, script):
    try:
        run_scripts.run(program, script, [], seconds=60)
    except (run_scripts.Wrong, ValueError, KeyError):
        return False
    return True


def main():
    try:
        build = without.Build(os.path.dirname(sys.argv[1]))
    except without.NotPossible as reason:
        print(reason)
        return 77
    wrong = tried = 0
    with tempfile.TemporaryDirectory(prefix='weir-without-') as folder:
        whole = build.link('replay', REPLAY, [], folder)
        for script in sorted(glob.glob(os.path.join(HERE, '*.script'))):
            name = os.path.basename(script)
            changes = list(changes_of(script))
            if not changes or not passes(whole, script):
                wrong += 1
                print(f'{name}: names no protection, or fails as it is')
            for change in changes:
                tried += 1
                if passes(build.link('changed', REPLAY, [change], folder), script):
                    wrong += 1
                    print(f'{name}: passes without {change[0]}: {change[1]}')
    print(f'{tried} protections taken out, {wrong} not missed')
    return 1 if wrong else 0


if __name__ == '__main__':
    sys.exit(main())
