"""The mutations themselves: each operator finds its places, and nothing but them."""

import random
import unittest

import mutants

SAMPLE = '''/* a + b - 1 < c */
#define LIMIT (3 + 1)
static weir_wide sum(struct x *x, weir_wide a, weir_wide b) {
    WEIR_CHECK(a < b);
    x->total += a;
    weir_post(x, a);
    if (a < b && x->open) weir_close(x);
    for (int i = 0; i < 3; i++)
        weir_step(x, "a + b");
    weir_wide c = weir_div_floor(a + b, 3);
    c = weir_mul_div_floor(a, b, c - 1);
    return weir_wide_min(a, c);
}
'''


class Mutations(unittest.TestCase):
    def found(self, operator):
        return [(m.line, mutants.apply(SAMPLE, m).split('\n')[m.line - 1].strip())
                for m in mutants.of_text('x.c', SAMPLE) if m.operator == operator]

    def test_each_operator(self):
        self.assertEqual(self.found('delete posting'), [(5, ';')])
        self.assertEqual(self.found('skip call'), [(6, ';'), (7, 'if (a < b && x->open) ;'),
                                                   (9, ';')])
        self.assertEqual(self.found('swap comparison'),
                         [(7, 'if (a <= b && x->open) weir_close(x);')])
        self.assertEqual(self.found('swap logic'),
                         [(7, 'if (a < b || x->open) weir_close(x);')])
        self.assertEqual(self.found('negate condition'),
                         [(7, 'if (!(a < b && x->open)) weir_close(x);')])
        self.assertEqual(self.found('swap sign'),
                         [(10, 'weir_wide c = weir_div_floor(a - b, 3);'),
                          (11, 'c = weir_mul_div_floor(a, b, c + 1);')])
        self.assertEqual(self.found('flip rounding'),
                         [(10, 'weir_wide c = weir_div_ceil(a + b, 3);'),
                          (11, 'c = (weir_mul_div_floor(a, b, c - 1) + 1);')])
        self.assertEqual(self.found('swap bound'), [(12, 'return weir_wide_max(a, c);')])
        self.assertEqual(self.found('off by one'),
                         [(11, 'c = weir_mul_div_floor(a, b, c);'),
                          (12, 'return weir_wide_min(a, c) + 1;')])

    def test_draws_repeat_and_never_twice(self):
        found = mutants.of_text('x.c', SAMPLE)
        first = mutants.draw(found, len(found), random.Random(3))
        self.assertEqual(first, mutants.draw(found, len(found), random.Random(3)))
        self.assertEqual(sorted(first), sorted(set(first)))
        self.assertEqual(len(first), len(found))


if __name__ == '__main__':
    import sys
    unittest.main(argv=sys.argv[:1])
