// POSIX shared memory objects on macOS; see object.h.

#include "object.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>

#include "../environment.h"
#include "../os/os.h"

namespace memspan {
namespace {

std::string PathOf(const Napi::CallbackInfo& info) {
  return "/" + info[0].As<Napi::String>().Utf8Value();
}

Napi::Value Owned(const Napi::CallbackInfo& info, int fd) {
  Current(info.Env())->fds.insert(fd);
  return Result(info, fd);
}

// (name, size, mode) → fd of a new object of that size, or −errno
Napi::Value CreateObject(const Napi::CallbackInfo& info) {
  const std::string path = PathOf(info);
  const off_t size = static_cast<off_t>(info[1].As<Napi::Number>().Int64Value());
  const int fd =
      shm_open(path.c_str(), O_CREAT | O_EXCL | O_RDWR, static_cast<mode_t>(Int(info, 2)));
  if (fd < 0) return Result(info, -errno);
  if (ftruncate(fd, size) == 0) return Owned(info, fd);
  const int failure = -errno;
  shm_unlink(path.c_str());
  close(fd);
  return Result(info, failure);
}

// (name, readOnly) → fd, or −errno
Napi::Value OpenObject(const Napi::CallbackInfo& info) {
  const int access = info[1].As<Napi::Boolean>().Value() ? O_RDONLY : O_RDWR;
  const int fd = shm_open(PathOf(info).c_str(), access, 0);
  return fd < 0 ? Result(info, -errno) : Owned(info, fd);
}

// (fd) → {size, uid}, or −errno. The size is 0 until its maker has set it.
Napi::Value MeasureObject(const Napi::CallbackInfo& info) {
  struct stat stat;
  if (fstat(Int(info, 0), &stat) != 0) return Result(info, -errno);
  Napi::Object found = Napi::Object::New(info.Env());
  found.Set("size", static_cast<double>(stat.st_size));
  found.Set("uid", static_cast<double>(stat.st_uid));
  return found;
}

// (name) → 0 or −errno
Napi::Value UnlinkObject(const Napi::CallbackInfo& info) {
  return Result(info, shm_unlink(PathOf(info).c_str()) == 0 ? 0 : -errno);
}

// (fd) → 0 or −errno
Napi::Value CloseObject(const Napi::CallbackInfo& info) {
  const int fd = Int(info, 0);
  // Only what is ours: a number that was closed before may be somebody else's by now.
  if (Current(info.Env())->fds.erase(fd) == 0) return Result(info, -EBADF);
  return Result(info, close(fd) == 0 ? 0 : -errno);
}

}  // namespace

void InitObjects(Napi::Env env, Napi::Object exports, Napi::Object darwin) {
  Export<CloseObject>(env, exports, "close");
  Export<CreateObject>(env, darwin, "createObject");
  Export<OpenObject>(env, darwin, "openObject");
  Export<MeasureObject>(env, darwin, "measureObject");
  Export<UnlinkObject>(env, darwin, "unlinkObject");
}

}  // namespace memspan
