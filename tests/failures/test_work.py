"""Closing work that grows with the square of the victims: test_work.py WEIR

Here it grows with their number: twice the victims, with twice the winners behind, are twice the
steps, events and instructions, whatever the stage (R18, R20, R28). Instructions are those of the
fall alone, counted by callgrind where it is and the build can run in it, so that the number does
not depend on the machine. In builds without link-time optimisation it is looked at that the test
notices a deleveraging that asks every winner for every victim.

`pro_rata` and `any_overlap` look at every winner of the market each step, as their rules say, and
are not meant here."""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

import without

HERE = os.path.dirname(os.path.abspath(__file__))
VENUE = os.path.join(os.path.dirname(HERE), 'engine', 'scripts', 'venue.yaml')
SIZES = (100, 200, 400)
REPLAY = 'tests/mutation/mutation-replay'  # small enough to run in callgrind: 1024 accounts
MOST = 2.3  # times, for twice the victims: twice, and a logarithm
VENUES = {
    'book': [],
    'ranked': [],
    'auction': ['auction={format: uniform, interval: 2s}', 'liquidation.takeover_at=0.9'],
    'budget': ['liquidation.market_budget={notional: 100000, quantum: 1000}',
               'liquidation.empty_slices=9'],
}
SCANS = ('liquidation/adl_stage.c', 'else if (weir_adl_any_overlap(x) ||',
         'else if (d.lq || weir_adl_any_overlap(x) ||')


def tape(venue, victims):
    """(lines before the fall, lines of it): each victim's winner is an account of its own."""
    def line(word, **keys):
        before.append(json.dumps({'cmd': word, **keys}))

    before = []
    line('index', market='AAA', price='1000', t=10**9)
    line('account', account='m')
    line('deposit', account='m', amount='1000000000')
    for i in range(victims):
        for side in 'ls':
            line('account', account=f'{side}{i}')
            line('deposit', account=f'{side}{i}', amount=str(100 + i % 5))
        line('block_trade', market='AAA', buyer=f'l{i}', seller=f's{i}', qty='1', price='1000')
    if venue in ('book', 'budget'):
        line('order', account='m', market='AAA', id='bid', side='buy', type='limit',
             qty=str(victims), price='905')
    fall = [json.dumps({'cmd': 'index', 'market': 'AAA', 'price': '905', 't': 2 * 10**9})]
    if venue == 'auction':
        fall.append(json.dumps({'cmd': 'bid', 'account': 'm', 'auction': 1, 'id': 'x',
                                'qty': str(victims), 'price': '905'}))
    fall += [json.dumps({'cmd': 'clock', 't': 2 * 10**9 + i * 10**8})
             for i in range(1, max(25, victims // 8))]
    return before, fall


def run(program, settings, lines, wrapper=()):
    return subprocess.run([*wrapper, program, 'replay', '-', '--venue', VENUE,
                           *[w for s in settings for w in ('--set', s)]],
                          input='\n'.join(lines) + '\n', text=True, capture_output=True,
                          timeout=600, check=False)


def instructions(program, settings, lines):
    done = run(program, settings, lines,
               ['valgrind', '--tool=callgrind', '--callgrind-out-file=/dev/null'])
    found = re.search(r'Collected : (\d+)', done.stderr)
    if done.returncode != 0 or not found:
        raise RuntimeError(done.stderr[-2000:])
    return int(found.group(1))


def steps(program, settings, lines, victims):
    """Events of the fall: all victims must be closed in it."""
    done = run(program, settings, lines)
    ended = done.stdout.count('"event":"liquidation_ended"')
    if done.returncode != 0 or ended != victims:
        raise RuntimeError(f'{ended} of {victims} victims closed: {done.stderr[-2000:]}')
    return len(done.stdout.splitlines())


def growth(program, venue, count):
    """What the fall costs for each of SIZES, and how it grows at most."""
    cost = []
    for victims in SIZES:
        before, fall = tape(venue, victims)
        if count:
            cost.append(instructions(program, VENUES[venue], before + fall) -
                        instructions(program, VENUES[venue], before))
        else:
            cost.append(steps(program, VENUES[venue], before + fall, victims) - len(before))
    return cost, max(b / a for a, b in zip(cost, cost[1:]))


def main():
    weir = sys.argv[1]
    replay = os.path.join(os.path.dirname(weir), REPLAY)
    wrong = False
    try:
        build = without.Build(os.path.dirname(weir))
        sanitized = any('-fsanitize' in w for w in build.commands['engine/engine.c'])
    except without.NotPossible:
        build, sanitized = None, False
    counted = shutil.which('valgrind') and os.path.exists(replay) and not sanitized
    counts = [False, True] if counted else [False]
    for count in counts:
        for venue in VENUES:
            cost, most = growth(replay if count else weir, venue, count)
            wrong |= most > MOST
            print(f'{venue}: {"instructions" if count else "events"} of {SIZES} victims {cost}, '
                  f'at most {most:.2f} times for twice as many')
    if build is not None and len(counts) == 2:
        with tempfile.TemporaryDirectory(prefix='weir-without-') as folder:
            changed = build.link('changed', ['tests/mutation/replay.c'], [SCANS], folder)
            cost, most = growth(changed, 'ranked', True)
            wrong |= most <= MOST
            print(f'asking every winner for every victim: {cost}, {most:.2f} times')
    return 1 if wrong else 0


if __name__ == '__main__':
    sys.exit(main())
