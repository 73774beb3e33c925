// POSIX semaphores, named and unnamed (sem_overview(7)).

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <semaphore.h>
#include <sys/mman.h>

#include <string>

#include "call.h"
#include "os.h"
#include "plausible.h"

namespace memspan {
namespace {

int EnterAny(const Napi::CallbackInfo& info, Pin* pin) {
  return pin->Enter(info, 0, sizeof(sem_t), alignof(sem_t));
}

int Enter(const Napi::CallbackInfo& info, Pin* pin) {
  const int entered = EnterAny(info, pin);
  return entered != 0 || IsSemaphore(pin->Get<sem_t>()) ? entered : -EINVAL;
}

int Errno(int result) { return result == 0 ? 0 : -errno; }

// sem_open(3) and sem_unlink(3) have ENAMETOOLONG for more than NAME_MAX less "sem."; glibc, at some lengths, EINVAL or
// ENOENT.
int FailureOf(const std::string& name, int failure) {
  const size_t start = name.find_first_not_of('/');
  const size_t length = start == std::string::npos ? 0 : name.size() - start;
  return length > NAME_MAX - 4 ? -ENAMETOOLONG : -failure;
}

// (name, oflag, mode, value) → its buffer, or −errno
//
// The C library's own mapping of it is shared by all who open the name in this process, unguarded, and gone with the last
// sem_close. So the pages are mapped once more, for ourselves: an old size of 0 does that (mremap(2)).
Napi::Value SemOpen(const Napi::CallbackInfo& info) {
  const std::string name = info[0].As<Napi::String>().Utf8Value();
  const int flags = info[1].As<Napi::Number>().Int32Value();
  sem_t* theirs =
      sem_open(name.c_str(), flags, static_cast<mode_t>(info[2].As<Napi::Number>().Uint32Value()),
               info[3].As<Napi::Number>().Uint32Value());
  if (theirs == SEM_FAILED) return Result(info, FailureOf(name, errno));
  void* page = reinterpret_cast<void*>(reinterpret_cast<uintptr_t>(theirs) & ~(PageSize() - 1));
  const size_t within = reinterpret_cast<uintptr_t>(theirs) & (PageSize() - 1);
  void* ours = mremap(page, 0, PageSize(), MREMAP_MAYMOVE);
  const int failure = errno;
  sem_close(theirs);
  if (ours == MAP_FAILED) return Result(info, -failure);
  if (within != 0) {
    munmap(ours, PageSize());
    return Result(info, -ENOTSUP);
  }
  return BufferOver(info, Adopt(ours, PageSize(), sizeof(sem_t), kWritable | kNamedSemaphore));
}

// (view) lets go of a named one.
Napi::Value SemClose(const Napi::CallbackInfo& info) {
  Place place;
  const int found = PlaceOf(info, 0, &place);
  if (found != 0) return Result(info, found);
  if (!(place.mapping->flags & kNamedSemaphore)) return Result(info, -EINVAL);
  if (place.mapping->status.load() & kClosed) return Result(info, kGone);
  return Result(info, Close(place.mapping));
}

Napi::Value SemUnlink(const Napi::CallbackInfo& info) {
  const std::string name = info[0].As<Napi::String>().Utf8Value();
  return Result(info, sem_unlink(name.c_str()) == 0 ? 0 : FailureOf(name, errno));
}

// (view, pshared, value)
Napi::Value SemInit(const Napi::CallbackInfo& info) {
  Pin pin;
  const int entered = EnterAny(info, &pin);
  if (entered != 0) return Result(info, entered);
  return Result(info, Errno(sem_init(pin.Get<sem_t>(), info[1].As<Napi::Number>().Int32Value(),
                                     info[2].As<Napi::Number>().Uint32Value())));
}

template <int (*function)(sem_t*)>
Napi::Value Simple(const Napi::CallbackInfo& info) {
  Pin pin;
  const int entered = Enter(info, &pin);
  if (entered != 0) return Result(info, entered);
  return Result(info, Errno(function(pin.Get<sem_t>())));
}

Napi::Value SemGetValue(const Napi::CallbackInfo& info) {
  Pin pin;
  const int entered = Enter(info, &pin);
  if (entered != 0) return Result(info, entered);
  int value = 0;
  const int result = Errno(sem_getvalue(pin.Get<sem_t>(), &value));
  // No semaphore has less than none.
  if (result == 0 && value < 0) return Result(info, -EINVAL);
  return Result(info, result == 0 ? value : result);
}

int Wait(const Listener& listener, const Deadline& deadline, sem_t* semaphore) {
  const int result = InSlices(listener, deadline, [&](const timespec* until) {
    while (sem_timedwait(semaphore, until) != 0) {
      if (errno != EINTR) return errno;
    }
    return 0;
  });
  return result > 0 ? -result : result;
}

// (view, seconds?, nanoseconds?)
Napi::Value SemWait(const Napi::CallbackInfo& info) {
  Pin pin;
  const int entered = Enter(info, &pin);
  if (entered != 0) return Result(info, entered);
  return Result(info, Wait(ListenerOf(info, pin), DeadlineOf(info, 1), pin.Get<sem_t>()));
}

struct SemWaitCall : Call {
  Deadline deadline;
  int Run(Hand*) override {
    const int result = Wait({&pin, nullptr, &cancelled}, deadline, pin.Get<sem_t>());
    if (result != 0 || !cancelled.load()) return result;
    // Aborted before there was one.
    sem_post(pin.Get<sem_t>());
    return kAborted;
  }
  void Undo(int result) override {
    if (result == 0) sem_post(pin.Get<sem_t>());
  }
};

// (view, seconds?, nanoseconds?) → ticket, or an error
Napi::Value SemWaitAsync(const Napi::CallbackInfo& info) {
  return StartTimed<SemWaitCall>(info, Enter);
}

}  // namespace

void InitSemaphores(Napi::Env env, Napi::Object os) {
  Export<SemOpen>(env, os, "semOpen");
  Export<SemClose>(env, os, "semClose");
  Export<SemUnlink>(env, os, "semUnlink");
  Export<SemInit>(env, os, "semInit");
  Export<Simple<sem_destroy>>(env, os, "semDestroy");
  Export<Simple<sem_post>>(env, os, "semPost");
  Export<Simple<sem_trywait>>(env, os, "semTryWait");
  Export<SemGetValue>(env, os, "semGetValue");
  Export<SemWait>(env, os, "semWait");
  Export<SemWaitAsync>(env, os, "semWaitAsync");
}

}  // namespace memspan
