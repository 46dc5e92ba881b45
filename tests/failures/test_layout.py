"""Equal scores served in an order that depends on memory layout: test_layout.py WEIR

Here ties go by account order (R19, R28), auctions by arrival, shares by R5. Eight longs and eight
shorts that are equal in everything come to the same state by different histories: opened in other
orders, in pieces, with orders and positions of others made and undone in between, so that pools,
lists and hash tables are filled otherwise. Before the fall the state hash is the same, and what the
fall does is the same event by event. HASH is that of all of it, so that builds with other
compilers and allocators agree as well. In builds without link-time optimisation it is looked at
that the test notices when ties go by place in memory."""

import hashlib
import json
import os
import random
import subprocess
import sys
import tempfile

import without

HERE = os.path.dirname(os.path.abspath(__file__))
VENUE = os.path.join(os.path.dirname(HERE), 'engine', 'scripts', 'venue.yaml')
EACH = 8
HISTORIES = 6
HASH = '6e2867fc9bfc68c8'
VENUES = {
    'ranked': ['liquidation.steps_per_command=5'],
    'pro rata': ['adl={ranking: pro_rata}'],
    'by equity': ['adl={ranking: equity_pro_rata}'],
    'by size': ['adl={ranking: size}'],
    'water': ['adl={ranking: water_filling}'],
    'in turn': ['adl={ranking: rotation, seed: 3}'],
    'overlap': ['adl={eligible: any_overlap}', 'liquidation.order=largest_first'],
    'backstop': ['liquidation.order=fifo', 'liquidation.fills_per_step=3'],
    'auction': ['auction={format: uniform, interval: 2s}', 'liquidation.takeover_at=0.9'],
    'budget': ['liquidation.market_budget={notional: 3000, quantum: 1000}',
               'liquidation.empty_slices=9'],
}
# (what goes by place then, change)
PLACES = [('rank', ('adl/rank.c', 'a->score > b->score : a->order < b->order;',
                    'a->score > b->score : a->leg < b->leg;')),
          ('shares', ('liquidation/adl_parts.c', 'if (!sorted) ', 'if (false) '))]


def command(word, **keys):
    return json.dumps({'cmd': word, **keys})


def begin():
    """Accounts in the one order that counts, and money."""
    lines = [command('index', market='AAA', price='1000', t=10**9)]
    for side in 'ls':
        lines += [command('account', account=f'{side}{i}') for i in range(EACH)]
    lines += [command('account', account=f'n{i}') for i in range(4)]
    lines += [command('deposit', account=f'l{i}', amount='1000') for i in range(EACH)]
    lines += [command('deposit', account=f's{i}', amount='1000') for i in range(EACH)]
    lines += [command('deposit', account=f'n{i}', amount='100000') for i in range(4)]
    lines += [command('backstop', account=f'n{i}', market='AAA', notional='4000', loss_limit='900')
              for i in range(4)]
    return lines


def block(buyer, seller, qty):
    return command('block_trade', market='AAA', buyer=buyer, seller=seller, qty=str(qty),
                   price='1000')


def history(draw):
    """Long and short 10 each, by some way of 160 commands."""
    pairs = list(zip(draw.sample(range(EACH), EACH), draw.sample(range(EACH), EACH)))
    open_left = [[f'l{a}', f's{b}', 10] for a, b in pairs]
    lines, undo = [], []
    while open_left or undo:
        what = draw.randrange(4)
        if what == 0 and len(lines) + len(undo) + 12 * len(open_left) < 140:
            name = f'x{len(lines)}'
            account = draw.choice([f'n{i}' for i in range(4)] + [f's{i}' for i in range(EACH)])
            lines.append(command('order', account=account, market='AAA', id=name, side='buy',
                                 type='limit', qty='1', price=str(draw.randrange(900, 950))))
            undo.append(command('cancel', account=account, id=name))
        elif what == 1 and len(lines) + len(undo) + 12 * len(open_left) < 140:
            a, b = draw.sample(range(4), 2)
            lines.append(block(f'n{a}', f'n{b}', 1))
            undo.append(block(f'n{b}', f'n{a}', 1))
        elif what == 2 and undo:
            lines.append(undo.pop(draw.randrange(len(undo))))
        elif open_left:
            pair = draw.choice(open_left)
            lots = draw.randrange(1, pair[2] + 1)
            lines.append(block(pair[0], pair[1], lots))
            pair[2] -= lots
            open_left = [p for p in open_left if p[2]]
    assert len(lines) <= 160
    return lines + [command('cancel_all', account='n0')] * (160 - len(lines))


def fall():
    lines = [command('query', what='totals')]
    lines += [command('index', market='AAA', price='1005')]
    lines += [command('query', what='adl', market='AAA', side='sell')]
    lines += [command('order', account='n3', market='AAA', id='bid', side='buy', type='limit',
                      qty='9', price='905')]
    lines += [command('index', market='AAA', price='905', t=2 * 10**9)]
    lines += [command('bid', account=f'n{i % 4}', auction=1, id=f'b{i}', qty='5', price='903')
              for i in range(8)]
    lines += [command('clock', t=(2 + i) * 10**9) for i in range(1, 20)]
    return lines + [command('query', what='adl', market='AAA', side='sell'),
                    command('query', what='totals')]


def replay(weir, settings, lines, machine=()):
    """Everything answered from the fall on."""
    done = subprocess.run([weir, 'replay', '-', '--venue', VENUE, *machine,
                           *[w for s in settings for w in ('--set', s)]],
                          input='\n'.join(lines) + '\n', text=True, capture_output=True,
                          timeout=120, check=False)
    if done.returncode != 0:
        raise RuntimeError(done.stderr)
    first = len(begin()) + 160
    kept = []
    for line in done.stdout.splitlines():
        event = json.loads(line)
        if event['seq'] > first:
            event.pop('detail', None)  # a sentence of the engine's own
            kept.append(json.dumps(event))
        elif event['event'] == 'rejected':
            raise RuntimeError(line)
    return '\n'.join(kept)


def differences(weir, twin=True):
    """Names of venues in which histories differ, and the hash of all that was said."""
    differ, text = [], ''
    for name, settings in VENUES.items():
        said = set()
        for seed in range(HISTORIES):
            lines = begin() + history(random.Random(seed)) + fall()
            said.add(replay(weir, settings, lines))
            if twin and seed == 0:
                said.add(replay(weir, settings, lines, ['--reference']))
        if len(said) > 1:
            differ.append(name)
        text += name + '\n' + min(said) + '\n'
    return differ, text


def main():
    differ, text = differences(sys.argv[1])
    print(f'{len(VENUES)} venues, {HISTORIES} histories each: ' +
          ('the same' if not differ else 'different in ' + ', '.join(differ)))
    found = hashlib.sha256(text.encode()).hexdigest()[:16]
    if found != HASH:
        print(f'hash {found}, not {HASH}')
    for kind in ('"adl"', '"backstop"', '"auction"', '"liquidation"'):
        assert f'"kind": {kind}' in text, kind
    wrong = bool(differ) or found != HASH
    try:
        build = without.Build(os.path.dirname(sys.argv[1]))
    except without.NotPossible:
        return 1 if wrong else 0
    with tempfile.TemporaryDirectory(prefix='weir-without-') as folder:
        for name, change in PLACES:
            changed = build.link('changed', ['tests/mutation/replay.c'], [change], folder)
            missed = not differences(changed, twin=False)[0]
            wrong |= missed
            print(f'ties of {name} by place in memory: ' + ('not noticed' if missed else 'noticed'))
    return 1 if wrong else 0


if __name__ == '__main__':
    sys.exit(main())
