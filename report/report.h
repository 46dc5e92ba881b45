/* report: the page that explains a run. Reads a run folder (summary.json, series.csv,
 * liquidations.csv, adl.csv) and never the engine: a report can be written again at any time, on
 * another machine, from the folder alone. */
#ifndef WEIR_REPORT_H
#define WEIR_REPORT_H

#include "market/market.h"

/* Writes `folder`/report.html: one file with its styles, script and data inside, which asks for
 * nothing from the network. An existing report.html is replaced only once the new one is complete.
 * Money in the CSV files is simulated size; the page shows it multiplied by summary.json's `scale`.
 *
 * Returns 0; -EINVAL when a file of the folder is missing or wrong (error->text says which file,
 * line and column, what stands there and what was expected); -EIO when the page cannot be written;
 * -ENOMEM. On failure report.html is as it was. Time O(rows), memory bounded by the rows of
 * liquidations.csv (8 bytes each) and adl.csv (64 bytes each) and the sample times of series.csv.
 */
int weir_report_write(const char *folder, struct weir_file_error *error);

#endif
