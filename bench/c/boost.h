// What the benchmarks use of Boost.Interprocess, callable from C. Linked with -flto, so that a call of these costs nothing of its own.
#ifndef MEMSPAN_BOOST_H_
#define MEMSPAN_BOOST_H_

#ifdef __cplusplus
#include <cstdint>
extern "C" {
#else
#include "bench.h"
#endif

// interprocess_mutex, made in these bytes.
uint64_t boost_mutex_size(void);
void boost_mutex_make(void* mutex);
void boost_mutex_lock(void* mutex);
void boost_mutex_unlock(void* mutex);

// message_queue: `capacity` messages of `size` bytes at most. Made before the fork, without a name afterwards. NULL: it cannot be.
void* boost_queue_make(const char* name, uint64_t capacity, uint64_t size);
void boost_queue_send(void* queue, const void* message, uint64_t size);
uint64_t boost_queue_receive(void* queue, void* message, uint64_t size);
bool boost_queue_try_send(void* queue, const void* message, uint64_t size);
bool boost_queue_try_receive(void* queue, void* message, uint64_t size);

// shared_memory_object and its mapped_region. NULL: it cannot be.
void* boost_segment_create(const char* name, uint64_t size);
void* boost_segment_open(const char* name);
void* boost_segment_address(void* segment);
void boost_segment_close(void* segment);
bool boost_segment_remove(const char* name);

#ifdef __cplusplus
}
#endif

#endif  // MEMSPAN_BOOST_H_
