// Shared memory objects and their size: shm_open(3), shm_unlink(3), ftruncate(2), posix_fallocate(3), close(2).
//
// These descriptors belong to the process, as the manual page says: no environment closes them when it ends.

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>

#include "../environment.h"
#include "../file.h"
#include "call.h"
#include "os.h"

namespace memspan {
namespace {

// (name, oflag, mode) → fd or −errno
Napi::Value OpenShared(const Napi::CallbackInfo& info) {
  const std::string name = info[0].As<Napi::String>().Utf8Value();
  int fd;
  do {
    fd = shm_open(name.c_str(), Int(info, 1), static_cast<mode_t>(Int(info, 2)));
  } while (fd < 0 && errno == EINTR);
  return Result(info, fd < 0 ? -errno : fd);
}

// (name)
Napi::Value UnlinkShared(const Napi::CallbackInfo& info) {
  const std::string name = info[0].As<Napi::String>().Utf8Value();
  return Result(info, shm_unlink(name.c_str()) != 0 ? -errno : 0);
}

// Beyond RLIMIT_FSIZE the kernel sends SIGXFSZ besides, which would end the process.
bool IsBeyondLimit(int fd, int64_t end) {
  rlimit limit;
  struct stat file;
  return getrlimit(RLIMIT_FSIZE, &limit) == 0 && static_cast<uint64_t>(end) > limit.rlim_cur &&
         fstat(fd, &file) == 0 && end > file.st_size;
}

// (fd, length)
Napi::Value Truncate(const Napi::CallbackInfo& info) {
  const int fd = Int(info, 0);
  const int64_t length = Long(info, 1);
  if (length < 0) return Result(info, -EINVAL);
  if (IsBeyondLimit(fd, length)) return Result(info, -EFBIG);
  int result;
  do {
    result = ftruncate(fd, length);
  } while (result != 0 && errno == EINTR);
  return Result(info, result != 0 ? -errno : 0);
}

// In pieces, so that a signal does not start it all over: the kernel takes back what an interrupted call has done.
int AllocateInPieces(int fd, int64_t offset, int64_t end) {
  constexpr int64_t kPiece = 64 << 20;
  while (offset < end) {
    const int64_t piece = end - offset < kPiece ? end - offset : kPiece;
    const int failure = posix_fallocate(fd, offset, piece);
    if (failure == EINTR) continue;
    if (failure != 0) return failure;
    offset += piece;
  }
  return 0;
}

// 0 or -errno
int Allocate(int fd, int64_t offset, int64_t length) {
  int64_t end;
  if (offset < 0 || length < 0) return -EINVAL;
  if (__builtin_add_overflow(offset, length, &end)) return -EFBIG;
  if (IsBeyondLimit(fd, end)) return -EFBIG;
  struct stat file;
  if (fstat(fd, &file) == 0 && S_ISREG(file.st_mode)) {
    // What the file has already need not be had again.
    const int64_t has = file.st_blocks * 512;
    const int refusal = CheckRoom(fd, length > has ? static_cast<uint64_t>(length - has) : 0);
    if (refusal != 0) return -refusal;
  }
  int failure = posix_fallocate(fd, offset, length);
  if (failure == EINTR) failure = AllocateInPieces(fd, offset, end);
  return -failure;
}

// (fd, offset, length)
Napi::Value AllocateFile(const Napi::CallbackInfo& info) {
  return Result(info, Allocate(Int(info, 0), Long(info, 1), Long(info, 2)));
}

struct AllocateCall : Call {
  int fd;
  int64_t offset, length;
  AllocateCall(int of, int64_t from, int64_t bytes) : fd(of), offset(from), length(bytes) {}
  int Run(Hand*) override { return Allocate(fd, offset, length); }
};

// (fd, offset, length) → ticket, or an error
Napi::Value AllocateFileAsync(const Napi::CallbackInfo& info) {
  auto call = std::make_shared<AllocateCall>(Int(info, 0), Long(info, 1), Long(info, 2));
  return Result(info, StartCall(Current(info.Env()), call));
}

// (fd)
Napi::Value CloseDescriptor(const Napi::CallbackInfo& info) {
  const int fd = Int(info, 0);
  // A segment's own is the segment's.
  if (Current(info.Env())->fds.count(fd) != 0) return Result(info, -EBADF);
  // After EINTR it is closed all the same (close(2)).
  return Result(info, close(fd) != 0 && errno != EINTR ? -errno : 0);
}

}  // namespace

void InitDescriptors(Napi::Env env, Napi::Object os) {
  Export<OpenShared>(env, os, "shmOpen");
  Export<UnlinkShared>(env, os, "shmUnlink");
  Export<Truncate>(env, os, "ftruncate");
  Export<AllocateFile>(env, os, "posixFallocate");
  Export<AllocateFileAsync>(env, os, "posixFallocateAsync");
  Export<CloseDescriptor>(env, os, "closeDescriptor");
}

}  // namespace memspan
