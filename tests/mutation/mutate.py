"""Mutation testing of the state machine: mutate.py [--count N] [--seed N] [--time-limit SECONDS]

Changes one place at a time (mutants.py says how), builds, runs the scripts of tests/engine and
random streams through engine and twin, and records whether something failed. Prints a report as
Markdown on standard output, progress on standard error. A mutant that compiles to the same code is
none. Exit status 0 when the share of mutants found is at least --least, else 1."""

import argparse
import collections
import concurrent.futures
import os
import random
import subprocess
import sys
import tempfile
import time

import mutants

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(ROOT, 'tests', 'engine'))
import run_scripts  # noqa: E402

STATE = ('ledger margin matching policy auction insurance adl liquidation engine price '
         'orderbook').split()
# Read by flow and reports alone, beside the state machine.
BESIDE = ('engine/views.c',)
COMMON = 'base market protocol wire reference'.split()
FLAGS = ('-std=gnu17 -O1 -w -D_GNU_SOURCE -DWEIR_HEAVY_CHECKS=1 -DWEIR_VERSION="0" '
         '-fno-strict-aliasing').split()
LIBRARIES = '-lyaml -lxxhash -lgmp -ljansson -lm'.split()
# The streams' program runs both machines; replay.c, for the scripts, is beside this file.
DIFFERENTIAL = ['stream.c', 'stream_market.c', 'stream_model.c', 'stream_order.c',
                'stream_small.c', 'stream_text.c', 'stream_venue.c', 'trial.c', 'shrink.c',
                'long.c', 'differential.c']


def sources(room, names=None):
    folder = os.path.join(ROOT, room)
    if not os.path.isdir(folder):
        return []
    return [os.path.join(room, n) for n in sorted(os.listdir(folder))
            if n.endswith('.c') and (names is None or n in names)]


class Build:
    """Objects of everything once; a mutant replaces one."""

    def __init__(self, folder, compiler):
        self.folder, self.compiler = folder, compiler
        self.machine = [s for room in COMMON + STATE for s in sources(room)]
        self.streams = sources('tests/random', DIFFERENTIAL)
        self.replay = [os.path.join('tests', 'mutation', 'replay.c')]

    def object(self, source):
        return os.path.join(self.folder, source.replace(os.sep, '_')[:-2] + '.o')

    def compile(self, source, text=None, output=None):
        """None, or the compiler's complaint. `text` instead of the file's."""
        command = [self.compiler, *FLAGS, '-I', ROOT, '-I', os.path.join(ROOT, 'tests/random'),
                   '-iquote', os.path.join(ROOT, os.path.dirname(source)),
                   '-c', '-o', output or self.object(source), '-x', 'c', '-']
        if text is None:
            with open(os.path.join(ROOT, source), encoding='utf-8') as file:
                text = file.read()
        done = subprocess.run(command, input=text, text=True, capture_output=True, check=False)
        return None if done.returncode == 0 else done.stderr

    def link(self, program, own, replaced=None, by=None):
        objects = [by if s == replaced else self.object(s) for s in self.machine + own]
        path = os.path.join(self.folder, program)
        done = subprocess.run([self.compiler, '-o', path, *objects, *LIBRARIES], text=True,
                              capture_output=True, check=False)
        if done.returncode != 0:
            raise RuntimeError(done.stderr)
        return path

    def all(self, jobs):
        wanted = self.machine + self.streams + self.replay
        with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
            for source, wrong in zip(wanted, pool.map(self.compile, wanted)):
                if wrong:
                    raise RuntimeError(f'{source}: {wrong}')


def try_scripts(weir):
    """Name of the first script that fails, or None."""
    folder = os.path.join(ROOT, 'tests', 'engine', 'scripts')
    for name in sorted(os.listdir(folder)):
        if not name.endswith('.script'):
            continue
        try:
            run_scripts.run(weir, os.path.join(folder, name), [], seconds=5)
        except (run_scripts.Wrong, subprocess.TimeoutExpired, ValueError, KeyError):
            return name
    return None


def try_streams(program, first, count, commands, limit):
    """Does a stream fail? `limit` seconds for all; an end of time is no failure but of a hang."""
    command = [program, '--seed', str(first), '--count', str(count), '--commands', str(commands),
               *(['--long'] if first > 1 else []), '--stop-at-first', '--shrink', '0',
               '--digest-every', '20', '--audit-every', '20',
               '--seconds', '10']
    try:
        done = subprocess.run(command, capture_output=True, timeout=limit, check=False)
    except subprocess.TimeoutExpired:
        return False
    return done.returncode != 0


