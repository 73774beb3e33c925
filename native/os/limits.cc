// More of what the headers say of this platform (facts.cc has what the pthread objects need): the constants of files and
// memory, sizes of C's types, limits; sysconf(3).

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <semaphore.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <string>

#include "os.h"

namespace memspan {
namespace {

struct Constant {
  const char* name;
  double value;
};

#define MEMSPAN_CONSTANT(name) \
  { #name, static_cast < double>(name) }

const Constant constants[] = {
    // shm_open(3), sem_open(3), open(2)
    MEMSPAN_CONSTANT(O_RDONLY),
    MEMSPAN_CONSTANT(O_WRONLY),
    MEMSPAN_CONSTANT(O_RDWR),
    MEMSPAN_CONSTANT(O_CREAT),
    MEMSPAN_CONSTANT(O_EXCL),
    MEMSPAN_CONSTANT(O_TRUNC),
    MEMSPAN_CONSTANT(O_CLOEXEC),
    MEMSPAN_CONSTANT(O_NOFOLLOW),
    // inode(7)
    MEMSPAN_CONSTANT(S_IRWXU),
    MEMSPAN_CONSTANT(S_IRUSR),
    MEMSPAN_CONSTANT(S_IWUSR),
    MEMSPAN_CONSTANT(S_IXUSR),
    MEMSPAN_CONSTANT(S_IRWXG),
    MEMSPAN_CONSTANT(S_IRGRP),
    MEMSPAN_CONSTANT(S_IWGRP),
    MEMSPAN_CONSTANT(S_IXGRP),
    MEMSPAN_CONSTANT(S_IRWXO),
    MEMSPAN_CONSTANT(S_IROTH),
    MEMSPAN_CONSTANT(S_IWOTH),
    MEMSPAN_CONSTANT(S_IXOTH),
    MEMSPAN_CONSTANT(S_IFMT),
    MEMSPAN_CONSTANT(S_IFREG),
    // mmap(2), mprotect(2)
    MEMSPAN_CONSTANT(PROT_NONE),
    MEMSPAN_CONSTANT(PROT_READ),
    MEMSPAN_CONSTANT(PROT_WRITE),
    MEMSPAN_CONSTANT(PROT_EXEC),
    MEMSPAN_CONSTANT(MAP_SHARED),
    MEMSPAN_CONSTANT(MAP_SHARED_VALIDATE),
    MEMSPAN_CONSTANT(MAP_PRIVATE),
    MEMSPAN_CONSTANT(MAP_ANONYMOUS),
    MEMSPAN_CONSTANT(MAP_FIXED),
    MEMSPAN_CONSTANT(MAP_FIXED_NOREPLACE),
    MEMSPAN_CONSTANT(MAP_HUGETLB),
    MEMSPAN_CONSTANT(MAP_HUGE_SHIFT),
    {"MAP_HUGE_2MB", 21.0 * (1u << MAP_HUGE_SHIFT)},
    {"MAP_HUGE_1GB", 30.0 * (1u << MAP_HUGE_SHIFT)},
    MEMSPAN_CONSTANT(MAP_LOCKED),
    MEMSPAN_CONSTANT(MAP_NONBLOCK),
    MEMSPAN_CONSTANT(MAP_NORESERVE),
    MEMSPAN_CONSTANT(MAP_POPULATE),
    MEMSPAN_CONSTANT(MAP_SYNC),
    // msync(2)
    MEMSPAN_CONSTANT(MS_ASYNC),
    MEMSPAN_CONSTANT(MS_SYNC),
    MEMSPAN_CONSTANT(MS_INVALIDATE),
    // madvise(2)
    MEMSPAN_CONSTANT(MADV_NORMAL),
    MEMSPAN_CONSTANT(MADV_RANDOM),
    MEMSPAN_CONSTANT(MADV_SEQUENTIAL),
    MEMSPAN_CONSTANT(MADV_WILLNEED),
    MEMSPAN_CONSTANT(MADV_DONTNEED),
    MEMSPAN_CONSTANT(MADV_FREE),
    MEMSPAN_CONSTANT(MADV_REMOVE),
    MEMSPAN_CONSTANT(MADV_DONTFORK),
    MEMSPAN_CONSTANT(MADV_DOFORK),
    MEMSPAN_CONSTANT(MADV_MERGEABLE),
    MEMSPAN_CONSTANT(MADV_UNMERGEABLE),
    MEMSPAN_CONSTANT(MADV_HUGEPAGE),
    MEMSPAN_CONSTANT(MADV_NOHUGEPAGE),
    MEMSPAN_CONSTANT(MADV_DONTDUMP),
    MEMSPAN_CONSTANT(MADV_DODUMP),
    MEMSPAN_CONSTANT(MADV_WIPEONFORK),
    MEMSPAN_CONSTANT(MADV_KEEPONFORK),
    MEMSPAN_CONSTANT(MADV_COLD),
    MEMSPAN_CONSTANT(MADV_PAGEOUT),
    MEMSPAN_CONSTANT(MADV_POPULATE_READ),
    MEMSPAN_CONSTANT(MADV_POPULATE_WRITE),
    // sysconf(3)
    MEMSPAN_CONSTANT(_SC_PAGESIZE),
    MEMSPAN_CONSTANT(_SC_PHYS_PAGES),
    MEMSPAN_CONSTANT(_SC_AVPHYS_PAGES),
    MEMSPAN_CONSTANT(_SC_NPROCESSORS_CONF),
    MEMSPAN_CONSTANT(_SC_NPROCESSORS_ONLN),
    MEMSPAN_CONSTANT(_SC_OPEN_MAX),
    MEMSPAN_CONSTANT(_SC_SEM_NSEMS_MAX),
    MEMSPAN_CONSTANT(_SC_SEM_VALUE_MAX),
    MEMSPAN_CONSTANT(_SC_THREAD_STACK_MIN),
    MEMSPAN_CONSTANT(_SC_THREAD_THREADS_MAX),
    MEMSPAN_CONSTANT(_SC_SHARED_MEMORY_OBJECTS),
    MEMSPAN_CONSTANT(_SC_MAPPED_FILES),
    MEMSPAN_CONSTANT(_SC_MEMLOCK_RANGE),
    MEMSPAN_CONSTANT(_SC_MEMORY_PROTECTION),
    MEMSPAN_CONSTANT(_SC_SYNCHRONIZED_IO),
    MEMSPAN_CONSTANT(_SC_SEMAPHORES),
    MEMSPAN_CONSTANT(_SC_THREADS),
    MEMSPAN_CONSTANT(_SC_THREAD_PROCESS_SHARED),
    MEMSPAN_CONSTANT(_SC_BARRIERS),
    MEMSPAN_CONSTANT(_SC_READER_WRITER_LOCKS),
    MEMSPAN_CONSTANT(_SC_TIMEOUTS),
    MEMSPAN_CONSTANT(_SC_MONOTONIC_CLOCK),
    // limits.h
    MEMSPAN_CONSTANT(PATH_MAX),
    MEMSPAN_CONSTANT(NAME_MAX),
    MEMSPAN_CONSTANT(PTHREAD_KEYS_MAX),
    MEMSPAN_CONSTANT(PTHREAD_DESTRUCTOR_ITERATIONS),
    MEMSPAN_CONSTANT(_POSIX_SEM_NSEMS_MAX),
    MEMSPAN_CONSTANT(_POSIX_SEM_VALUE_MAX),
    MEMSPAN_CONSTANT(_POSIX_THREAD_THREADS_MAX),
};

struct Type {
  const char* name;
  size_t size;
  size_t alignment;
};

#define MEMSPAN_TYPE(type) \
  { #type, sizeof(type), alignof(type) }

const Type types[] = {
    MEMSPAN_TYPE(pthread_spinlock_t),
    MEMSPAN_TYPE(pthread_once_t),
    MEMSPAN_TYPE(char),
    MEMSPAN_TYPE(short),
    MEMSPAN_TYPE(int),
    MEMSPAN_TYPE(long),
    {"pointer", sizeof(void*), alignof(void*)},
    MEMSPAN_TYPE(size_t),
    MEMSPAN_TYPE(off_t),
    MEMSPAN_TYPE(pid_t),
    MEMSPAN_TYPE(time_t),
    MEMSPAN_TYPE(timespec),
};

// (name) → value; −1 where there is no limit; −errno − 1 for a failure, so that it is told apart from that
Napi::Value SystemLimit(const Napi::CallbackInfo& info) {
  errno = 0;
  const long value = sysconf(info[0].As<Napi::Number>().Int32Value());
  const bool failed = value == -1 && errno != 0;
  return Napi::Number::New(info.Env(), static_cast<double>(failed ? -errno - 1 : value));
}

}  // namespace

void InitLimits(Napi::Env env, Napi::Object os) {
  Napi::Object facts = os.Get("facts").As<Napi::Object>();
  for (const Constant& constant : constants) facts.Set(constant.name, constant.value);
  for (const Type& type : types) {
    facts.Set(std::string("sizeof.") + type.name, static_cast<double>(type.size));
    facts.Set(std::string("alignof.") + type.name, static_cast<double>(type.alignment));
  }
  Export<SystemLimit>(env, os, "sysconf");
}

}  // namespace memspan
