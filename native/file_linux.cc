// Linux's file system calls; see file.h.

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <string>

#include "environment.h"
#include "file.h"
#include "without.h"

namespace memspan {
namespace {

Napi::Value Result(const Napi::CallbackInfo& info, long result) {
  return Napi::Number::New(info.Env(), result < 0 ? -errno : static_cast<double>(result));
}

std::string Text(const Napi::CallbackInfo& info, size_t index) {
  return info[index].As<Napi::String>().Utf8Value();
}

int Int(const Napi::CallbackInfo& info, size_t index) {
  return info[index].As<Napi::Number>().Int32Value();
}

int64_t Offset(const Napi::CallbackInfo& info, size_t index) {
  return info[index].As<Napi::Number>().Int64Value();
}

Napi::Value Owned(const Napi::CallbackInfo& info, int fd) {
  if (fd >= 0) Current(info.Env())->fds.insert(fd);
  return Result(info, fd);
}

// As a kernel answers that lacks it.
Napi::Value Lacking(const Napi::CallbackInfo& info, int error) {
  return Napi::Number::New(info.Env(), -error);
}

struct flock ByteRange(short type, int64_t offset) {
  struct flock range = {};
  range.l_type = type;
  range.l_whence = SEEK_SET;
  range.l_start = offset;
  range.l_len = 1;
  return range;
}

// Memory that can be had without taking it from anybody, in bytes (proc_meminfo(5)).
uint64_t AvailableMemory() {
  unsigned long long kib = 0;
  bool found = false;
  if (FILE* file = fopen("/proc/meminfo", "re")) {
    char line[128];
    while (!found && fgets(line, sizeof line, file)) {
      found = sscanf(line, "MemAvailable: %llu", &kib) == 1;
    }
    fclose(file);
  }
  struct sysinfo system;
  if (!found || sysinfo(&system) != 0) return UINT64_MAX;
  return kib * 1024 + static_cast<uint64_t>(system.freeswap) * system.mem_unit;
}

// Beyond RLIMIT_FSIZE the kernel sends SIGXFSZ, which would end the process.
bool IsBeyondLimit(uint64_t end) {
  rlimit limit;
  return getrlimit(RLIMIT_FSIZE, &limit) == 0 && end > limit.rlim_cur;
}

}  // namespace

int CheckRoom(int fd, uint64_t length) {
  struct statfs system;
  if (fstatfs(fd, &system) != 0) return errno;
  const uint64_t room = system.f_bfree * static_cast<uint64_t>(system.f_bsize);
  // No blocks at all: a file system that does not count, a memfd's for one.
  if (system.f_blocks > 0 && length > room) return ENOSPC;
  constexpr unsigned long kTmpfs = 0x01021994;
  if (static_cast<unsigned long>(system.f_type) == kTmpfs && length > AvailableMemory()) {
    return ENOMEM;
  }
  return 0;
}

Napi::Value OpenFile(const Napi::CallbackInfo& info) {
  const int flags = Int(info, 1) | O_CLOEXEC;
  if ((flags & O_TMPFILE) == O_TMPFILE && IsWithout("o_tmpfile")) return Lacking(info, EOPNOTSUPP);
  int fd;
  do {
    fd = open(Text(info, 0).c_str(), flags, static_cast<mode_t>(Int(info, 2)));
  } while (fd < 0 && errno == EINTR);
  return Owned(info, fd);
}

Napi::Value OpenMemory(const Napi::CallbackInfo& info) {
  if (IsWithout("memfd")) return Lacking(info, ENOSYS);
  return Owned(info, memfd_create(Text(info, 0).c_str(), MFD_CLOEXEC | MFD_ALLOW_SEALING));
}

Napi::Value CloseFile(const Napi::CallbackInfo& info) {
  const int fd = Int(info, 0);
  // Only what is ours: a number that was closed before may be somebody else's by now.
  if (Current(info.Env())->fds.erase(fd) == 0) return Napi::Number::New(info.Env(), -EBADF);
  return Result(info, close(fd));
}

Napi::Value SetMode(const Napi::CallbackInfo& info) {
  return Result(info, fchmod(Int(info, 0), static_cast<mode_t>(Int(info, 1))));
}

Napi::Value SetSize(const Napi::CallbackInfo& info) {
  int result;
  do {
    result = ftruncate(Int(info, 0), Offset(info, 1));
  } while (result != 0 && errno == EINTR);
  return Result(info, result);
}

Napi::Value Allocate(const Napi::CallbackInfo& info) {
  constexpr int64_t kPiece = 64 << 20;  // so that a signal in between does not start it all over
  const int fd = Int(info, 0);
  int64_t offset = Offset(info, 1);
  const int64_t end = offset + Offset(info, 2);
  const int refusal = IsBeyondLimit(static_cast<uint64_t>(end))
                          ? EFBIG
                          : CheckRoom(fd, static_cast<uint64_t>(end - offset));
  if (refusal != 0) return Napi::Number::New(info.Env(), -refusal);
  while (offset < end) {
    const int64_t piece = end - offset < kPiece ? end - offset : kPiece;
    const int failure = posix_fallocate(fd, offset, piece);
    if (failure == EINTR) continue;
    if (failure != 0) return Napi::Number::New(info.Env(), -failure);
    offset += piece;
  }
  return Napi::Number::New(info.Env(), 0);
}

Napi::Value SealShrink(const Napi::CallbackInfo& info) {
  return Result(info, fcntl(Int(info, 0), F_ADD_SEALS, F_SEAL_SHRINK));
}

Napi::Value LinkFile(const Napi::CallbackInfo& info) {
  char from[32];
  snprintf(from, sizeof from, "/proc/self/fd/%d", Int(info, 0));
  return Result(info, linkat(AT_FDCWD, from, AT_FDCWD, Text(info, 1).c_str(), AT_SYMLINK_FOLLOW));
}

Napi::Value RenameNoReplace(const Napi::CallbackInfo& info) {
  if (IsWithout("renameat2")) return Lacking(info, ENOSYS);
  return Result(info, syscall(SYS_renameat2, AT_FDCWD, Text(info, 0).c_str(), AT_FDCWD,
                              Text(info, 1).c_str(), 1u /* RENAME_NOREPLACE */));
}

Napi::Value LockByte(const Napi::CallbackInfo& info) {
  if (IsWithout("ofd_locks")) return Lacking(info, EINVAL);
  const short types[] = {F_UNLCK, F_RDLCK, F_WRLCK};
  const int kind = Int(info, 2);
  if (kind < 0 || kind > 2) return Napi::Number::New(info.Env(), -EINVAL);
  struct flock range = ByteRange(types[kind], Offset(info, 1));
  return Result(info, fcntl(Int(info, 0), F_OFD_SETLK, &range));
}

Napi::Value ProbeBytes(const Napi::CallbackInfo& info) {
  if (IsWithout("ofd_locks")) return Lacking(info, EINVAL);
  struct flock range = ByteRange(F_WRLCK, Offset(info, 1));
  range.l_len = Offset(info, 2);
  const int result = fcntl(Int(info, 0), F_OFD_GETLK, &range);
  if (result < 0) return Result(info, result);
  return Napi::Number::New(info.Env(), range.l_type == F_UNLCK ? 0 : 1);
}

// A write lease is granted only where no other open file description of the file is left, in any process, also when only
// a mapping keeps it (fcntl(2)); it is given back at once. Who opens the file in that instant waits, or with
// O_NONBLOCK is told EWOULDBLOCK; SIGURG, which nobody hears, tells us of it in place of SIGIO.
Napi::Value IsOnlyUser(const Napi::CallbackInfo& info) {
  const int fd = Int(info, 0);
  if (fcntl(fd, F_SETSIG, SIGURG) != 0) return Result(info, -1);
  if (IsWithout("leases")) return Lacking(info, EINVAL);
  if (fcntl(fd, F_SETLEASE, F_WRLCK) != 0) {
    return Napi::Number::New(info.Env(), errno == EAGAIN ? 0 : -errno);
  }
  return Result(info, fcntl(fd, F_SETLEASE, F_UNLCK) != 0 ? -1 : 1);
}

}  // namespace memspan
