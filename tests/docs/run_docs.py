"""Runs what README.md and docs/*.md show, and checks where their links lead.

    run_docs.py PROGRAM [ROOT]

A block of ```sh that names build/weir is run as one bash script, blocks of a page one after the
other in a scratch folder of that page where build/weir, scenarios/ and venues/ stand. Lines that
begin with ./dev, git, cd, sudo or xdg-open are left out; a verb of ./dev must exist. A comment
before the block says what is expected besides status 0:

    <!-- exit: 2 -->
    <!-- expect: out/x/summary.json liquidations.by_stage.auction > 0 -->
    <!-- not run: why -->

A block of ```c must stand in a source file as it is shown.
"""

import functools
import glob
import json
import operator
import os
import re
import subprocess
import sys
import tempfile

LEFT_OUT = re.compile(r'^\s*(\./dev|git|cd|sudo|xdg-open)\b')
COMPARE = {'>': operator.gt, '<': operator.lt, '>=': operator.ge, '<=': operator.le,
           '==': operator.eq, '!=': operator.ne}
TIMEOUT_S = 600


def blocks(text):
    """(line, notes, script) of every ```sh block; notes are the comments right before it."""
    lines = text.split('\n')
    notes, number = [], 0
    while number < len(lines):
        line = lines[number]
        note = re.match(r'\s*<!--\s*(.*?)\s*-->\s*$', line)
        if note:
            notes.append(note.group(1))
        elif re.match(r'\s*```', line):
            language, first = line.strip()[3:].strip(), number + 1
            number += 1
            while number < len(lines) and not re.match(r'\s*```\s*$', lines[number]):
                number += 1
            if language in ('sh', 'bash', 'console'):
                yield first, notes, '\n'.join(lines[first:number]) + '\n'
            notes = []
        elif line.strip():
            notes = []
        number += 1


def value_at(path, key, folder):
    """The value of a dotted key; a key that holds several is followed as far as its dots go."""
    with open(os.path.join(folder, path), encoding='utf-8') as file:
        value = json.load(file)
    for part in key.split('.'):
        value = value[int(part)] if isinstance(value, list) else value[part]
    return value


def as_number(value):
    if isinstance(value, (bool, int, float)):
        return float(value)
    return {'true': 1.0, 'false': 0.0}[value] if value in ('true', 'false') else float(value)


def unmet(note, folder):
    """Why an `expect` note does not hold; None when it does."""
    match = re.match(r'expect:\s*(\S+)\s+(\S+)\s*(>=|<=|==|!=|>|<)\s*(\S+)$', note)
    if not match:
        return f'this note cannot be read: {note}'
    path, key, compare, wanted = match.groups()
    try:
        value = value_at(path, key, folder)
        good = COMPARE[compare](as_number(value), as_number(wanted))
    except (OSError, KeyError, IndexError, ValueError, TypeError) as error:
        return f'{note}: {type(error).__name__}: {error}'
    return None if good else f'{note}: it is {value}'


