"""Numbers that venues and public projects publish about their own liquidation arithmetic, run
through the program from outside: run_vectors.py WEIR [ID...]

A case is the profile of its venue (venues/), in which the case sets what it gives (given.py), with
commands that bring accounts into its state, and queries and events compared with what is
published. What weir's rules do not express is left out, with a reason of left_out.py. The files
lie beside the project, in ../shared/vectors; without them there is nothing to run (status 77).
With IDs: those cases only, with venue and commands of each that fails. With --write the tables go
into docs/validation.md; without, the page must have them."""

import json
import os
import sys
from fractions import Fraction as F

sys.dont_write_bytecode = True
import dydx
import exchanges
import page
import profiles
import protocols
from given import GIVEN
from left_out import LEFT_OUT_KINDS
from scene import LeftOut, Mismatch, Scene

FOLDER = os.path.join('..', 'shared', 'vectors')
PAGE = os.path.join('docs', 'validation.md')
LEAST = F(9, 10)  # of the cases that the rules express
FILES = {'dydx_v4': dydx.KINDS, 'exchange_docs': exchanges.KINDS,
         'freqtrade_exchange_liq': exchanges.KINDS, **protocols.KINDS}


# Parts of `expected` that are not compared, by key: what is said twice (a price in two units),
# rough figures beside exact ones, remarks, how closely a project compares, and totals of a market
# that has other accounts here.
NOT_COMPARED = {'docs_price', 'docs_backstop', 'stop_when', 'liq_fee_max', 'error', 'ok',
                'fillable_price_quote_quantums_per_base_quantum', 'open_interest', 'tolerance'}


def run_case(kinds, case):
    """('pass' | 'left out' | 'FAIL', why)."""
    kind = case['kind']
    if kind in LEFT_OUT_KINDS:
        return 'left out', LEFT_OUT_KINDS[kind]
    try:
        if kind not in kinds:
            return 'FAIL', f'there is no test of the kind {kind}'
        kinds[kind](case['inputs'], case['expected'])
    except LeftOut as reason:
        return 'left out', str(reason)
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


def judged(stem, case):
    """run_case under the case's profile, and whether the test could have failed."""
    Scene.profile, Scene.beyond, Scene.twin = profiles.profile_of(stem, case), set(), True
    result, why = run_case(FILES[stem], case)
    Scene.twin = False
    unknown = Scene.beyond - set(GIVEN.get(case['kind'], ()))
    unseen = vacuous(FILES[stem], case) if result == 'pass' else None
    if unseen:
        return 'FAIL', f'{unseen} of the expectation is not compared'
    if result == 'pass' and unknown:
        return 'FAIL', f'the case sets {", ".join(sorted(unknown))}, which given.py does not know'
    return result, why


def read(stem):
    with open(os.path.join(FOLDER, f'{stem}.jsonl'), encoding='utf-8') as lines:
        return [json.loads(line) for line in lines if line.strip()]


def share(passed, expressed):
    return f'{100 * passed / expressed:.0f} %' if expressed else 'none'


def table(results):
    """results: {stem: [(case, result, why)]}."""
    lines = ['| file | cases | left out | expressed | under a profile | pass | share |',
             '|---|---|---|---|---|---|---|']
    sums = [0] * 5
    for stem, rows in results.items():
        told = [(case, result) for case, result, _ in rows if result != 'left out']
        counts = [len(rows), len(rows) - len(told), len(told),
                  sum(profiles.profile_of(stem, case) is not None for case, _ in told),
                  sum(result == 'pass' for _, result in told)]
        sums = [a + b for a, b in zip(sums, counts)]
        lines.append(f'| `{stem}` | ' + ' | '.join(map(str, counts))
                     + f' | {share(counts[4], counts[2])} |')
    lines.append('| together | ' + ' | '.join(map(str, sums)) + f' | {share(sums[4], sums[2])} |')
    return '\n'.join(lines)


def reasons(results):
    """What is left out, by file and reason."""
    lines = []
    for stem, rows in results.items():
        by_reason = {}
        for case, result, why in rows:
            if result == 'left out':
                by_reason.setdefault(why, []).append(f'`{case["id"]}`')
        if by_reason:
            lines += [f'- `{stem}`'] + [f'  - {", ".join(names)}: {why}.'
                                        for why, names in by_reason.items()]
    return '\n'.join(lines)


def settings():
    """What cases set beside their state, by kind."""
    lines = []
    for kind, options in GIVEN.items():
        by_reason = {}
        for option, why in options.items():
            by_reason.setdefault(why, []).append(f'`{option}`')
        lines.append(f'- `{kind}`: ' + '; '.join(f'{", ".join(names)} ({why})'
                                                 for why, names in by_reason.items()) + '.')
    return '\n'.join(lines)


def stale(results):
    """Kinds that are listed and that no case has."""
    kinds = {case['kind'] for rows in results.values() for case, _, _ in rows}
    return [f'{kind}: listed, but there is no such kind'
            for kind in sorted((set(GIVEN) | set(LEFT_OUT_KINDS)) - kinds)]


def main():
    if not os.path.isdir(FOLDER):
        print(f'skipped: the published vectors are not at {FOLDER}')
        return 77
    Scene.program = os.path.abspath(sys.argv[1])
    write, asked = '--write' in sys.argv[2:], [a for a in sys.argv[2:] if a != '--write']
    results, wrong = {}, []
    for file in sorted(os.listdir(FOLDER)):
        stem, ending = os.path.splitext(file)
        if ending != '.jsonl':
            continue
        if stem not in FILES:
            wrong.append(f'{file}: no test reads this file')
            continue
        results[stem] = []
        for case in read(stem):
            if asked and case['id'] not in asked:
                continue
            result, why = judged(stem, case)
            results[stem].append((case, result, why))
            if result != 'pass':
                print(f'  {result:8}  {case["id"]}: {why}')
            if result == 'FAIL':
                wrong.append(f'{case["id"]} fails')
                if asked and Scene.last:
                    print(Scene.last.replay())
    print(table(results))
    for stem, rows in results.items():
        told = [result for _, result, _ in rows if result != 'left out']
        if told and F(told.count('pass'), len(told)) < LEAST:
            wrong.append(f'{stem}: fewer than {float(LEAST):.0%} of what the rules express pass')
    if not asked:
        wrong += stale(results)
        if not page.put(PAGE, {'cases': table(results), 'reasons': reasons(results),
                               'settings': settings()}, write):
            wrong.append(f'{PAGE} does not have this table: run_vectors.py PROGRAM --write')
    print('\n'.join(wrong))
    return 1 if wrong else 0


if __name__ == '__main__':
    sys.exit(main())
