"""Habits of the source tree, one check each: tidy.py CHECK ROOT [COMPILER...]

Prints every violation as file:line: what is wrong; exits 1 if there is one. The checks are proven
able to fail by test_tidy.py."""

import os
import re
import subprocess
import sys

# A room includes only itself and rooms before it.
ORDER = ('base market protocol ledger orderbook price margin matching policy auction insurance adl '
         'liquidation engine wire journal monitor flow report study server cli').split()
# The twin shares types and text with the engine, and no arithmetic.
SPECIAL = {'reference': ['base', 'market', 'protocol', 'wire', 'reference']}
EVERYWHERE = ['bench', 'tests', 'fuzz', 'cli']  # may include the twin, too
# Integers only (R1): what a replay must reproduce to the bit.
INTEGER_ROOMS = ORDER[:ORDER.index('journal') + 1]

COLUMNS, FILE_LINES = 100, 700
FUNCTION_LINES, TEST_FUNCTION_LINES = 80, 120  # a test's table or script may be longer
BANNED_CALLS = {
    'strcpy': 'snprintf', 'strcat': 'snprintf', 'sprintf': 'snprintf', 'vsprintf': 'vsnprintf',
    'gets': 'getline', 'atoi': 'strtol', 'atol': 'strtol', 'atoll': 'strtoll', 'atof': 'strtod',
    'strtok': 'strtok_r', 'rand': 'weir_random_next', 'srand': 'weir_random_key',
    'alloca': 'a pool', 'setjmp': 'a return code', 'longjmp': 'a return code',
}
# Spelled in two parts, so that this file passes its own check.
BANNED_WORDS = ['TO' 'DO', 'FIX' 'ME', 'XX' 'X', 'HA' 'CK', 'not impl' 'emented',
                'not yet impl' 'emented', 'for ' 'now', 'st' 'ub', 'place' 'holder']
MACHINE_PATHS = ['work', 'farm', 'root', 'home', 'tmp']

SKIPPED_FOLDERS = re.compile(r'^(\.git|out|build|build-.*|__pycache__|subprojects|\..*cache)$')


def files(root, *endings):
    """Paths below root, relative to it, sorted; build folders and the like left out."""
    found = []
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(f for f in folders if not SKIPPED_FOLDERS.match(f))
        for name in names:
            path = os.path.relpath(os.path.join(folder, name), root)
            if name.endswith(endings) or path in endings:
                found.append(path)
    return sorted(found)


def read(root, path):
    with open(os.path.join(root, path), encoding='utf-8', errors='replace') as file:
        return file.read()


def code_only(text):
    """C text with comments, strings and character constants blanked; lines stay where they are."""
    pattern = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)
    return pattern.sub(lambda m: re.sub(r'[^\n]', ' ', m.group(0)), text)


def at(text, offset):
    return text.count('\n', 0, offset) + 1


def rooms(root):
    known = set(ORDER) | set(SPECIAL) | set(EVERYWHERE)
    return {name for name in known if os.path.isdir(os.path.join(root, name))}


