/* A run folder's page: the template with the folder's figures as JSON in its middle. */
#include "report/internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Files that the instructions for a rerun may name, as found in the folder. */
static const char *const rerun_files[] = {"scenario.yaml", "scenario", "venue.yaml", "venue",
                                          "commands.weir"};

static void put_files(const char *folder, FILE *out) {
    (void)fputs("\"files\":{", out);
    bool first = true;
    for (size_t i = 0; i < sizeof rerun_files / sizeof rerun_files[0]; i++) {
        char *path = weir_report_path(folder, rerun_files[i]);
        if (path != NULL && access(path, R_OK) == 0) {
            (void)fprintf(out, "%s\"%s\":true", first ? "" : ",", rerun_files[i]);
            first = false;
        }
        free(path);
    }
    (void)fputc('}', out);
}

/* Collects everything the page shows as one JSON object. */
static int put_data(const char *folder, FILE *out, struct weir_file_error *error) {
    json_t *summary = weir_report_summary(folder, error);
    if (summary == NULL) return -EINVAL;
    char *text = json_dumps(summary, JSON_COMPACT | JSON_ENSURE_ASCII);
    json_decref(summary);
    if (text == NULL) return -ENOMEM;
    (void)fputs("{\"summary\":", out);
    weir_report_put_json(out, text);
    free(text);
    (void)fputc(',', out);
    int result = weir_report_series(folder, out, error);
    (void)fputc(',', out);
    if (result == 0) result = weir_report_liquidations(folder, out, error);
    (void)fputc(',', out);
    if (result == 0) result = weir_report_adl(folder, out, error);
    (void)fputc(',', out);
    put_files(folder, out);
    (void)fputc('}', out);
    return result;
}

static int refuse_write(const char *path, struct weir_file_error *error) {
    (void)snprintf(error->text, sizeof error->text, "%.300s: cannot be written: %s", path,
                   strerror(errno));
    return -EIO;
}

/* The page is written beside its final name and renamed, so no reader meets half of one. */
static int write_page(const char *folder, const char *data, size_t size,
                      struct weir_file_error *error) {
    char *path = weir_report_path(folder, "report.html");
    char *partial = weir_report_path(folder, "report.html.partial");
    int result = path != NULL && partial != NULL ? 0 : -ENOMEM;
    FILE *file = result == 0 ? fopen(partial, "we") : NULL;
    if (result == 0 && file == NULL) result = refuse_write(partial, error);
    if (result == 0) {
        size_t done = fwrite(weir_report_page_head, 1, weir_report_page_head_size, file);
        done += fwrite(data, 1, size, file);
        done += fwrite(weir_report_page_tail, 1, weir_report_page_tail_size, file);
        bool whole = done == weir_report_page_head_size + size + weir_report_page_tail_size;
        if (fclose(file) != 0 || !whole || rename(partial, path) != 0) {
            result = refuse_write(path, error);
            (void)unlink(partial);
        }
    }
    free(path);
    free(partial);
    return result;
}

int weir_report_write(const char *folder, struct weir_file_error *error) {
    char *data = NULL;
    size_t size = 0;
    error->text[0] = 0;
    FILE *out = open_memstream(&data, &size);
    int result = out != NULL ? put_data(folder, out, error) : -ENOMEM;
    if (out != NULL && fclose(out) != 0 && result == 0) result = -ENOMEM;
    if (result == 0) result = write_page(folder, data, size, error);
    free(data);
    if (result == -ENOMEM)
        (void)snprintf(error->text, sizeof error->text, "%.300s: out of memory", folder);
    return result;
}
