#!/usr/bin/env python3
"""Writes a believable run folder without an engine, for tests of the report.

Usage: make_run_folder.py FOLDER [calm|hour|stress] [--seed N] [--step SECONDS] [--hours N]
       [--markets N]
calm: nothing is liquidated; hour: a fall, a bounce, all closed in the book; stress: every stage of
the waterfall acts. The figures of summary.json follow from the rows of the CSV files.
"""

import argparse
import json
import math
import os
import random

MARKETS = [  # symbol, price, decimals, open interest (simulated, quote), weight in liquidations
    ("BTC-PERP", 104250.0, 1, 33e6, 0.52), ("ETH-PERP", 3320.0, 2, 19e6, 0.28),
    ("SOL-PERP", 172.0, 2, 8e6, 0.07), ("XRP-PERP", 2.31, 4, 6e6, 0.05),
    ("DOGE-PERP", 0.178, 5, 4e6, 0.03), ("BNB-PERP", 955.0, 1, 3e6, 0.02),
    ("LINK-PERP", 15.8, 3, 2e6, 0.02), ("AVAX-PERP", 16.9, 3, 2e6, 0.01)]
START_NS = 1_763_078_400 * 10**9
STAGES = ("book", "auction", "backstop", "absorbed", "adl")
MIX = {"calm": (1, 0, 0, 0, 0), "hour": (0.997, 0.003, 0, 0, 0),
       "stress": (0.78, 0.11, 0.05, 0.02, 0.04)}
SCALE = 1000


def shape(hour, hours):
    """The outside path: a slow fall, a break in the afternoon, a bounce, waves."""
    at = hour / hours * 24
    path = -0.006 * math.sin(at / 24 * 9) - 0.0006 * at
    path -= 0.042 / (1 + math.exp(-(at - 14.2) * 22))
    path += 0.021 / (1 + math.exp(-(at - 14.75) * 14))
    return path


def intensity(kind, hour, hours):
    """Liquidated notional an hour (simulated, quote): longs, shorts."""
    if kind == "calm":
        return 0.0, 0.0
    at = hour / hours * 24
    boost = 1 if kind == "hour" else 6

    def wave(size, center, width):
        return size * math.exp(-((at - center) / width) ** 2)

    long = 12e3 + wave(1.15e6, 14.25, 0.13) + wave(60e3, 6, 1)
    short = 9e3 + wave(0.62e6, 14.78, 0.11) + wave(40e3, 19, 1)
    return long * boost, short * boost


def write_series(folder, kind, hours, step, rng):
    """Writes series.csv; returns the samples [(t_ns, market, long, short)] and prices by market."""
    columns = ("time_ns,market,index,mark,last,best_bid,best_ask,bid_depth,ask_depth,spread,"
               "open_interest,funding_rate,long_share,fund,leverage_ratio,backlog,"
               "liquidated_long,liquidated_short")
    samples, prices, funds = [], {}, []
    noise = {market[0]: 0.0 for market in MARKETS}
    fund = 9e5
    with open(os.path.join(folder, "series.csv"), "w", encoding="ascii") as out:
        out.write(columns + "\n")
        for i in range(int(hours * 3600 / step) + 1):
            hour = i * step / 3600
            t_ns = START_NS + int(i * step) * 10**9
            long, short = (x * step / 3600 for x in intensity(kind, hour, hours))
            stress = min(1.0, (long + short) * 3600 / step / 1.2e6)
            backlog = int(stress > 0.6)
            if kind == "stress":
                backlog = int(stress ** 3 * 140 * rng.random())
            fund += (long + short) * (0.004 if kind != "stress" or stress < 0.5 else -0.012)
            fund = max(fund, 0)
            funds.append(fund)
            for symbol, base, digits, interest, weight in MARKETS:
                noise[symbol] = noise[symbol] * 0.999 + rng.gauss(0, 0.0004) * math.sqrt(step / 60)
                beta = 1.0 if symbol == "BTC-PERP" else 1.25
                move = shape(hour, hours) * beta + noise[symbol]
                index = base * math.exp(move)
                mark = index * (1 + rng.gauss(0, 0.0002) - 0.001 * stress)
                spread = base * 10 ** -4 * (1 + 9 * stress * rng.random())
                depth = interest / base * 0.02 / (1 + 5 * stress) * (0.9 + 0.2 * rng.random())
                share = weight * (0.5 + rng.random()) if long + short > 0 else 0
                row_long, row_short = round(long * share, 6), round(short * share, 6)
                samples.append((t_ns, symbol, row_long, row_short))
                prices.setdefault(symbol, []).append(round(mark, digits))
                at = hour / hours * 24
                held = interest / base * (1 - 0.14 / (1 + math.exp(-(at - 14.4) * 9)))
                funding = (0.0007 + 0.0012 * weight) * (1 if at < 14.3 + weight else -0.2)
                total = row_long + row_short
                out.write(",".join((
                    str(t_ns), symbol, f"{index:.{digits}f}", f"{mark:.{digits}f}",
                    f"{mark:.{digits}f}", f"{mark - spread / 2:.{digits}f}",
                    f"{mark + spread / 2:.{digits}f}", f"{depth:.3f}", f"{depth * 1.05:.3f}",
                    f"{spread:.{digits}f}", f"{held:.3f}", f"{funding:.9f}",
                    f"{row_long / total:.9f}" if total else "", f"{fund:.6f}",
                    f"{0.21 - 0.05 * hour / hours:.9f}", str(backlog), f"{row_long:.6f}",
                    f"{row_short:.6f}")) + "\n")
    return samples, prices, funds


