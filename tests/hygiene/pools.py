"""Every pool of the state is told to who asks: pools.py ROOT

What weir_pool_new makes in the rooms of the state machine must be named in a visit() of the same
room: room is made for it ahead of need, and its bound is known."""

import glob
import re
import sys

ROOMS = 'ledger orderbook price margin matching policy auction insurance adl liquidation engine'
VISITED_BY = {'insurance': 'liquidation'}  # the liquidator tells of its funds' pools


def last_name(expression):
    """`lq->volunteers[m]` is `volunteers`."""
    return re.findall(r'[A-Za-z_]\w*', re.sub(r'\[[^]]*\]', '', expression))[-1]


def missing(texts):
    """(room, field) made and not visited; `texts`: the C text of each room."""
    found = []
    for room, text in texts.items():
        visits = {last_name(e) for e in re.findall(r'\bvisit\(ctx, "[^"]*",\s*&([^;]*?)\);', text)}
        visits |= {last_name(e) for e in
                   re.findall(r'\bvisit\(ctx, "[^"]*",\s*&([^;]*?)\);',
                              texts.get(VISITED_BY.get(room, room), ''))}
        for made in re.findall(r'\bweir_pool_new\(\s*&([^,]+),', text):
            if last_name(made) not in visits:
                found.append((room, last_name(made)))
    return found


def main():
    root = sys.argv[1]
    texts = {}
    for room in ROOMS.split():
        texts[room] = ''
        for path in sorted(glob.glob(f'{root}/{room}/*.c')):
            with open(path, encoding='utf-8') as file:
                texts[room] += file.read()
    found = missing(texts)
    for room, field in found:
        print(f'{room}/: the pool `{field}` is made, and no visit() of the room names it')
    control = dict(texts, ledger=texts['ledger'] + 'weir_pool_new(&l->unheard_of[i], 4, n);')
    if ('ledger', 'unheard_of') not in missing(control):
        sys.exit('the control is not found: this check cannot fail')
    if sum(text.count('weir_pool_new(') for text in texts.values()) < 20:
        sys.exit('hardly a pool is found: this check reads the wrong files')
    return bool(found)


if __name__ == '__main__':
    sys.exit(main())
