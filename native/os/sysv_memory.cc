// System V shared memory, and ftok: shmget(2), shmat(2), shmdt(2), shmctl(2), ftok(3).
//
// An attachment is a Mapping like any other. shmdt() is Close(): the zero pages that it maps take the attachment's place, and
// the kernel counts attachments by what is mapped (shm_nattch).

#include <errno.h>
#include <napi.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/shm.h>

#include <string>

#include "os.h"
#include "region.h"
#include "sysv.h"

namespace memspan {

Napi::Object DescribePermissions(Napi::Env env, const ipc_perm& permissions) {
  Napi::Object result = Napi::Object::New(env);
  const auto set = [&](const char* name, double value) { result.Set(name, value); };
  set("key", permissions.__key);
  set("uid", permissions.uid);
  set("gid", permissions.gid);
  set("cuid", permissions.cuid);
  set("cgid", permissions.cgid);
  set("mode", permissions.mode);
  set("seq", permissions.__seq);
  return result;
}

namespace {

// (path, projId) → the key's bits as an unsigned number, or −errno
Napi::Value FileToKey(const Napi::CallbackInfo& info) {
  const std::string path = info[0].As<Napi::String>().Utf8Value();
  errno = 0;
  const key_t key = ftok(path.c_str(), info[1].As<Napi::Number>().Int32Value());
  // −1 may be a key.
  return Result(info,
                key == -1 && errno != 0 ? -double{errno} : double{static_cast<uint32_t>(key)});
}

// (key, size, flags) → shmid or −errno
Napi::Value GetMemory(const Napi::CallbackInfo& info) {
  const double size = info[1].As<Napi::Number>().DoubleValue();
  if (!(size >= 0) || size > 9007199254740991.0) return Result(info, -EINVAL);
  const int id = shmget(info[0].As<Napi::Number>().Int32Value(), static_cast<size_t>(size),
                        info[2].As<Napi::Number>().Int32Value());
  return Result(info, id < 0 ? -errno : id);
}

struct Extent {
  size_t length = 0;
  size_t pageSize = 0;
};

// Of the mapping that begins there, by proc_pid_smaps(5); zeros if that cannot be had.
Extent ExtentInMaps(const void* base) {
  Extent result;
  FILE* maps = fopen("/proc/self/smaps", "re");
  if (!maps) return result;
  char line[4400];
  while (result.pageSize == 0 && fgets(line, sizeof line, maps)) {
    unsigned long start, end, kib;
    if (sscanf(line, "%lx-%lx", &start, &end) == 2) {
      result.length = start == reinterpret_cast<uintptr_t>(base) ? end - start : 0;
    } else if (result.length != 0 && sscanf(line, "KernelPageSize: %lu", &kib) == 1) {
      result.pageSize = kib * 1024;
    }
  }
  fclose(maps);
  return result.pageSize != 0 ? result : Extent{};
}

// Nothing but the list of mappings says how large a segment's pages are. Huge ones (SHM_HUGETLB) begin at a multiple of
// 64 KiB at least (on arm64; of 2 MiB on x64), as few others do, so it is seldom asked.
Extent ExtentOf(const void* base, size_t size) {
  constexpr uintptr_t kSmallestHugePage = 64 * 1024;
  if (reinterpret_cast<uintptr_t>(base) % kSmallestHugePage == 0) {
    const Extent found = ExtentInMaps(base);
    if (found.pageSize > PageSize() && found.length >= size) return found;
  }
  return {(size + PageSize() - 1) & ~(PageSize() - 1), PageSize()};
}

// (shmid, flags) → the buffer, or −errno
Napi::Value AttachMemory(const Napi::CallbackInfo& info) {
  const int id = info[0].As<Napi::Number>().Int32Value();
  const int flags = info[1].As<Napi::Number>().Int32Value();
  void* base = shmat(id, nullptr, flags);
  if (base == reinterpret_cast<void*>(-1)) return Result(info, -errno);
  // Its size never changes, and the identifier is good as long as anything is attached.
  shmid_ds segment;
  if (shmctl(id, IPC_STAT, &segment) != 0) {
    const int failure = -errno;
    shmdt(base);
    return Result(info, failure);
  }
  const Extent extent = ExtentOf(base, segment.shm_segsz);
  Mapping* mapping = Adopt(base, extent.length, segment.shm_segsz,
                           kSystemV | (flags & SHM_RDONLY ? 0u : kWritable));
  mapping->slot->pageSize.store(extent.pageSize);
  return BufferOver(info, mapping);
}

// (view at the base) → 0 or −errno
Napi::Value DetachMemory(const Napi::CallbackInfo& info) {
  Place place;
  if (PlaceOf(info, 0, &place) != 0 || place.address != place.mapping->base ||
      !(place.mapping->flags & kSystemV) || (place.mapping->status.load() & kClosed)) {
    return Result(info, -EINVAL);
  }
  return Result(info, Close(place.mapping));
}

Napi::Value DescribeSegment(Napi::Env env, const shmid_ds& segment) {
  Napi::Object result = Napi::Object::New(env);
  const auto set = [&](const char* name, double value) { result.Set(name, value); };
  result.Set("shm_perm", DescribePermissions(env, segment.shm_perm));
  set("shm_segsz", static_cast<double>(segment.shm_segsz));
  set("shm_atime", static_cast<double>(segment.shm_atime));
  set("shm_dtime", static_cast<double>(segment.shm_dtime));
  set("shm_ctime", static_cast<double>(segment.shm_ctime));
  set("shm_cpid", segment.shm_cpid);
  set("shm_lpid", segment.shm_lpid);
  set("shm_nattch", static_cast<double>(segment.shm_nattch));
  return result;
}

// (id or index, command) → the structure, the highest index in use being its `index`, or the identifier its `shmid`
Napi::Value AskMemory(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const int id = info[0].As<Napi::Number>().Int32Value();
  const int command = info[1].As<Napi::Number>().Int32Value();
  union {
    shmid_ds segment;
    struct shminfo limits;
    struct shm_info use;
  } answer = {};
  const int result = shmctl(id, command, reinterpret_cast<shmid_ds*>(&answer));
  if (result < 0) return Result(info, -errno);
  if (command == IPC_STAT) return DescribeSegment(env, answer.segment);
  Napi::Object object = Napi::Object::New(env);
  const auto set = [&](const char* name, double value) { object.Set(name, value); };
  if (command == IPC_INFO) {
    object.Set("shmmax", Napi::BigInt::New(env, static_cast<uint64_t>(answer.limits.shmmax)));
    set("shmmin", static_cast<double>(answer.limits.shmmin));
    set("shmmni", static_cast<double>(answer.limits.shmmni));
    set("shmseg", static_cast<double>(answer.limits.shmseg));
    object.Set("shmall", Napi::BigInt::New(env, static_cast<uint64_t>(answer.limits.shmall)));
    set("index", result);
  } else if (command == SHM_INFO) {
    set("used_ids", answer.use.used_ids);
    set("shm_tot", static_cast<double>(answer.use.shm_tot));
    set("shm_rss", static_cast<double>(answer.use.shm_rss));
    set("shm_swp", static_cast<double>(answer.use.shm_swp));
    set("index", result);
  } else {
    object = DescribeSegment(env, answer.segment).As<Napi::Object>();
    object.Set("shmid", result);
  }
  return object;
}

// (id, uid, gid, mode) → 0 or −errno
Napi::Value SetMemory(const Napi::CallbackInfo& info) {
  shmid_ds segment = {};
  segment.shm_perm.uid = info[1].As<Napi::Number>().Uint32Value();
  segment.shm_perm.gid = info[2].As<Napi::Number>().Uint32Value();
  segment.shm_perm.mode = static_cast<unsigned short>(info[3].As<Napi::Number>().Uint32Value());
  const int id = info[0].As<Napi::Number>().Int32Value();
  return Result(info, shmctl(id, IPC_SET, &segment) != 0 ? -errno : 0);
}

// (id, IPC_RMID | SHM_LOCK | SHM_UNLOCK) → 0 or −errno
Napi::Value ControlMemory(const Napi::CallbackInfo& info) {
  const int id = info[0].As<Napi::Number>().Int32Value();
  const int command = info[1].As<Napi::Number>().Int32Value();
  return Result(info, shmctl(id, command, nullptr) != 0 ? -errno : 0);
}

// (uid) → the user's name; the number where there is none, as ipcs(1) does
Napi::Value NameOfUser(const Napi::CallbackInfo& info) {
  const uid_t uid = info[0].As<Napi::Number>().Uint32Value();
  passwd entry;
  passwd* found = nullptr;
  char text[4096];
  getpwuid_r(uid, &entry, text, sizeof text, &found);
  return Napi::String::New(info.Env(), found ? std::string(found->pw_name) : std::to_string(uid));
}

}  // namespace

void InitSystemVMemory(Napi::Env env, Napi::Object os) {
  Export<FileToKey>(env, os, "ftok");
  Export<GetMemory>(env, os, "shmget");
  Export<AttachMemory>(env, os, "shmat");
  Export<DetachMemory>(env, os, "shmdt");
  Export<AskMemory>(env, os, "shmAsk");
  Export<SetMemory>(env, os, "shmSet");
  Export<ControlMemory>(env, os, "shmControl");
  Export<NameOfUser>(env, os, "userName");
}

}  // namespace memspan