def check_includes(root):
    """Includes point up the table of rooms, never down."""
    known = set(ORDER) | set(SPECIAL) | set(EVERYWHERE)
    for path in files(root, '.c', '.h'):
        room = path.split(os.sep)[0]
        text = read(root, path)
        if room in EVERYWHERE:
            allowed = known
        elif room in SPECIAL:
            allowed = set(SPECIAL[room])
        elif room in ORDER:
            allowed = set(ORDER[:ORDER.index(room) + 1])
        else:
            yield f'{path}:1: {room}/ has no place in the order of rooms'
            continue
        for match in re.finditer(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', text, re.M):
            quote, target = match.groups()
            line = at(text, match.start(2))
            first = target.split('/')[0]
            if first in known and '/' in target:
                if first not in allowed:
                    yield f'{path}:{line}: {room}/ may not include {target}'
                elif quote == '<':
                    yield f'{path}:{line}: {target} is ours: include it with quotes'
            elif '..' in target.split('/'):
                yield f'{path}:{line}: {target}: name the room, not a way to it'
            elif quote == '"' and not os.path.exists(
                    os.path.join(root, os.path.dirname(path), target)):
                yield f'{path}:{line}: {target} is neither ROOM/FILE nor beside this file'


def check_integers(root):
    """No floating point in the state machine's rooms."""
    pattern = re.compile(r'\b(float|double|_Float\w+|__float128)\b'
                         r'|\b\d+\.\d*(?:[eE][+-]?\d+)?[fFlL]?\b|\b\d+[eE][+-]?\d+\b'
                         r'|#[ \t]*include[ \t]*<(?:math|tgmath|complex|fenv)\.h>')
    for path in files(root, '.c', '.h'):
        if path.split(os.sep)[0] not in INTEGER_ROOMS:
            continue
        text = code_only(read(root, path))
        for match in pattern.finditer(text):
            yield (f'{path}:{at(text, match.start())}: floating point in the state machine: '
                   f'{match.group(0).strip()}')


def functions(text):
    """(name, first line, lines) of every function body in C text without comments."""
    depth, start, name = 0, 0, None
    for number, line in enumerate(text.split('\n'), 1):
        if re.match(r'\s*#', line):
            continue
        if depth == 0:
            match = re.match(r'[A-Za-z_].*?\b(\w+)\(', line)
            if match:
                start, name = number, match.group(1)
            elif line[:1] not in (' ', '\t', '{'):
                name = None
        depth += line.count('{') - line.count('}')
        if depth == 0 and '}' in line and name is not None:
            yield name, start, number - start + 1
            name = None


def check_text(root):
    """Line, file and function lengths, banned calls, unfinished work, paths of one machine."""
    words = re.compile('|'.join(rf'\b{re.escape(w)}\b' for w in BANNED_WORDS), re.I)
    machine = re.compile(r'(?:^|[^A-Za-z0-9_.$}{])/(?:' + '|'.join(MACHINE_PATHS) + r')/')
    calls = re.compile(r'(?<![\w.>])(' + '|'.join(BANNED_CALLS) + r')\s*\(')
    sources = files(root, '.c', '.h')
    scripts = files(root, '.py', '.sh', 'dev', '.ci/run', 'meson.build', 'meson_options.txt', '.js')
    for path in sources + scripts:
        text = read(root, path)
        lines = text.split('\n')
        if len(lines) - 1 > FILE_LINES:
            yield f'{path}:{FILE_LINES}: {len(lines) - 1} lines, at most {FILE_LINES}'
        for number, line in enumerate(lines, 1):
            if len(line) > COLUMNS:
                yield f'{path}:{number}: {len(line)} columns, at most {COLUMNS}'
            if '\t' in line or line != line.rstrip():
                yield f'{path}:{number}: tab or white space at the end of the line'
            match = words.search(line)
            if match:
                yield f'{path}:{number}: unfinished work or its mark: {match.group(0)}'
        if text and not text.endswith('\n'):
            yield f'{path}:{len(lines)}: no newline at the end of the file'
        if path in sources:
            code = code_only(text)
            for match in calls.finditer(code):
                name = match.group(1)
                yield f'{path}:{at(code, match.start())}: {name}: use {BANNED_CALLS[name]}'
            most = TEST_FUNCTION_LINES if path.startswith('tests' + os.sep) else FUNCTION_LINES
            for name, start, count in functions(code):
                if count > most:
                    yield f'{path}:{start}: {name} has {count} lines, at most {most}'
    for path in sources + scripts + files(root, '.md', '.yaml', '.html', '.css', '.csv', '.json'):
        for number, line in enumerate(read(root, path).split('\n'), 1):
            if machine.search(line):
                yield f'{path}:{number}: names a path of one machine: {line.strip()[:60]}'


def check_headers(root, compiler=('cc',)):
    """Every header compiles alone and can be included twice."""
    for path in files(root, '.h'):
        twice = f'#include "{path}"\n' * 2
        run = subprocess.run([*compiler, '-std=gnu17', '-D_GNU_SOURCE', '-Wall', '-Wextra',
                              '-Werror', '-fsyntax-only', '-I', '.', '-x', 'c', '-'],
                             input=twice, text=True, capture_output=True, timeout=60,
                             cwd=root)
        if run.returncode != 0:
            yield f'{path}:1: does not compile alone:\n{run.stderr.strip()}'


def check_sources(root):
    """Every .c file and every folder of tests is listed in a build file."""
    for path in files(root, '.c'):
        folder, name = os.path.split(path)
        listed = False
        while not listed:
            build = os.path.join(root, folder, 'meson.build')
            relative = os.path.relpath(path, folder or '.')
            listed = os.path.exists(build) and f"'{relative}'" in read(root, build)
            if not folder:
                break
            folder = os.path.dirname(folder)
        if not listed:
            yield f'{path}:1: no meson.build lists it'
    for path in files(root, 'meson.build'):
        folder = os.path.dirname(path)
        parent = os.path.dirname(folder)
        if not folder or not os.path.exists(os.path.join(root, parent, 'meson.build')):
            continue
        text = read(root, os.path.join(parent, 'meson.build'))
        if parent == 'tests':
            text += read(root, 'meson.build')
        if f"'{os.path.basename(folder)}'" not in text:
            yield f'{path}:1: {parent or "."}/meson.build never enters this folder'


def check_digest(root):
    """Each record of the state digest begins with a tag of its own, one that docs/rules.md names:
    two kinds of record that shared one could be taken for each other."""
    path = 'engine/digest.c'
    if not os.path.exists(os.path.join(root, path)):
        return
    tags = [int(tag) for tag in re.findall(r'\bword\(&?d, (\d+)\);', read(root, path))]
    section = read(root, 'docs/rules.md').partition('### State digest')[2].partition('\n## ')[0]
    told = {int(tag) for tag in re.findall(r'`(\d+)`', section)}
    for tag in sorted(told | set(tags)):
        if tags.count(tag) > 1:
            yield f'{path}: {tags.count(tag)} kinds of record begin with the tag {tag}'
        if tag not in told:
            yield f'docs/rules.md: the record of tag {tag} is not described'
        if tag not in tags:
            yield f'{path}: no record begins with the tag {tag}, which docs/rules.md describes'


CHECKS = {name[6:]: check for name, check in globals().items() if name.startswith('check_')}


def main(arguments):
    if len(arguments) < 2 or arguments[0] not in CHECKS:
        print(f'usage: tidy.py {"|".join(CHECKS)} ROOT [COMPILER...]', file=sys.stderr)
        return 2
    name, root, compiler = arguments[0], arguments[1], arguments[2:]
    check = CHECKS[name]
    if not files(root, '.c', '.h'):
        print(f'{root}: no sources found', file=sys.stderr)
        return 1
    problems = list(check(root, compiler) if name == 'headers' and compiler else check(root))
    for problem in problems:
        print(problem)
    return 1 if problems else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