def write_liquidations(folder, kind, samples, rng):
    """Cuts what the samples say was liquidated into closings; returns totals by stage."""
    stages, outcomes, accounts, scopes = [0.0] * 5, [0, 0, 0], set(), 0
    classes = ("default", "retail")
    with open(os.path.join(folder, "liquidations.csv"), "w", encoding="ascii") as out:
        out.write("liquidation,account,scope,class,side,market,started_ns,ended_ns,outcome,equity,"
                  "requirement,notional,book,auction,backstop,absorbed,adl,shortfall,lots_closed,"
                  "steps\n")
        for t_ns, market, long, short in samples:
            for side, left in (("long", long), ("short", short)):
                while left > 1:
                    size = min(left, rng.lognormvariate(6.8, 2.12))
                    left -= size
                    scopes += 1
                    account = f"trader-{rng.randrange(40000)}"
                    accounts.add(account)
                    outcome = rng.choices((0, 1, 2), (0.02, 0.2, 0.78))[0]
                    outcomes[outcome] += 1
                    parts = [size] + [0.0] * 4
                    if outcome and rng.random() > MIX[kind][0]:
                        stage = rng.choices(range(1, 5), MIX[kind][1:])[0]
                        parts = [0.0] * 5
                        parts[0], parts[stage] = size * 0.2, size * 0.8
                    if outcome == 0:
                        parts = [0.0] * 5
                    stages = [a + b for a, b in zip(stages, parts)]
                    shortfall = size * 0.01 * rng.random() if kind == "stress" and parts[4] else 0
                    took = 0 if parts[0] == size else rng.randrange(1, 8) * 10**9
                    out.write(",".join((
                        str(scopes), account, "cross" if rng.random() < 0.7 else market,
                        rng.choice(classes), side, market, str(t_ns), str(t_ns + took),
                        ("cured", "restored", "closed")[outcome], f"{size * 0.0039:.6f}",
                        f"{size * 0.004:.6f}", f"{size:.6f}",
                        ",".join(f"{part:.6f}" for part in parts), f"{shortfall:.6f}",
                        str(max(1, int(size // 100))), str(rng.randrange(1, 5)))) + "\n")
    return stages, outcomes, accounts, scopes


def write_adl(folder, stage_total, prices, rng):
    events, notional, haircut, accounts = 0, 0.0, 0.0, set()
    with open(os.path.join(folder, "adl.csv"), "w", encoding="ascii") as out:
        out.write("time_ns,market,account,counterparty,qty,price,rank,haircut,least_haircut\n")
        while notional < stage_total * 0.999:
            size = min(stage_total - notional, rng.lognormvariate(7.5, 1.3))
            price = prices["BTC-PERP"][len(prices["BTC-PERP"]) * 6 // 10]
            qty = max(1, round(size / price * 1000))
            notional += qty / 1000 * price
            haircut += size * 0.004
            events += 1
            winner = f"winner-{int(rng.paretovariate(0.9)) % 500}"
            accounts.add(winner)
            out.write(f"{START_NS + int(14.4 * 3600) * 10**9},BTC-PERP,"
                      f"trader-{rng.randrange(40000)},{winner},{qty / 1000:.3f},{price:.1f},"
                      f"{events},{size * 0.004:.6f},{size * 0.001:.6f}\n")
    return {"events": events, "accounts": len(accounts), "notional": notional * SCALE,
            "haircut": haircut * SCALE, "least_haircut": haircut / 4 * SCALE}


def worst_hour(samples):
    """The worst rolling 60 minutes: (total, long, by market)."""
    best, window, first = (0.0, 0.0, {}), [0.0, 0.0], 0
    markets = {}
    for i, (t_ns, market, long, short) in enumerate(samples):
        window[0] += long + short
        window[1] += long
        markets[market] = markets.get(market, 0) + long + short
        while samples[first][0] <= t_ns - 3600 * 10**9:
            _, name, gone_long, gone_short = samples[first]
            window[0] -= gone_long + gone_short
            window[1] -= gone_long
            markets[name] -= gone_long + gone_short
            first += 1
        last_of_time = i + 1 == len(samples) or samples[i + 1][0] != t_ns
        if last_of_time and window[0] > best[0]:
            best = (window[0], window[1], dict(markets))
    return best


def drawdown(path):
    high, worst = path[0], 0.0
    for price in path:
        high = max(high, price)
        worst = max(worst, 1 - price / high)
    return worst


def money(value):
    return f"{value:.6f}"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder")
    parser.add_argument("kind", nargs="?", choices=tuple(MIX), default="hour")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--step", type=float, default=60)
    parser.add_argument("--hours", type=float, default=24)
    parser.add_argument("--markets", type=int, default=len(MARKETS))
    options = parser.parse_args()
    for i in range(len(MARKETS), options.markets):
        MARKETS.append((f"M{i}-PERP", 1.5 + i, 4, 1e6, 0.01))
    del MARKETS[options.markets:]
    rng = random.Random(options.seed)
    os.makedirs(options.folder, exist_ok=True)
    samples, prices, funds = write_series(options.folder, options.kind, options.hours, options.step,
                                          rng)
    stages, outcomes, accounts, scopes = write_liquidations(options.folder, options.kind, samples,
                                                            rng)
    adl = write_adl(options.folder, stages[4], prices, rng)
    total = sum(row[2] + row[3] for row in samples)
    long = sum(row[2] for row in samples)
    hour, hour_long, hour_markets = worst_hour(samples)
    by_market = {m[0]: sum(r[2] + r[3] for r in samples if r[1] == m[0]) for m in MARKETS}
    summary = {
        "scenario": {"calm": "calm", "hour": "hour-601m", "stress": "october-2025"}[options.kind],
        "seed": options.seed, "scale": SCALE, "policy": "full",
        "simulated_s": options.hours * 3600, "commands": 4_812_345, "events": 9_754_321,
        "state_hash": "9f2c41d07be35a86", "conserved": True,
        "liquidations": {
            "scopes": scopes, "accounts": len(accounts), "notional": money(total * SCALE),
            "long_share": f"{long / total:.9f}" if total else None,
            "by_market": {name: money(value * SCALE) for name, value in by_market.items()},
            "peak_hour": {"notional": money(hour * SCALE),
                          "long_share": f"{hour_long / hour:.9f}" if hour else None,
                          "by_market": {n: money(v * SCALE) for n, v in hour_markets.items()}},
            "by_stage": {name: money(v * SCALE) for name, v in zip(STAGES, stages)},
            "outcomes": dict(zip(("cured", "restored", "closed"), outcomes)),
            "simulated": {"notional": money(total)}},
        "insurance": {"start": money(funds[0] * SCALE), "min": money(min(funds) * SCALE),
                      "end": money(funds[-1] * SCALE),
                      "received": money(max(0, max(funds) - funds[0]) * SCALE),
                      "paid": money(max(0, max(funds) - funds[-1]) * SCALE)},
        "adl": adl, "socialised": "0.000000" if options.kind != "stress" else "1250000.000000",
        "price": {m[0]: {"open": str(prices[m[0]][0]), "low": str(min(prices[m[0]])),
                         "high": str(max(prices[m[0]])), "close": str(prices[m[0]][-1]),
                         "max_drawdown": f"{drawdown(prices[m[0]]):.9f}"} for m in MARKETS},
        "performance": {"wall_s": 14.82, "commands_per_s": 324719.6,
                        "liquidations_per_s": 61234.5 if scopes else 0,
                        "command_ns": {"p50": 640, "p99": 8190, "p99_9": 40900,
                                       "p99_99": 213000, "max": 1840000}}}
    with open(os.path.join(options.folder, "summary.json"), "w", encoding="ascii") as out:
        json.dump(summary, out, indent=1)
        out.write("\n")


if __name__ == "__main__":
    main()
