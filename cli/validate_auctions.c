/* weir validate dutch, sealed-bid: published results about auctions (R26). */
#include "auction/auction.h"
#include "cli/validate.h"

#include <inttypes.h>
#include <math.h>

#define ORACLE          1000000000 /* the mark, in ticks */
#define BIDDERS_MOST    10
#define STANDARD_ERRORS 4.5

/* ---- dutch ----------------------------------------------------------------------------------- */
/* Start 110 %, cut 99.7 % every 30 s: the first second at which the price is at most a share of the
 * oracle's, and the restart at 60 % of the start. */
static const struct {
    int64_t percent;
    int64_t seconds;
} published_times[] = {{100, 960}, {99, 1080}, {97, 1260}, {95, 1470}, {90, 2010}, {80, 3180}};
#define CUSP_SECONDS 5130

struct times {
    uint32_t cases, equal;
    bool json, quiet;
};

static void count_time(struct times *r, const char *what, int64_t published, int64_t measured) {
    bool same = published == measured;
    FILE *out = r->json ? stderr : stdout;
    r->cases++;
    r->equal += same;
    if (!same || (!r->json && !r->quiet))
        fprintf(out, "dutch  %s: published %" PRId64 " s, measured %" PRId64 " s: %s\n", what,
                published, measured, same ? "pass" : "FAIL");
}

int weir_validate_dutch(const struct weir_validate *a) {
    struct weir_venue v = {.auction_curve = WEIR_CURVE_STEP,
                           .auction_start = 1100000000,
                           .auction_duration = 10000 * WEIR_SECOND,
                           .auction_step = 30 * WEIR_SECOND,
                           .auction_cut = 997000000,
                           .auction_tail = WEIR_NONE,
                           .auction_cusp = 600000000};
    struct weir_market m = {.max_price = INT64_MAX};
    struct weir_dutch curve;
    struct times r = {.json = a->options.json, .quiet = a->options.quiet};
    weir_dutch_new(&curve, &v);
    weir_price start = weir_dutch_start(&v, &m, WEIR_SELL, ORACLE);
    for (size_t i = 0; i < sizeof published_times / sizeof published_times[0]; i++) {
        int64_t second = 0, level = ORACLE / 100 * published_times[i].percent;
        while (second < 10000 &&
               weir_dutch_price(&curve, WEIR_SELL, start, 1, second * WEIR_SECOND) > level)
            second++;
        char what[64];
        (void)snprintf(what, sizeof what, "%" PRId64 " %% of the oracle's price",
                       published_times[i].percent);
        count_time(&r, what, published_times[i].seconds, second);
    }
    weir_time restart = weir_dutch_restart(&curve, WEIR_SELL, start, 1);
    count_time(&r, "below 60 % of the start", CUSP_SECONDS,
               restart % WEIR_SECOND == 0 ? restart / WEIR_SECOND : -1);
    if (r.json) {
        weir_validate_open("dutch");
        printf(",\"times\":{\"published\":%u,\"equal\":%u},\"passed\":%s}", r.cases, r.equal,
               r.equal == r.cases ? "true" : "false");
    }
    return r.equal == r.cases ? WEIR_EXIT_DONE : WEIR_EXIT_FAILED;
}

/* ---- sealed-bid ------------------------------------------------------------------------------ */
/* n bidders whose values are uniform in [0, 1] bid for one lot. Where the winner pays his bid each
 * bids (n - 1) / n of his value; where he pays the best refused bid, his value. Both bring
 * (n - 1) / (n + 1). */
struct estimate {
    double mean, error; /* of the revenue; standard error */
};

/* Revenue of one auction, in ORACLE ticks. */
static weir_price revenue(bool first_price, uint32_t n, struct weir_random *random) {
    struct weir_offer offer = {.lots = 1, .reserve = 1, .owner = BIDDERS_MOST};
    struct weir_bid bids[BIDDERS_MOST];
    uint32_t offer_order[1], bid_order[BIDDERS_MOST];
    struct weir_pair pairs[BIDDERS_MOST + 1];
    for (uint32_t i = 0; i < n; i++) {
        int64_t value = 1 + (int64_t)weir_random_below(random, ORACLE);
        weir_price price = first_price ? weir_max(1, value * (n - 1) / n) : value;
        bids[i] = (struct weir_bid){.lots = 1, .price = price, .owner = i, .arrival = i};
    }
    struct weir_sale sale = {.side = WEIR_SELL,
                             .offer_count = 1,
                             .bid_count = n,
                             .offers = &offer,
                             .bids = bids,
                             .offer_order = offer_order,
                             .bid_order = bid_order,
                             .pairs = pairs};
    uint32_t count = first_price ? weir_auction_pay_as_bid(&sale)
                                 : weir_auction_uniform(&sale, WEIR_HIGHEST_REJECTED);
    WEIR_CHECK(count == 1);
    return pairs[0].price;
}

static struct estimate estimate(const struct weir_validate *a, bool first_price, uint32_t n,
                                uint64_t rounds) {
    char stream[32];
    (void)snprintf(stream, sizeof stream, "sealed-bid %d %u", first_price, n);
    struct weir_random random = {.key = weir_random_key(a->seed, stream)};
    double sum = 0, squares = 0;
    uint64_t done = 0;
    /* Two at least, interrupted or not: an error of one is none. */
    while (done < rounds && (done < 2 || !weir_cli_interrupted)) {
        done++;
        double x = (double)revenue(first_price, n, &random) / ORACLE;
        sum += x;
        squares += x * x;
    }
    double count = (double)done, mean = sum / count;
    double variance = fmax(0, squares - sum * mean) / (count - 1);
    return (struct estimate){mean, sqrt(variance / count)};
}

int weir_validate_sealed_bid(const struct weir_validate *a) {
    static const uint32_t bidders[] = {2, 3, 5, BIDDERS_MOST};
    uint64_t rounds = a->rounds > 0 ? a->rounds : WEIR_SEALED_BID_ROUNDS;
    bool json = a->options.json, all = true, some = false;
    if (json) {
        weir_validate_open("sealed-bid");
        printf(",\"rounds\":%" PRIu64 ",\"revenues\":[", rounds);
    }
    for (size_t i = 0; i < sizeof bidders / sizeof bidders[0]; i++) {
        for (int first = 1; first >= 0; first--) {
            uint32_t n = bidders[i];
            double expected = (double)(n - 1) / (n + 1);
            struct estimate e = estimate(a, first, n, rounds);
            bool same = fabs(e.mean - expected) <= STANDARD_ERRORS * e.error;
            const char *price = first ? "first" : "second";
            all = all && same;
            if (json)
                printf("%s{\"bidders\":%u,\"price\":\"%s\",\"published\":%.6f,\"measured\":%.6f,"
                       "\"standard_error\":%.6f,\"passed\":%s}",
                       some ? "," : "", n, price, expected, e.mean, e.error,
                       same ? "true" : "false");
            else if (!same || !a->options.quiet)
                printf("sealed-bid  %2u bidders, %s price: published %.4f, measured %.4f +- %.4f "
                       "(one standard error): %s\n",
                       n, price, expected, e.mean, e.error, same ? "pass" : "FAIL");
            some = true;
        }
    }
    if (json) printf("],\"passed\":%s}", all ? "true" : "false");
    return all ? WEIR_EXIT_DONE : WEIR_EXIT_FAILED;
}
