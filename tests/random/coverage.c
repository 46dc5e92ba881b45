/* Only in builds that count coverage: processes that end with _exit must hand in their counts. */
extern void __gcov_dump(void);
void weir_coverage_dump(void);

void weir_coverage_dump(void) {
    __gcov_dump();
}
