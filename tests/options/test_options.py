"""For every key of a venue file, and every word that it takes, a script whose outcome it changes.

test_options.py WEIR             checks options.tsv against the program and proves every row
test_options.py WEIR --find [REGEX]   prints rows for what options.tsv lacks, from all scripts

A row of options.tsv has three fields, parted by tabs: the option, as weir_keys prints it, a script,
and a setting. The script run with the setting too must answer otherwise than without. Of a word the
setting is the word, and the script another one's, so that it is the word that makes the difference.
Commands' optional keys are rows as well: `order.tif` with a script, which must answer otherwise
when the key is left out of its commands. Where the second field is `-` nothing can be shown, and
the third says why: a name, or a key that by its rule changes nothing."""

import concurrent.futures
import glob
import json
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
TESTS = os.path.dirname(HERE)
sys.path.insert(0, os.path.join(TESTS, 'engine'))
import run_scripts  # noqa: E402

TABLE = os.path.join(HERE, 'options.tsv')
VENUE = os.path.join(TESTS, 'engine', 'scripts', 'venue.yaml')
SCRIPTS = ('options', 'engine/scripts', 'failures')
# Optional keys of commands (docs/protocol.md).
COMMAND_KEYS = ('account.class account.owner deposit.asset withdraw.asset order.trigger order.tif '
                'order.post_only order.reduce_only cancel_all.market amend.qty amend.price '
                'index.source collateral_price.source fund.fund risk.tiers risk.open_interest_cap '
                'risk.position_limit risk.price_band risk.liquidation_band risk.funding_cap '
                'query.depth query.fund index.t').split()
# Values to try when a row is looked for.
GUESSES = ('0 1 2 3 5 10 20 50 100 1000 10000 100000 0.001 0.002 0.01 0.02 0.05 0.1 0.2 0.3 0.5 '
           '0.8 0.9 1.02 1.5 -0.01 none true false 1s 2s 5s 10s 1m 10m 1h 24h 5000h first '
           'next').split()


def where(name):
    for folder in SCRIPTS:
        path = os.path.join(TESTS, folder, name + '.script')
        if os.path.exists(path):
            return path
    raise ValueError(f'there is no script {name}')


class Runner:
    def __init__(self, weir):
        self.weir = weir
        self.known = {}
        self.seconds = 60

    def answers(self, path, setting=None, drop=None):
        """What the script's commands are answered, or None when the venue is refused."""
        settings, steps = self.parsed(path)
        lines = [self.without(step[1], drop) for step in steps]
        words = [*settings, *(['--set', setting] if setting else [])]
        try:
            done = subprocess.run([self.weir, 'replay', '-', '--venue', VENUE, *words],
                                  input='\n'.join(lines) + '\n', text=True, capture_output=True,
                                  timeout=self.seconds, check=False)
        except subprocess.TimeoutExpired:
            return None
        if done.returncode != 0:
            return None
        return re.sub(r'"detail": ?"[^"]*"', '', done.stdout)

    def parsed(self, path):
        if path not in self.known:
            self.known[path] = run_scripts.parse(path)
        return self.known[path]

    def usual(self, path):
        if ('usual', path) not in self.known:
            self.known['usual', path] = self.answers(path)
        return self.known['usual', path]

    @staticmethod
    def without(line, drop):
        if drop is None:
            return line
        word, key = drop.split('.')
        try:
            command = json.loads(line)
        except ValueError:
            return line
        if isinstance(command, dict) and command.get('cmd') == word:
            command.pop(key, None)
        return json.dumps(command)

    def shows(self, path, setting=None, drop=None):
        other = self.answers(path, setting, drop)
        return other is not None and other != self.usual(path)


def options(weir):
    """Every option that the program has."""
    program = os.path.join(os.path.dirname(weir), 'tests', 'options', 'weir_keys')
    found = set(subprocess.run([program], text=True, capture_output=True,
                               check=True).stdout.split())
    return sorted(o for o in found if not any(p.startswith(o + '=') for p in found))


