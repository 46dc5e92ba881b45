"""Mutations of C text: what could go wrong in a state machine, one place at a time.

A mutant is (path, line, operator, offset, length, replacement). Only statements of functions are
touched: comments, strings, the preprocessor, checks and audits of our own, and what happens when
memory ends stay as they are."""

import collections
import os
import re

Mutant = collections.namedtuple('Mutant', 'path line operator at size text')

# What the issue of a mutation is called, and how often it is drawn.
OPERATORS = {
    'delete posting': 3,   # a sum that is not kept, money that is not moved
    'skip call': 3,        # a stage or a check left out
    'flip rounding': 3,
    'swap comparison': 3,  # < for <=, == for !=
    'swap sign': 2,        # + for -
    'off by one': 2,
    'negate condition': 2,
    'swap logic': 1,       # && for ||
    'swap bound': 2,       # min for max
}

POSTING = re.compile(r'^\s+[\w.\[\]>*&()-]+\s*[+-]=[^;{}]*;$')
CALL = re.compile(r'^\s+(\w+)\([^;{}]*\);$')
GUARDED_CALL = re.compile(r'^(\s+(?:if \(.*\)|else) )(\w+)\([^;{}]*\);$')
CONDITION = re.compile(r'\bif \((?!!\()')
ROUNDING = {'weir_div_floor': 'weir_div_ceil', 'weir_div_ceil': 'weir_div_floor',
            'weir_div_trunc': 'weir_div_ceil'}
BOUND = {'weir_min': 'weir_max', 'weir_max': 'weir_min', 'weir_wide_min': 'weir_wide_max',
         'weir_wide_max': 'weir_wide_min'}
COMPARISON = {' < ': ' <= ', ' <= ': ' < ', ' > ': ' >= ', ' >= ': ' > ', ' == ': ' != ',
              ' != ': ' == '}
# Lines whose change is no change of behaviour, or only one of memory.
EXEMPT = re.compile(r'WEIR_CHECK|WEIR_HEAVY|_Static_assert|\bfree\(|_free\(|ENOMEM|== NULL|'
                    r'prefetch|'
                    r'return WEIR_NO_INDEX|== WEIR_NO_INDEX\) return i;|'
                    r'\b(mem(set|cpy|move)|calloc|realloc|malloc|weir_pool_(commit|new|add))\(')


def code_only(text):
    """Comments, strings and character constants blanked; offsets stay."""
    pattern = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)
    return pattern.sub(lambda m: re.sub(r'[^\n]', ' ', m.group(0)), text)


def closing(code, start):
    """Offset of the parenthesis that closes the one at `start`, or None."""
    depth = 0
    for at in range(start, min(len(code), start + 2000)):
        depth += {'(': 1, ')': -1}.get(code[at], 0)
        if depth == 0:
            return at
    return None


def of_line(path, number, offset, line, code):
    """Mutants of one line; `offset` is where it begins in `code`."""
    def make(operator, at, size, text):
        return Mutant(path, number, operator, offset + at, size, text)

    for operator, pattern in (('delete posting', POSTING), ('skip call', CALL)):
        match = pattern.match(line)
        if match and line.count('(') == line.count(')') and 'return' not in line.split('(')[0]:
            start = len(line) - len(line.lstrip())
            yield make(operator, start, len(line) - start, ';')
    match = GUARDED_CALL.match(line)
    if match and match.group(1).count('(') == match.group(1).count(')'):
        yield make('skip call', match.end(1), len(line) - match.end(1), ';')
    for words, operator in ((ROUNDING, 'flip rounding'), (BOUND, 'swap bound')):
        for match in re.finditer(r'\b(' + '|'.join(words) + r')\(', line):
            yield make(operator, match.start(1), len(match.group(1)), words[match.group(1)])
    for match in re.finditer(r'\bweir_mul(?:3_div2|_div)_floor\(', line):
        end = closing(code, offset + match.end() - 1)
        if end is not None and '\n' not in code[offset + match.start():end]:
            whole = code[offset + match.start():end + 1]
            yield make('flip rounding', match.start(), len(whole), f'({whole} + 1)')
    for match in re.finditer(r' (<|<=|>|>=|==|!=) ', line):
        yield make('swap comparison', match.start(), len(match.group(0)),
                   COMPARISON[match.group(0)])
    for match in re.finditer(r'[\w)\]] ([+-]) (?=[\w(])', line):
        sign = '-' if match.group(1) == '+' else '+'
        yield make('swap sign', match.start(1), 1, sign)
    for match in re.finditer(r' [+-] 1\b(?![\w.])', line):
        yield make('off by one', match.start(), len(match.group(0)), '')
    for match in re.finditer(r'return ([^;?]*[\w)]);$', line):
        if not re.search(r'true|false|NULL|[<>=!&|]', match.group(1)):
            yield make('off by one', match.start(1), len(match.group(1)), match.group(1) + ' + 1')
    for match in CONDITION.finditer(line):
        end = closing(code, offset + match.end() - 1)
        if end is not None:
            start = offset + match.end() - 1
            yield Mutant(path, number, 'negate condition', start, end + 1 - start,
                         f'(!{code[start:end + 1]})')
    for match in re.finditer(r' (&&|\|\|) ', line):
        yield make('swap logic', match.start(1), 2, '||' if match.group(1) == '&&' else '&&')


def of_text(path, text):
    """All mutants of one file."""
    code = code_only(text)
    offset, depth, found, function = 0, 0, [], ''
    for number, line in enumerate(code.split('\n'), 1):
        inside = depth > 0
        match = re.match(r'[A-Za-z_].*?\b(\w+)\(', line)
        if not inside and match:
            function = match.group(1)
        depth += line.count('{') - line.count('}')
        if (inside and 'audit' not in function and not line.lstrip().startswith('#')
                and not EXEMPT.search(line)):
            found += of_line(path, number, offset, line, code)
        offset += len(line) + 1
    return [m for m in found if not loop_breaker(code, m)]


def loop_breaker(code, mutant):
    """Would the mutant only make a loop endless? Then a time limit would be what kills it."""
    start = code.rfind('\n', 0, mutant.at) + 1
    return bool(re.match(r'\s*(for|while|} while) ', code[start:code.find('\n', start)]))


def of_rooms(root, rooms):
    found = []
    for room in rooms:
        folder = os.path.join(root, room)
        if not os.path.isdir(folder):
            continue
        for name in sorted(os.listdir(folder)):
            if name.endswith('.c'):
                path = os.path.join(room, name)
                with open(os.path.join(root, path), encoding='utf-8') as file:
                    found += of_text(path, file.read())
    return found


def draw(found, count, random):
    """`count` different mutants: operators by weight, then rooms, then places, each evenly."""
    left = collections.defaultdict(lambda: collections.defaultdict(list))
    for mutant in found:
        left[mutant.operator][mutant.path.split(os.sep)[0]].append(mutant)
    drawn = []
    while left and len(drawn) < count:
        operators = sorted(left)
        operator = random.choices(operators, [OPERATORS[o] for o in operators])[0]
        room = random.choice(sorted(left[operator]))
        places = left[operator][room]
        drawn.append(places.pop(random.randrange(len(places))))
        if not places:
            del left[operator][room]
        if not left[operator]:
            del left[operator]
    return drawn


def apply(text, mutant):
    return text[:mutant.at] + mutant.text + text[mutant.at + mutant.size:]
