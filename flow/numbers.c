#include "flow/internal.h"

#include <math.h>
#include <string.h>

/* sqrt, like the four operations, is exact to the last bit everywhere. */
#define LN2_HIGH 0x1.62e42fefa3800p-1
#define LN2_LOW  0x1.ef35793c76730p-45

static double scale_power(double x, int power) {
    uint64_t bits = (uint64_t)(1023 + power) << 52;
    double factor;
    memcpy(&factor, &bits, sizeof factor);
    return x * factor;
}

double weir_flow_exp(double x) {
    if (x > 700) x = 700;
    if (x < -700) return 0;
    int n = (int)(x / (LN2_HIGH + LN2_LOW) + (x < 0 ? -0.5 : 0.5));
    double r = (x - n * LN2_HIGH) - n * LN2_LOW; /* |r| <= 0.35 */
    double sum = 1;
    for (int i = 16; i >= 1; i--)
        sum = 1 + sum * r / i;
    return scale_power(sum, n);
}

double weir_flow_log(double x) {
    uint64_t bits;
    if (!(x > 0)) return -1e3;
    memcpy(&bits, &x, sizeof bits);
    int n = (int)(bits >> 52) - 1023;
    double m = scale_power(x, -n); /* [1,2) */
    if (m > 1.4142135623730951) {
        m *= 0.5;
        n++;
    }
    /* log m = 2 artanh((m - 1) / (m + 1)), argument below 0.172 */
    double s = (m - 1) / (m + 1), s2 = s * s, sum = 0;
    for (int i = 19; i >= 1; i -= 2)
        sum = sum * s2 + 1.0 / i;
    return n * LN2_HIGH + (2 * s * sum + n * LN2_LOW);
}

double weir_flow_pow(double x, double y) {
    return x > 0 ? weir_flow_exp(y * weir_flow_log(x)) : 0;
}

/* Rational approximation by Acklam, 1.15e-9. */
double weir_flow_normal(double u) {
    static const double a[] = {-3.969683028665376e+01, 2.209460984245205e+02,
                               -2.759285104469687e+02, 1.383577518672690e+02,
                               -3.066479806614716e+01, 2.506628277459239e+00};
    static const double b[] = {-5.447609879822406e+01, 1.615858368580409e+02,
                               -1.556989798598866e+02, 6.680131188771972e+01,
                               -1.328068155288572e+01};
    static const double c[] = {-7.784894002430293e-03, -3.223964580411365e-01,
                               -2.400758277161838e+00, -2.549732539343734e+00,
                               4.374664141464968e+00,  2.938163982698783e+00};
    static const double d[] = {7.784695709041462e-03, 3.224671290700398e-01, 2.445134137142996e+00,
                               3.754408661907416e+00};
    if (u < 0.02425 || u > 1 - 0.02425) {
        double tail = u < 0.5 ? u : 1 - u;
        double q = sqrt(-2 * weir_flow_log(tail));
        double x = (((((c[0] * q + c[1]) * q + c[2]) * q + c[3]) * q + c[4]) * q + c[5]) /
                   ((((d[0] * q + d[1]) * q + d[2]) * q + d[3]) * q + 1);
        return u < 0.5 ? x : -x;
    }
    double q = u - 0.5, r = q * q;
    return (((((a[0] * r + a[1]) * r + a[2]) * r + a[3]) * r + a[4]) * r + a[5]) * q /
           (((((b[0] * r + b[1]) * r + b[2]) * r + b[3]) * r + b[4]) * r + 1);
}

double weir_flow_uniform(struct weir_random *r) {
    return ((double)(weir_random_next(r) >> 12) + 0.5) * 0x1p-52;
}

double weir_flow_exponential(struct weir_random *r) {
    return -weir_flow_log(weir_flow_uniform(r));
}

int64_t weir_flow_round(double x) {
    if (x >= 9e18) return INT64_C(9000000000000000000);
    if (x <= -9e18) return -INT64_C(9000000000000000000);
    return (int64_t)(x < 0 ? x - 0.5 : x + 0.5);
}

double weir_flow_double(const struct weir_decimal *d) {
    double power = 1;
    for (int i = 0; i < d->scale; i++)
        power *= 10;
    return (double)d->mantissa / power;
}

double weir_flow_decay(weir_time elapsed, weir_time half_life) {
    return weir_flow_exp(-(LN2_HIGH + LN2_LOW) * (double)elapsed / (double)half_life);
}
