// An object in mapped memory, and a call on it: where it is, and that the memory stays while the call runs.
//
//   JavaScript's view ── Place: an address in one of our mappings
//   Pin: `calls` is counted up, then `closing` is looked at     Close(): `closing` is set, then `calls` is looked at
//
// One of the two sees the other: either the call does not begin, or Close() waits for it to leave.
// A lock that this thread got is a Hold: it keeps the mapping, because the C library has linked a robust mutex into the
// thread's list, which the kernel walks when the thread ends; and Close() refuses meanwhile.
#pragma once

#include <napi.h>

#include <vector>

#include "../environment.h"
#include "../mapping.h"

namespace memspan {

// What JavaScript is told beside 0 and errors of the system (which are negative errnos): src/os/native.ts has the same.
enum Refusal : int {
  kNotMapped = -20001,  // the view is over memory that is none of our mappings
  kGone = -20002,       // closed, or being closed
  kCut = -20003,        // somebody made the file shorter
  kReadOnly = -20004,   // mapped without PROT_WRITE, or a write to it was diverted
  kAborted = -20005,    // by its AbortSignal
  kEnding = -20006,     // this environment ends: nobody will see the result
  kCorrupt = -20008,    // somebody has written over what the C library keeps in there
  kForbidden = -20007,  // touched, though it is mapped with PROT_NONE
};

struct Place {
  uint8_t* address = nullptr;
  size_t length = 0;
  Mapping* mapping = nullptr;
};

// The bytes of a typed array argument. Returns 0 or a Refusal; what it finds may be closed the next moment.
int PlaceOf(const Napi::CallbackInfo& info, size_t index, Place* place);
// 0, or why nothing can be done with that memory.
int StateOf(const Mapping* mapping);

class Pin {
 public:
  Pin() = default;
  Pin(const Pin&) = delete;
  Pin& operator=(const Pin&) = delete;
  ~Pin() { Leave(); }
  // For a call on an object of `size` bytes that writes to it, at the argument's first byte. Returns 0, a Refusal, or
  // -EINVAL when the view is too small or its address is not a multiple of `alignment`.
  int Enter(const Napi::CallbackInfo& info, size_t index, size_t size, size_t alignment);
  // The same for who gives back a lock: Close() is refused while it has one, so its refusal is waited for.
  int EnterPatiently(const Napi::CallbackInfo& info, size_t index, size_t size, size_t alignment);
  // The same object once more, for another thread; keeps the mapping.
  int Enter(const Pin& other);
  void Leave();
  // The call is over, and the memory is kept all the same: for who may have to give back what it got.
  void Rest();
  // 0, or why a call in there has to end.
  int Check() const;
  Mapping* mapping() const { return mapping_; }
  template <typename T>
  T* Get() const {
    return reinterpret_cast<T*>(address_);
  }

 private:
  int Count();
  uint8_t* address_ = nullptr;
  size_t size_ = 0;
  Mapping* mapping_ = nullptr;
  bool keeps_ = false;
  bool counts_ = false;
  bool isPatient_ = false;
};

// The locks that one thread has got and not given back, most recent last. Used by that thread alone.
class Holds {
 public:
  void Add(const Pin& pin, bool robust = false);
  // False when this thread has no such lock.
  bool Remove(const void* object);
  bool Has(const void* object) const;
  // Before a mutex that this thread has is unlocked: the C library takes a robust one out of the thread's list, and
  // would follow whatever pointers are in there. 0 or a Refusal; then it stays locked.
  int Check(const Pin& pin) const;
  // The thread has ended.
  void Clear();
  // The thread is about to end, without having given them back.
  void Abandon(pid_t threadId);

 private:
  struct Held {
    const void* object;
    Mapping* mapping;
    bool robust;
  };
  std::vector<Held> holds_;
};

// The locks that this environment's own thread has.
Holds* HoldsOf(Environment* environment);

}  // namespace memspan
