"""The parts of docs/venues.md that follow from venues/: page.py [--write]

Without --write it tells whether the page says what the files say. A part stands between the lines
`<!-- begin NAME -->` and `<!-- end NAME -->`."""

import os
import re
import sys

sys.dont_write_bytecode = True
import profiles

PAGE = os.path.join('docs', 'venues.md')
# What a profile must say of each: published (where) or assumed.
COLUMNS = ['margin', 'trigger', 'policy', 'auction', 'backstop', 'absorb', 'fund', 'adl',
           'socialise', 'fees', 'mark']
HEADS = {'policy': 'closing', 'adl': 'deleveraging', 'socialise': 'socialising'}


def head(name):
    """The comment above a profile: what it is; {key: document}; [assumed]; [difference]."""
    with open(profiles.path_of(name), encoding='utf-8') as file:
        lines = [line[1:].rstrip() for line in file if line.startswith('#')]
    parts, key = {'about': []}, 'about'
    for line in lines:
        word = re.match(r' (published|assumed|different):(.*)', line)
        if word:
            key = word.group(1)
            parts[key] = []
            line = ' ' + word.group(2)
        if line.strip():
            parts[key].append(line)
    published = {}
    for line in parts['published']:
        start = re.match(r'   ([a-z]+): (.*)', line)
        if start:
            last = start.group(1)
            published[last] = start.group(2)
        else:
            published[last] += ' ' + line.strip()
    different = []
    for line in parts['different']:
        if line.startswith('   - '):
            different.append(line[5:])
        else:
            different[-1] += ' ' + line.strip()
    assumed = re.split(r',\s+', ' '.join(line.strip() for line in parts['assumed']))
    return ' '.join(line.strip() for line in parts['about']), published, assumed, different


def parameters(policy):
    words = [f'{key} {value}' for key, value in policy.items() if key not in ('name', 'frontier')]
    return policy['name'] + (f' ({", ".join(words)})' if words else '')


def cells(venue):
    """{column: what the file sets}, defaults filled in where they matter."""
    market, closing = venue['markets'][0], venue['liquidation']
    auction, adl, fund = venue['auction'], venue['adl'], venue['funds'][0]
    margin = [f'at {market.get("margin_basis", "mark")}', market.get('tier_mode', 'marginal')]
    if 'closing_fee_reserve' in market:
        margin.append(f'closing reserve {market["closing_fee_reserve"]}')
    if any('oi_scaling' in m for m in venue['markets']):
        margin.append('scaled by open interest')
    policy = [parameters(closing['policy']), f'at {closing.get("limit", "bankruptcy")}']
    if closing.get('takeover_at', '0') != '0':
        policy = ['book left out']
    if closing.get('bankruptcy_fee') == 'included':
        policy.append('fee included')
    if closing.get('remainder') == 'confiscate':
        policy.append('rest to the fund')
    dutch = [f'{key} {auction[key]}' for key in ('start', 'curve', 'step', 'cut', 'tail', 'cusp')
             if key in auction]
    absorb = venue['absorb']
    drawdown = fund.get('drawdown_trigger', '0.3')
    made = {
        'margin': ', '.join(margin),
        'trigger': venue['trigger']['rule'] + f', restored at {closing["restore_margin"]}',
        'policy': ', '.join(policy),
        'auction': auction['format'] + (f' ({", ".join(dutch)})' if dutch else ''),
        'backstop': f'at {venue.get("backstop", {}).get("at", "0")}',
        'absorb': parameters(absorb['policy']) if absorb['enabled'] == 'true' else 'off',
        'fund': fund['payout'] + ('' if drawdown == 'none' else f', stops at -{drawdown}'),
        'adl': f'{adl["ranking"]}, at {adl["price"]}'
               + (f', {adl["when"]}' if 'when' in adl else ''),
        'socialise': venue['socialise']['base'] + (
            f' each {venue["socialise"]["settlement_interval"]}'
            if 'settlement_interval' in venue['socialise'] else ''),
        'fees': ' / '.join(market['fees'][key] for key in ('maker', 'taker', 'liquidation')),
        'mark': market['mark']['method']}
    return {key: value.replace('_', ' ') for key, value in made.items()}


def options():
    """One table, venue by option."""
    lines = ['| venue | ' + ' | '.join(HEADS.get(c, c) for c in COLUMNS) + ' |',
             '|---' * (len(COLUMNS) + 1) + '|']
    for name in profiles.NAMES:
        _, published, assumed, _ = head(name)
        row = []
        for column, said in cells(profiles.load(name)).items():
            if column in published and column in assumed:
                raise ValueError(f'{name}: {column} is published and assumed')
            if column not in published and column not in assumed:
                raise ValueError(f'{name}: {column} is neither published nor assumed')
            row.append(said + (' °' if column in assumed else ''))
        lines.append(f'| [`{name}`](../venues/{name}.yaml) | ' + ' | '.join(row) + ' |')
    return '\n'.join(lines)


def sources():
    """What each profile says about itself."""
    lines = []
    for name in profiles.NAMES:
        about, published, assumed, different = head(name)
        lines += [f'### `{name}`', '', about, '', 'Published:', '']
        lines += [f'- *{HEADS.get(key, key)}*: {linked(text)}' for key, text in published.items()]
        lines += ['', f'Assumed: {", ".join(HEADS.get(key, key) for key in assumed)}.', '',
                  'Expressed differently:', '']
        lines += [f'- {text}' for text in different] + ['']
    return '\n'.join(lines).rstrip()


def linked(text):
    return re.sub(r'(https?://[^ ,:]+)', r'<\1>', text)


def parts_of(page):
    """{name: text} of the generated parts."""
    return {m.group(1): m.group(2) for m in re.finditer(
        r'<!-- begin ([a-z]+) -->\n\n(.*?)\n\n<!-- end \1 -->', page, re.DOTALL)}


def put(path, made, write):
    """Whether a page has these parts; with `write` it is given them."""
    with open(path, encoding='utf-8') as file:
        page = file.read()
    wanted = page
    for name, text in made.items():
        pattern = rf'(<!-- begin {name} -->\n\n).*?(\n\n<!-- end {name} -->)'
        if not re.search(pattern, page, re.DOTALL):
            raise ValueError(f'{path} has no part {name}')
        wanted = re.sub(pattern, lambda m, t=text: m.group(1) + t + m.group(2), wanted,
                        flags=re.DOTALL)
    if write and wanted != page:
        with open(path, 'w', encoding='utf-8') as file:
            file.write(wanted)
    return write or wanted == page


def main():
    write = sys.argv[1:] == ['--write']
    if put(PAGE, {'options': options(), 'sources': sources()}, write):
        return 0
    print(f'{PAGE} does not say what venues/ says: python3 tests/vectors/page.py --write')
    return 1


if __name__ == '__main__':
    sys.exit(main())
