// io_uring by its system calls; see uring.h.

#include "uring.h"

#include <errno.h>
#include <linux/futex.h>
#include <linux/io_uring.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "without.h"

namespace memspan {
namespace {

// Of linux/io_uring.h; headers before 6.7 lack the first, before 6.1 the others.
constexpr uint8_t kFutexWait = 51;
constexpr uint32_t kTaskrunFlag = 1u << 9;
constexpr uint32_t kSingleIssuer = 1u << 12;
constexpr uint32_t kDeferTaskrun = 1u << 13;
constexpr uint32_t kCancelAll = 1u << 0;
constexpr uint32_t kCancelAny = 1u << 2;
constexpr uint32_t kMore = 1u << 1 | 1u << 2;  // IORING_SQ_CQ_OVERFLOW, IORING_SQ_TASKRUN
constexpr int32_t kWord32Flag = 2;             // FUTEX2_SIZE_U32, and not private

// One call is submitted at a time; results that find no room wait in the kernel.
constexpr unsigned kEntries = 4;
constexpr unsigned kResults = 512;

}  // namespace

std::unique_ptr<Ring> Ring::Make() {
  std::unique_ptr<Ring> ring(new Ring);
  return ring->Open() ? std::move(ring) : nullptr;
}

bool Ring::Open() {
  if (IsWithout("io_uring")) return false;
  io_uring_params params;
  memset(&params, 0, sizeof params);
  params.flags =
      kSingleIssuer | kDeferTaskrun | kTaskrunFlag | IORING_SETUP_CQSIZE | IORING_SETUP_CLAMP;
  params.cq_entries = kResults;
  fd_ = static_cast<int>(syscall(SYS_io_uring_setup, kEntries, &params));
  if (fd_ < 0 || !(params.features & IORING_FEAT_SINGLE_MMAP) ||
      !(params.features & IORING_FEAT_NODROP)) {
    return false;
  }
  const size_t asked = params.sq_off.array + params.sq_entries * sizeof(uint32_t);
  const size_t told = params.cq_off.cqes + params.cq_entries * sizeof(io_uring_cqe);
  ringsSize_ = asked > told ? asked : told;
  entriesSize_ = params.sq_entries * sizeof(io_uring_sqe);
  const int protection = PROT_READ | PROT_WRITE;
  const int sharing = MAP_SHARED | MAP_POPULATE;
  void* rings = mmap(nullptr, ringsSize_, protection, sharing, fd_, IORING_OFF_SQ_RING);
  if (rings == MAP_FAILED) return false;
  rings_ = rings;
  void* entries = mmap(nullptr, entriesSize_, protection, sharing, fd_, IORING_OFF_SQES);
  if (entries == MAP_FAILED) return false;
  entries_ = static_cast<io_uring_sqe*>(entries);
  const auto word = [&](uint32_t offset) {
    return reinterpret_cast<uint32_t*>(static_cast<uint8_t*>(rings_) + offset);
  };
  head_ = word(params.sq_off.head);
  tail_ = word(params.sq_off.tail);
  flags_ = word(params.sq_off.flags);
  slots_ = word(params.sq_off.array);
  mask_ = *word(params.sq_off.ring_mask);
  doneHead_ = word(params.cq_off.head);
  doneTail_ = word(params.cq_off.tail);
  doneMask_ = *word(params.cq_off.ring_mask);
  done_ = reinterpret_cast<io_uring_cqe*>(word(params.cq_off.cqes));
  eventFd_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (eventFd_ < 0) return false;
  if (syscall(SYS_io_uring_register, fd_, IORING_REGISTER_EVENTFD, &eventFd_, 1) != 0) return false;
  // Tried: a kernel that has the ring may lack this kind of wait.
  const uint32_t word0 = 0;
  Result result;
  return Wait(&word0, 1, 0) == 0 && Next(&result) && result.result == -EAGAIN;
}

Ring::~Ring() {
  if (entries_) munmap(entries_, entriesSize_);
  if (rings_) munmap(rings_, ringsSize_);
  if (fd_ >= 0) close(fd_);
  if (eventFd_ >= 0) close(eventFd_);
}

io_uring_sqe* Ring::Begin(uint8_t operation, uint64_t id) {
  // All that was submitted before has been taken: there is room.
  const uint32_t at = *tail_ & mask_;
  slots_[at] = at;
  io_uring_sqe* entry = &entries_[at];
  memset(entry, 0, sizeof *entry);
  entry->opcode = operation;
  entry->user_data = id;
  return entry;
}

int Ring::Submit(unsigned flags) {
  const uint32_t before = *tail_;
  __atomic_store_n(tail_, before + 1, __ATOMIC_RELEASE);
  long taken;
  do {
    taken = syscall(SYS_io_uring_enter, fd_, 1, 0, flags, nullptr, 0);
  } while (taken < 0 && errno == EINTR);
  if (taken == 1) return 0;
  const int failure = taken < 0 ? -errno : -EAGAIN;
  // Taken all the same, if it was what followed that failed.
  if (__atomic_load_n(head_, __ATOMIC_ACQUIRE) != before) return 0;
  __atomic_store_n(tail_, before, __ATOMIC_RELEASE);
  return failure;
}

int Ring::Wait(const uint32_t* word, uint32_t expected, uint64_t id) {
  io_uring_sqe* entry = Begin(kFutexWait, id);
  entry->fd = kWord32Flag;
  entry->addr = reinterpret_cast<uintptr_t>(word);
  entry->off = expected;
  // addr3, which older headers do not name: the mask of futex(2)'s FUTEX_WAIT_BITSET.
  const uint64_t anybody = FUTEX_BITSET_MATCH_ANY;
  memcpy(reinterpret_cast<uint8_t*>(entry) + 48, &anybody, sizeof anybody);
  return Submit(0);
}

int Ring::Cancel(uint64_t id) {
  io_uring_sqe* entry = Begin(IORING_OP_ASYNC_CANCEL, kNobody);
  entry->addr = id;
  return Submit(IORING_ENTER_GETEVENTS);
}

void Ring::CancelAll() {
  io_uring_sqe* entry = Begin(IORING_OP_ASYNC_CANCEL, kNobody);
  entry->cancel_flags = kCancelAll | kCancelAny;
  Submit(IORING_ENTER_GETEVENTS);
}

int Ring::Alarm(const timespec& when, uint64_t id) {
  io_uring_sqe* entry = Begin(IORING_OP_TIMEOUT, id);
  // Read before the call returns.
  const int64_t time[2] = {when.tv_sec, when.tv_nsec};
  entry->addr = reinterpret_cast<uintptr_t>(time);
  entry->len = 1;
  entry->timeout_flags = IORING_TIMEOUT_ABS;
  return Submit(0);
}

bool Ring::Next(Result* result) {
  const uint32_t at = *doneHead_;
  if (at == __atomic_load_n(doneTail_, __ATOMIC_ACQUIRE)) return false;
  const io_uring_cqe& done = done_[at & doneMask_];
  *result = {done.user_data, done.res};
  __atomic_store_n(doneHead_, at + 1, __ATOMIC_RELEASE);
  return true;
}

void Ring::Fetch() { syscall(SYS_io_uring_enter, fd_, 0, 0, IORING_ENTER_GETEVENTS, nullptr, 0); }

bool Ring::HasMore() const { return __atomic_load_n(flags_, __ATOMIC_ACQUIRE) & kMore; }

}  // namespace memspan