def table():
    rows = {}
    with open(TABLE, encoding='utf-8') as file:
        for number, line in enumerate(file, 1):
            fields = line.rstrip('\n').split('\t')
            if line.startswith('#') or not line.strip():
                continue
            if len(fields) != 3 or fields[0] in rows:
                raise ValueError(f'{TABLE}:{number}: no row, or one that is there already')
            rows[fields[0]] = fields[1:]
    return rows


def wrong_with(runner, option, script, setting):
    """What is wrong with a row, or None."""
    if script == '-':
        return None if setting else 'gives no reason'
    try:
        path = where(script)
    except ValueError as error:
        return str(error)
    if option in COMMAND_KEYS:
        return None if runner.shows(path, drop=option) else 'changes nothing there'
    key, _, word = option.partition('=')
    names = re.sub(r'\[\]', '.', re.sub(r'\{.*?\}', '', key)).replace('..', '.').split('.')
    given = setting.split('=', 1)
    if [p for p in given[0].split('.') if p in names] != names:
        return f'the setting is not of that key: {setting}'
    if word and word not in re.findall(r'\w+', given[1]):
        return f'the setting does not give that word: {setting}'
    return None if runner.shows(path, setting=setting) else 'changes nothing there'


# ---- Looking for rows ----------------------------------------------------------------------------


def settings_for(option):
    key, _, word = option.partition('=')
    paths = [re.sub(r'\{.*?\}', '', key)]
    while any('[]' in p for p in paths):
        paths = [p.replace('[]', f'.{i}', 1) for p in paths for i in (0, 1)]
    if word:
        values = [f'{{name: {word}}}' if key.endswith('policy') else word]
    else:
        values = GUESSES
    return [f'{p}={v}' for v in values for p in paths]


def likely(option, path):
    """Scripts that name the last part of the key come first."""
    with open(path, encoding='utf-8') as file:
        text = file.read()
    key = option.partition('=')[0]
    parts = re.findall(r'\w+', key)
    given = parts[-1] + ':' in text or parts[-1] + '=' in text
    return key in text, given and parts[0] in text, sum(part in text for part in parts)


def find(runner, option):
    paths = [p for folder in SCRIPTS for p in glob.glob(os.path.join(TESTS, folder, '*.script'))]
    policy = re.search(r'\{(\w+)\}', option)
    if policy:
        paths = [p for p in paths if re.search(r'policy[^\n]*' + policy.group(1), open(p).read())]
    paths.sort(key=lambda p: (likely(option, p), os.path.basename(p)), reverse=True)
    word = option in COMMAND_KEYS
    for setting in [None] if word else settings_for(option):
        for path in paths if '=' in option else paths[:80]:
            if runner.shows(path, setting, option if word else None):
                name = os.path.basename(path)[:-len('.script')]
                return f'{option}\t{name}\t{setting or "left out"}'
    return None


def main():
    runner = Runner(sys.argv[1])
    wanted = options(sys.argv[1]) + COMMAND_KEYS
    rows = table()
    missing = [o for o in wanted if o not in rows]
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        if '--find' in sys.argv:
            runner.seconds = 3
            missing = [o for o in missing if re.search(sys.argv[-1], o) or '--find' == sys.argv[-1]]
            for option, row in zip(missing, pool.map(lambda o: find(runner, o), missing)):
                print(row or f'# none: {option}', flush=True)
            return 0
        verdicts = pool.map(lambda r: wrong_with(runner, r[0], *r[1]), rows.items())
        wrong = [f'{option}: {verdict}' for option, verdict in zip(rows, verdicts) if verdict]
    wrong += [f'{option}: has no row' for option in missing]
    wrong += [f'{option}: the program has no such option' for option in rows
              if option not in wanted]
    print('\n'.join(wrong + [f'{len(rows)} options, {len(wrong)} wrong']))
    return 1 if wrong else 0


if __name__ == '__main__':
    sys.exit(main())