def run_page(page, root, program):
    """Problems of one page, as lines."""
    with open(os.path.join(root, page), encoding='utf-8') as file:
        text = file.read()
    found = [f'{page}: the link to {target} leads nowhere'
             for target in re.findall(r'\]\(([^)#\s]+)(?:#[^)]*)?\)', text)
             if '://' not in target and not os.path.exists(
                 os.path.join(root, os.path.dirname(page), target))]
    found += [f'{page}: the link to {target}#{anchor} leads to no heading'
              for target, anchor in re.findall(r'\]\(([^)#\s]*\.md|)#([^)\s]+)\)', text)
              if anchor not in headings(os.path.join(root, os.path.dirname(page), target)
                                        if target else os.path.join(root, page))]
    found += [f'{page}: ./dev has no verb {verb}'
              for verb in set(re.findall(r'\./dev ([a-z]+(?:-[a-z]+)*)', text)) - verbs(root)]
    found += [f'{page}: no source file has this C:\n{shown}'
              for shown in re.findall(r'^```c\n(.*?)^```', text, re.M | re.S)
              if not any(shown in source for source in sources(root))]
    with tempfile.TemporaryDirectory() as folder:
        os.mkdir(os.path.join(folder, 'build'))
        os.symlink(os.path.abspath(program), os.path.join(folder, 'build', 'weir'))
        for shared in ('scenarios', 'venues', 'docs'):
            if os.path.isdir(os.path.join(root, shared)):
                os.symlink(os.path.join(root, shared), os.path.join(folder, shared))
        for line, notes, script in blocks(text):
            script = '\n'.join(row for row in script.split('\n') if not LEFT_OUT.match(row))
            if 'build/weir' not in script or any(n.startswith('not run') for n in notes):
                continue
            wanted = next((int(n.split(':')[1]) for n in notes if n.startswith('exit:')), 0)
            print(f'{page}:{line}', flush=True)
            try:
                run = subprocess.run(['bash', '-e', '-o', 'pipefail', '-c', script], cwd=folder,
                                     capture_output=True, text=True, errors='replace',
                                     stdin=subprocess.DEVNULL, timeout=TIMEOUT_S)
            except subprocess.TimeoutExpired:
                found.append(f'{page}:{line}: still running after {TIMEOUT_S} s')
                continue
            if run.returncode != wanted:
                found.append(f'{page}:{line}: status {run.returncode}, expected {wanted}\n'
                             f'{script}\n{run.stdout[-2000:]}\n{run.stderr[-2000:]}')
                continue
            found += [f'{page}:{line}: {problem}' for problem in
                      (unmet(n, folder) for n in notes if n.startswith('expect')) if problem]
    return found


@functools.cache
def headings(path):
    """The anchors of a page's headings, as GitHub makes them; none of a page that is not there."""
    if not os.path.exists(path):
        return set()
    with open(path, encoding='utf-8') as file:
        text = re.sub(r'^```.*?^```', '', file.read(), flags=re.M | re.S)
    found, anchors = {}, set()
    for heading in re.findall(r'^#+ (.*?)\s*$', text, re.M):
        slug = re.sub(r'[^\w\- ]', '', heading.lower()).replace(' ', '-')
        count = found.get(slug, 0)
        found[slug] = count + 1
        anchors.add(f'{slug}-{count}' if count else slug)
    return anchors


@functools.cache
def sources(root):
    """The text of every C file."""
    texts = []
    for path in glob.glob(os.path.join(root, '*', '*.[ch]')):
        with open(path, encoding='utf-8') as file:
            texts.append(file.read())
    return texts


def verbs(root):
    with open(os.path.join(root, 'dev'), encoding='utf-8') as file:
        return set(re.findall(r'^verb_([a-z-]+)\(\)', file.read(), re.M))


def main(program, root):
    if int(os.environ.get('WEIR_TEST_SCALE', '100')) < 100:
        print('skipped: the commands of the docs are run with the release build, at full scale')
        return 77
    pages = ['README.md'] + sorted(os.path.relpath(p, root)
                                   for p in glob.glob(os.path.join(root, 'docs', '*.md')))
    problems = []
    for page in pages:
        if os.path.exists(os.path.join(root, page)):
            problems += run_page(page, root, program)
        else:
            problems.append(f'{page} is missing')
    index = os.path.join(root, 'docs', 'README.md')
    listed = open(index, encoding='utf-8').read() if os.path.exists(index) else ''
    problems += [f'docs/README.md does not list {page}' for page in pages
                 if page.startswith('docs/') and page != 'docs/README.md'
                 and f'({os.path.basename(page)})' not in listed]
    for problem in problems:
        print(problem)
    return 1 if problems else 0


if __name__ == '__main__':
    here = os.path.dirname(os.path.abspath(__file__))
    sys.exit(main(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else
                  os.path.dirname(os.path.dirname(here))))
