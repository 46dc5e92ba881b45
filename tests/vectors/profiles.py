"""Reads the venue files of venues/, as text: no number is rounded. It knows the YAML that they are
written in (block mappings and lists, flow mappings and lists, plain scalars, comments); that it
reads what the program reads is checked by comparing digests (test_profiles.py)."""

import copy
import os
import re

FOLDER = 'venues'
NAMES = ['binance', 'bybit', 'okx', 'bitmex', 'hyperliquid', 'dydx-v4', 'vega', 'deribit', 'ftx',
         'drift', 'mango-v4', 'synthetix-v3', 'maker']
# Keys of a market that a profile may leave out.
USUAL = {'contract': 'linear', 'tier_mode': 'marginal', 'tier_edge': 'upper_inclusive',
         'margin_basis': 'mark', 'closing_fee_basis': 'mark'}
TOKEN = re.compile(r'[{}\[\],]|:(?=\s|$)|[^\s{}\[\],:#](?:[^{}\[\],:#]|:(?=\S)|(?<=\S)#)*')


def flow(tokens):
    """One value from a list of tokens, first first."""
    token = tokens.pop(0).strip()
    if token == '{':
        made = {}
        while tokens[0] != '}':
            key = tokens.pop(0).strip()
            assert tokens.pop(0) == ':', f'a colon is missing behind {key}'
            made[key] = flow(tokens)
            if tokens[0] == ',':
                tokens.pop(0)
        tokens.pop(0)
        return made
    if token == '[':
        made = []
        while tokens[0] != ']':
            made.append(flow(tokens))
            if tokens[0] == ',':
                tokens.pop(0)
        tokens.pop(0)
        return made
    return token


def logical(text):
    """(indent, content) of each line, comments gone, lines of one flow value joined."""
    lines, pending = [], None
    for line in text.splitlines():
        line = re.sub(r'(^|\s)#.*$', '', line).rstrip()
        if not line.strip():
            continue
        if pending is not None:
            pending += ' ' + line.strip()
        else:
            pending = line
        if sum(pending.count(c) for c in '{[') == sum(pending.count(c) for c in '}]'):
            lines.append((len(pending) - len(pending.lstrip()), pending.strip()))
            pending = None
    assert pending is None, 'a bracket is not closed'
    return lines


def block(lines, indent):
    """The mapping or list that begins at this indentation."""
    made = [] if lines[0][1].startswith('- ') else {}
    while lines and lines[0][0] == indent:
        _, content = lines.pop(0)
        if isinstance(made, list):
            rest = content[2:].lstrip()
            if rest.startswith('{'):
                made.append(flow(TOKEN.findall(rest)))
            else:
                inner = indent + len(content) - len(rest)
                lines.insert(0, (inner, rest))
                made.append(block(lines, inner))
            continue
        key, _, rest = content.partition(':')
        if rest.strip():
            made[key] = flow(TOKEN.findall(rest.strip()))
        else:
            made[key] = block(lines, lines[0][0])
    return made


def parse(text):
    return block(logical(text), 0)


def path_of(name):
    return os.path.join(FOLDER, f'{name}.yaml')


CACHE = {}


def load(name):
    if name not in CACHE:
        with open(path_of(name), encoding='utf-8') as file:
            CACHE[name] = parse(file.read())
    return copy.deepcopy(CACHE[name])


def profile_of(stem, case):
    """The profile that a case is run under; None: that of no venue here."""
    files = {'dydx_v4': 'dydx-v4', 'drift': 'drift', 'mango_v4': 'mango-v4',
             'vega_generic': 'vega', 'synthetix_v3': 'synthetix-v3',
             'maker_dutch_auction': 'maker'}
    if stem in files:
        return files[stem]
    word = case['id'] if stem == 'exchange_docs' else case['convention']
    word = re.split(r'[^a-z]', word.lower())[0]
    return word if word in NAMES else None
