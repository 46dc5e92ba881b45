#!/usr/bin/env python3
"""Makes the pictures of docs/waterfall.md and docs/policies.md from runs of the program.

    pictures.py PROGRAM [--check]

writes docs/images/ again; with --check it writes nothing and exits with status 1 when something
there is not what the program gives now.
"""

import os
import sys

import policies
import waterfall

FOLDER = os.path.join(waterfall.ROOT, 'docs')


BEGIN, END = '<!-- made by ./dev pictures: {} -->\n\n', '\n<!-- made until here -->'


def with_table(page, name, table):
    """The text of a page of docs/ with the table of that name in its place."""
    with open(os.path.join(FOLDER, page), encoding='utf-8') as file:
        text = file.read()
    before, begin, rest = text.partition(BEGIN.format(name))
    _, end, after = rest.partition(END)
    if not end:
        sys.exit(f'docs/{page} has no place for the table {name}')
    return before + begin + table + end + after


def made(program):
    """{path below docs/: text}"""
    images, table = policies.pictures(program)
    images.update(waterfall.pictures(program))
    found = {f'images/{name}': text for name, text in images.items()}
    found['policies.md'] = with_table('policies.md', 'policies', table)
    return found


def main(program, check):
    stale = []
    for name, text in made(program).items():
        path = os.path.join(FOLDER, name)
        old = None
        if os.path.exists(path):
            with open(path, encoding='utf-8') as file:
                old = file.read()
        if old == text:
            continue
        stale.append(name)
        if not check:
            with open(path, 'w', encoding='utf-8') as file:
                file.write(text)
    for name in stale:
        print(f'docs/{name}: ' + ('not what the program gives; run ./dev pictures' if check
                                  else 'written'))
    return 1 if check and stale else 0


if __name__ == '__main__':
    if len(sys.argv) < 2 or sys.argv[2:] not in ([], ['--check']):
        sys.exit(__doc__)
    sys.exit(main(os.path.abspath(sys.argv[1]), len(sys.argv) == 3))