def judge(build, mutant, options):
    """'same', 'unbuildable', 'survived' or what found it."""
    with open(os.path.join(ROOT, mutant.path), encoding='utf-8') as file:
        text = file.read()
    changed = os.path.join(build.folder, 'mutant.o')
    if build.compile(mutant.path, mutants.apply(text, mutant), changed) is not None:
        return 'unbuildable'
    with open(changed, 'rb') as one, open(build.object(mutant.path), 'rb') as other:
        if one.read() == other.read():
            return 'same'
    weir = build.link('mutant-replay', build.replay, mutant.path, changed)
    script = try_scripts(weir)
    if script:
        return 'script ' + script
    program = build.link('mutant-streams', build.streams, mutant.path, changed)
    # A few streams first: most mutants fall there.
    if try_streams(program, 1, 11, options.commands, options.mutant_limit):
        return 'stream'
    if try_streams(program, 12, options.streams, options.commands, options.mutant_limit):
        return 'stream'
    return 'survived'


def equivalents():
    """{(path, operator, line, replacement)} of the mutants that change nothing; see the file."""
    known = set()
    with open(os.path.join(HERE, 'equivalent.txt'), encoding='utf-8') as file:
        for line in file:
            fields = line.rstrip('\n').split(' :: ')
            if len(fields) == 5:
                known.add(tuple(f.strip() for f in fields[:4]))
    return known


def line_of(mutant):
    with open(os.path.join(ROOT, mutant.path), encoding='utf-8') as file:
        return file.read().split('\n')[mutant.line - 1].strip()


def report(results, seconds, options):
    """The report as Markdown; returns the share found."""
    found = [m for m, verdict in results if verdict != 'survived']
    survivors = [m for m, verdict in results if verdict == 'survived']
    share = len(found) / len(results) if results else 0.0
    print(f'{len(results)} mutants (seed {options.seed}), {len(found)} found, '
          f'{100 * share:.1f} %, in {seconds:.0f} s.\n')
    for title, key in (('operator', lambda m: m.operator),
                       ('room', lambda m: m.path.split(os.sep)[0])):
        total = collections.Counter(key(m) for m, _ in results)
        good = collections.Counter(key(m) for m in found)
        print(f'| {title} | mutants | found |\n|---|---:|---:|')
        for name in sorted(total):
            print(f'| {name} | {total[name]} | {good[name]} |')
        print()
    scripts = sum(1 for _, verdict in results if verdict.startswith('script'))
    print(f'Found by a script: {scripts}; by a random stream: {len(found) - scripts}.\n')
    for mutant in survivors:
        print(f'- survived at line {mutant.line}: `{mutant.path} :: {mutant.operator} :: '
              f'{line_of(mutant)} :: {mutant.text.strip()}`')
    return share


def parse_options():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--count', type=int, default=80, help='mutants to judge [80]')
    parser.add_argument('--seed', type=int, default=1, help='which ones [1]')
    parser.add_argument('--jobs', type=int, default=1, help='compilers at a time at first [1]')
    parser.add_argument('--time-limit', type=float, default=900, help='seconds in all [900]')
    parser.add_argument('--mutant-limit', type=float, default=45, help='seconds a search [45]')
    parser.add_argument('--streams', type=int, default=200, help='streams a survivor passes [200]')
    parser.add_argument('--commands', type=int, default=1200, help='commands of a stream [1200]')
    parser.add_argument('--rooms', default=','.join(STATE), help='comma-separated')
    parser.add_argument('--operator', default='', help='only operators that contain this')
    parser.add_argument('--least', type=float, default=0.9, help='share to be found [0.9]')
    parser.add_argument('--cc', default=os.environ.get('CC', 'gcc'))
    parser.add_argument('--list', action='store_true', help='print the mutants, judge none')
    return parser.parse_args()


def main():
    options = parse_options()
    found = [m for m in mutants.of_rooms(ROOT, options.rooms.split(','))
             if options.operator in m.operator and m.path not in BESIDE]
    known = equivalents()
    found = [m for m in found
             if (m.path, m.operator, line_of(m), m.text.strip()) not in known]
    drawn = mutants.draw(found, len(found), random.Random(options.seed))
    if options.list:
        for mutant in drawn[:options.count]:
            print(f'{mutant.path}:{mutant.line}: {mutant.operator}: {line_of(mutant)}')
        print(f'{len(found)} mutants')
        return 0
    start = time.monotonic()
    results = []
    with tempfile.TemporaryDirectory(prefix='weir-mutation-') as folder:
        build = Build(folder, options.cc)
        build.all(options.jobs)
        weir = build.link('replay', build.replay)
        program = build.link('streams', build.streams)
        wrong = try_scripts(weir)
        if wrong or try_streams(program, 1, 11, options.commands, options.mutant_limit):
            print(f'the program as it is fails: {wrong or "a stream"}', file=sys.stderr)
            return 1
        for mutant in drawn:
            if (len(results) >= options.count
                    or time.monotonic() - start > options.time_limit):
                break
            verdict = judge(build, mutant, options)
            print(f'{time.monotonic() - start:6.0f} s  {mutant.path}:{mutant.line}: '
                  f'{mutant.operator}: {verdict}', file=sys.stderr)
            if verdict not in ('same', 'unbuildable'):
                results.append((mutant, verdict))
    share = report(results, time.monotonic() - start, options)
    return 0 if share >= options.least else 1


if __name__ == '__main__':
    sys.exit(main())
