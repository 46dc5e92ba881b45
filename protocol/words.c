/* The words of the text protocol, one table an enum. */
#include "protocol/protocol.h"

const char *const weir_command_words[WEIR_CMD_COUNT] = {
    "none", "account", "deposit", "withdraw", "leverage", "margin_mode", "isolated_margin",
    "order", "cancel", "cancel_all", "amend", "index", "collateral_price", "block_trade",
    "fund", "bid", "backstop", "market_status", "risk", "indicator", "clock", "query",
};
const char *const weir_reason_words[WEIR_REASON_COUNT] = {
    "ok", "malformed", "unknown_command", "invalid", "time", "unknown_account", "unknown_market",
    "unknown_asset", "unknown_fund", "unknown_auction", "unknown_order", "duplicate", "precision",
    "range", "overflow", "in_liquidation", "status", "stale", "no_mark", "not_flat",
    "not_isolated", "min_size", "order_limit", "leverage", "band", "reserve", "post_only",
    "reduce_only", "fok", "position_limit", "open_interest", "margin", "insufficient",
    "not_allowed", "user", "self_trade", "maker_margin", "taker_margin", "fill_limit", "ioc",
    "liquidation", "adl", "settlement",
};
const char *const weir_event_words[WEIR_EV_COUNT] = {
    "accepted", "rejected", "fill", "cancelled", "triggered", "mark", "index_stale",
    "index_fresh", "funding", "margin_call", "liquidation_started", "liquidation_step",
    "auction_opened", "auction_joined", "auction_closed", "adl", "fund_movement",
    "collateral_sold", "socialised", "liquidation_ended", "settled", "status", "account_state",
    "market_state", "book_state", "fund_state", "auctions_state", "adl_state", "liquidation_map",
    "totals",
};
const char *const weir_fill_words[] = {
    "trade", "liquidation", "auction", "backstop", "absorb", "unwind", "adl", "block",
    "settlement",
};
const char *const weir_cause_words[WEIR_CAUSE_COUNT] = {
    "seed", "liquidation_fee", "gap", "shortfall", "absorb", "unwind", "confiscated", "dust",
};
const char *const weir_outcome_words[] = {"cured", "restored", "closed"};
const char *const weir_status_words[] = {"trading", "reduce_only", "auction", "halted"};
const char *const weir_policy_words[WEIR_POLICY_COUNT] = {
    "full", "tier_step", "fraction", "increment", "disposal", "block_cap", "window", "ramp",
    "random_slice", "twap", "pov", "depth", "optimal",
};
const char *const weir_stage_words[WEIR_BY_COUNT] = {
    "book", "auction", "backstop", "absorbed", "adl",
};
const char *const weir_query_words[] = {
    "account", "market", "book", "fund", "auctions", "adl", "liquidation_map", "totals",
};
const char *const weir_side_words[] = {"buy", "sell"};
