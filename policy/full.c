/* `full`: all at once. */
#include "policy/policy.h"

void weir_policy_full(const struct weir_policy_config *config, const struct weir_policy_view *view,
                      struct weir_slice *slice) {
    (void)config;
    slice->lots = view->lots;
}
