"""The search of weir_economy finds what is there to be found: test_planted.py WEIR

Protections are taken out one at a time, and within a stated number of plays the search must find
owners who take money at a constant index. In builds without link-time optimisation."""

import os
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))),
                                'failures'))
import without  # noqa: E402

SOURCES = [f'tests/economy/{name}.c' for name in 'scene judge play search weir_economy'.split()]
SOURCES += [f'tests/random/stream{name}.c'
            for name in ' _order _text _venue _market _small _model'.split(' ')]
PLAYS = 40000  # at most, over all venues: 40 of 1,000
PLANTED = {
    'a withdrawal may take the whole balance (R11)': [
        ('engine/accounts.c',
         'return amount <= h.balance - behind && h.discounted - amount >= keep;',
         'return amount <= h.balance - behind;')],
    'what a price is worse than mark does not count (R10, R11)': [
        ('engine/order_check.c', 'w.open.loss += loss;', ';'),
        ('matching/fill.c', 'if (after.discounted >= after.initial) return true;',
         'return true;')],
    'the fund pays gaps of scopes that lack nothing (R31)': [
        ('liquidation/backstop_stage.c', 'share >= 0 || too_far ? 0', 'too_far ? 0')],
    'bids for his own lots, and promises to scopes that lack nothing (R6, R26, R31)': [
        ('engine/bids.c', 'if (r == WEIR_OK && only_own_lots(e, b))', 'if (r != WEIR_OK)'),
        ('auction/pairing.c', 'offer->owner == bid->owner || ', ''),
        ('liquidation/auction_stage.c', 'if (share < 0) {', 'if (true) {'),
        ('liquidation/auction_stage.c', 'if (share >= 0) return price;', ';'),
        ('liquidation/auction_stage.c', 'side), price, lots);\n',
         'side), price, lots);\n        want = weir_wide_max(0, want);\n')],
}


def main():
    try:
        build = without.Build(os.path.dirname(sys.argv[1]))
    except without.NotPossible as reason:
        print(reason)
        return 77
    wrong = 0
    with tempfile.TemporaryDirectory(prefix='weir-planted-') as folder:
        for name, changes in PLANTED.items():
            program = build.link('planted', SOURCES, changes, folder)
            done = subprocess.run([program, '--quiet', '--count', '40', '--runs',
                                   str(PLAYS // 40)], text=True, capture_output=True, timeout=800,
                                  check=False)
            found = re.search(r'(\d+) venues, (\d+) plays, stolen in 1', done.stdout)
            wrong += not found
            print(f'{name}: ' + (f'found after {found.group(2)} plays in {found.group(1)} venues'
                                 if found else f'not found\n{done.stdout}{done.stderr}'))
    return 1 if wrong else 0


if __name__ == '__main__':
    sys.exit(main())
