// Boost.Interprocess as its manual uses it (https://www.boost.org/doc/libs/release/doc/html/interprocess.html), behind functions of C.
//
//   cc -O2 -march=native -Wall -Wextra -Werror -pthread -flto -o boost-… boost-….c boost.cc -lstdc++
#include "boost.h"

#include <boost/interprocess/ipc/message_queue.hpp>
#include <boost/interprocess/mapped_region.hpp>
#include <boost/interprocess/shared_memory_object.hpp>
#include <boost/interprocess/sync/interprocess_mutex.hpp>
#include <new>

namespace ipc = boost::interprocess;

namespace {

struct Segment {
  ipc::shared_memory_object object;
  ipc::mapped_region region;
};

ipc::interprocess_mutex* mutex_at(void* at) { return static_cast<ipc::interprocess_mutex*>(at); }
ipc::message_queue* queue_at(void* at) { return static_cast<ipc::message_queue*>(at); }

}  // namespace

uint64_t boost_mutex_size() { return sizeof(ipc::interprocess_mutex); }
void boost_mutex_make(void* mutex) { new (mutex) ipc::interprocess_mutex; }
void boost_mutex_lock(void* mutex) { mutex_at(mutex)->lock(); }
void boost_mutex_unlock(void* mutex) { mutex_at(mutex)->unlock(); }

void* boost_queue_make(const char* name, uint64_t capacity, uint64_t size) try {
  auto* queue = new ipc::message_queue(ipc::create_only, name, capacity, size);
  ipc::message_queue::remove(name);
  return queue;
} catch (const ipc::interprocess_exception&) {
  return nullptr;
}

void boost_queue_send(void* queue, const void* message, uint64_t size) {
  queue_at(queue)->send(message, size, 0);
}

uint64_t boost_queue_receive(void* queue, void* message, uint64_t size) {
  ipc::message_queue::size_type received;
  unsigned priority;
  queue_at(queue)->receive(message, size, received, priority);
  return received;
}

bool boost_queue_try_send(void* queue, const void* message, uint64_t size) {
  return queue_at(queue)->try_send(message, size, 0);
}

bool boost_queue_try_receive(void* queue, void* message, uint64_t size) {
  ipc::message_queue::size_type received;
  unsigned priority;
  return queue_at(queue)->try_receive(message, size, received, priority);
}

void* boost_segment_create(const char* name, uint64_t size) try {
  ipc::shared_memory_object object(ipc::create_only, name, ipc::read_write);
  object.truncate(static_cast<ipc::offset_t>(size));
  ipc::mapped_region region(object, ipc::read_write);
  return new Segment{std::move(object), std::move(region)};
} catch (const ipc::interprocess_exception&) {
  return nullptr;
}

void* boost_segment_open(const char* name) try {
  ipc::shared_memory_object object(ipc::open_only, name, ipc::read_write);
  ipc::mapped_region region(object, ipc::read_write);
  return new Segment{std::move(object), std::move(region)};
} catch (const ipc::interprocess_exception&) {
  return nullptr;
}

void* boost_segment_address(void* segment) {
  return static_cast<Segment*>(segment)->region.get_address();
}

void boost_segment_close(void* segment) { delete static_cast<Segment*>(segment); }
bool boost_segment_remove(const char* name) { return ipc::shared_memory_object::remove(name); }
