// The few parts of io_uring that asynchronous waits need (io_uring(7)): wait on a word, take a wait back, be told at a time.
//
// The ring belongs to the thread that made it: every function is called there. Nothing of it runs behind that thread's back
// (IORING_SETUP_DEFER_TASKRUN): no system call of it is interrupted by a wait that ends. The kernel adds to an eventfd(2) when
// there is something to collect; anybody may add to it, too.
#pragma once

#include <cstddef>
#include <cstdint>
#include <ctime>
#include <memory>

struct io_uring_sqe;
struct io_uring_cqe;

namespace memspan {

class Ring {
 public:
  // Null where it cannot be had: before Linux 6.7, in many containers (seccomp), out of descriptors.
  static std::unique_ptr<Ring> Make();
  ~Ring();
  Ring(const Ring&) = delete;
  Ring& operator=(const Ring&) = delete;

  int eventFd() const { return eventFd_; }

  // Stands in the word's queue when this returns 0, unless a result for it is there to be collected at once: -EAGAIN for a
  // word that is not `expected`. Else -errno, and nothing was begun. The other end's FUTEX_WAKE finds it, first come, first served.
  int Wait(const uint32_t* word, uint32_t expected, uint64_t id);
  // Takes that wait out of its queue: its result, there to be collected when this returns 0, is -ECANCELED. One that was
  // woken before stays woken. -errno: it still stands there.
  int Cancel(uint64_t id);
  void CancelAll();
  // A result of that id comes at this time (CLOCK_MONOTONIC).
  int Alarm(const timespec& when, uint64_t id);

  struct Result {
    uint64_t id;
    int result;
  };
  // The next result that is there, without asking the kernel.
  bool Next(Result* result);
  // Has the kernel bring what has happened since.
  void Fetch();
  // Whether there is more to fetch: asked after the eventfd was read, which forgets that somebody added to it.
  bool HasMore() const;

  // Of calls whose own result nobody needs.
  static constexpr uint64_t kNobody = ~uint64_t{0};

 private:
  Ring() = default;
  bool Open();
  io_uring_sqe* Begin(uint8_t operation, uint64_t id);
  int Submit(unsigned flags);

  int fd_ = -1;
  int eventFd_ = -1;
  void* rings_ = nullptr;
  size_t ringsSize_ = 0;
  io_uring_sqe* entries_ = nullptr;
  size_t entriesSize_ = 0;
  uint32_t* head_ = nullptr;
  uint32_t* tail_ = nullptr;
  uint32_t* flags_ = nullptr;
  uint32_t* slots_ = nullptr;
  uint32_t mask_ = 0;
  uint32_t* doneHead_ = nullptr;
  uint32_t* doneTail_ = nullptr;
  uint32_t doneMask_ = 0;
  io_uring_cqe* done_ = nullptr;
};

}  // namespace memspan
