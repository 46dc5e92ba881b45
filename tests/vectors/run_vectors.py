"""Numbers that venues and public projects publish about their own liquidation arithmetic, run
through the program from outside: run_vectors.py WEIR [ID...]

A case is a venue with the options that its convention asks for, commands that bring accounts into
its state, and queries and events compared with what is published. Cases that weir's rules do not
express stand in left_out.py, each with its reason; one that needs an option that is not built
counts as left out while the program refuses that option by name. The files lie beside the project,
in ../shared/vectors; without them there is nothing to run (status 77). With IDs: those cases only,
with venue and commands of each that fails."""

import json
import os
import sys
from fractions import Fraction as F

sys.dont_write_bytecode = True
import dydx
import exchanges
import profiles
import protocols
from left_out import LEFT_OUT, NOT_BUILT
from scene import Mismatch, NotBuilt, Scene

FOLDER = os.path.join('..', 'shared', 'vectors')
FILES = {'dydx_v4': dydx.KINDS, 'exchange_docs': exchanges.KINDS,
         'freqtrade_exchange_liq': exchanges.KINDS, **protocols.KINDS}


# Parts of `expected` that are not compared, by key: what is said twice (a price in two units),
# rough figures beside exact ones, remarks, how closely a project compares, and totals of a market
# that has other accounts here.
NOT_COMPARED = {'docs_price', 'docs_backstop', 'stop_when', 'liq_fee_max', 'error', 'ok',
                'fillable_price_quote_quantums_per_base_quantum', 'open_interest', 'tolerance'}


def run_case(kinds, case):
    """('pass' | 'left out' | 'FAIL', why)."""
    name = case['id']
    if name in LEFT_OUT:
        return 'left out', LEFT_OUT[name]
    try:
        if case['kind'] in kinds:
            kinds[case['kind']](case['inputs'], case['expected'])
        else:
            return 'FAIL', f'there is no test of the kind {case["kind"]}'
    except NotBuilt as refusal:
        if name in NOT_BUILT:
            return 'left out', f'{NOT_BUILT[name]} is not built'
        return 'FAIL', f'refused: {refusal}'
    except (Mismatch, ValueError) as wrong:
        return 'FAIL', str(wrong)
    return 'pass', ''


def changed(value):
    """Copies of an expectation with one part changed each, and what was changed."""
    if isinstance(value, dict):
        for key, part in value.items():
            if key not in NOT_COMPARED:
                for where, other in changed(part):
                    yield f'{key}.{where}', {**value, key: other}
    elif isinstance(value, list):
        for i, part in enumerate(value):
            for where, other in changed(part):
                yield f'{i}.{where}', value[:i] + [other] + value[i + 1:]
    elif isinstance(value, bool):
        yield '', not value
    elif isinstance(value, (int, float)):
        yield '', value + type(value)(1) if abs(value) < 1000 else value + abs(value) // 100
    elif isinstance(value, str):
        yield '', str(F(value) + 1) if value.lstrip('-').replace('.', '').isdigit() else value + '?'


def vacuous(kinds, case):
    """A part of the expectation that may change without the test's noticing; None: no part."""
    for where, expected in changed(case['expected']):
        if run_case(kinds, {**case, 'expected': expected})[0] == 'pass':
            return where.rstrip('.')
    return None


def main():
    if not os.path.isdir(FOLDER):
        print(f'skipped: the published vectors are not at {FOLDER}')
        return 77
    Scene.program = os.path.abspath(sys.argv[1])
    asked, failed, known = sys.argv[2:], 0, set()
    for file in sorted(os.listdir(FOLDER)):
        stem, ending = os.path.splitext(file)
        if ending != '.jsonl':
            continue
        if stem not in FILES:
            print(f'{file}: no test reads this file')
            failed += 1
            continue
        beyond = {}
        count = {'pass': 0, 'left out': 0, 'FAIL': 0}
        with open(os.path.join(FOLDER, file), encoding='utf-8') as lines:
            cases = [json.loads(line) for line in lines if line.strip()]
        for case in cases:
            known.add(case['id'])
            if asked and case['id'] not in asked:
                continue
            Scene.profile, Scene.beyond = profiles.profile_of(stem, case), set()
            result, why = run_case(FILES[stem], case)
            beyond.setdefault(case['kind'], set()).update(Scene.beyond)
            unseen = vacuous(FILES[stem], case) if result == 'pass' else None
            if unseen:
                result, why = 'FAIL', f'{unseen} of the expectation is not compared'
            count[result] += 1
            if result != 'pass':
                print(f'  {result:8}  {case["id"]}: {why}')
            if result == 'FAIL' and asked and Scene.last:
                print(Scene.last.replay())
        print(beyond)
        expressed = count['pass'] + count['FAIL']
        failed += count['FAIL']
        print(f'{file}: {count["pass"]} of {expressed} expressible cases pass, '
              f'{count["left out"]} of {len(cases)} left out')
    for name in sorted((set(LEFT_OUT) | set(NOT_BUILT)) - known):
        print(f'{name}: left out, but there is no such case')
        failed += 1
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
