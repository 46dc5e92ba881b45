/* stream: random venues and endless random commands for them, as the text that a client would
 * send. The same (seed, shape) and the same events give the same lines. Most commands are valid:
 * the stream keeps a light model of marks, open orders, positions and auctions, fed by the events
 * of whoever runs the commands; the rest are wrong in ways that clients are wrong. */
#ifndef WEIR_TESTS_RANDOM_STREAM_H
#define WEIR_TESTS_RANDOM_STREAM_H

#include "protocol/protocol.h"
#include "wire/wire.h"

struct weir_stream; /* opaque */

/* Shapes put weight on one part of the rules; shape 0 draws everything at random. */
uint32_t weir_stream_shapes(void);
const char *weir_stream_shape_name(uint32_t shape);
/* WEIR_NO_INDEX when there is no such shape. */
uint32_t weir_stream_shape(const char *name);

/* NULL when memory is refused. `shape` < weir_stream_shapes(). */
struct weir_stream *weir_stream_new(uint64_t seed, uint32_t shape);
void weir_stream_free(struct weir_stream *stream);
/* The venue file of the stream. */
const char *weir_stream_venue(const struct weir_stream *stream);
/* Writes the next line (without newline; it may hold any byte, NUL included) and returns its
 * length, at most `size`; `size` is at least 4096. */
size_t weir_stream_next(struct weir_stream *stream, char *text, size_t size);
/* Share of lines with bytes changed at random (parts per million) from now on; 0 at first. */
void weir_stream_mutate(struct weir_stream *stream, uint32_t ppm);
/* Tells the model what happened. Call it with every event of the last line. */
void weir_stream_observe(struct weir_stream *stream, const struct weir_event *event);

#endif
