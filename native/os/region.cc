// Finding, pinning and keeping mapped memory; see region.h.

#include "region.h"

#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <chrono>
#include <thread>

#include "plausible.h"

namespace memspan {

namespace {

bool IsDeciding(const Mapping* mapping) {
  return mapping->closing.load() && !(mapping->status.load() & kClosed);
}

}  // namespace

int StateOf(const Mapping* mapping) {
  const uint32_t status = mapping->status.load();
  if (status & kClosed) return kGone;
  if (status & kTruncated) return kCut;
  if (status & kWroteReadOnly) return kReadOnly;
  return status & kDenied ? kForbidden : 0;
}

int PlaceOf(const Napi::CallbackInfo& info, size_t index, Place* place) {
  napi_typedarray_type type;
  size_t length, offset;
  void* data;
  if (napi_get_typedarray_info(info.Env(), info[index], &type, &length, &data, nullptr, &offset) !=
          napi_ok ||
      type != napi_uint8_array || !data) {
    return kNotMapped;
  }
  Mapping* mapping = FindMapping(data);
  if (!mapping) return kNotMapped;
  place->address = static_cast<uint8_t*>(data);
  place->length = length;
  place->mapping = mapping;
  return 0;
}

int Pin::Count() {
  mapping_->calls.fetch_add(1);
  counts_ = true;
  // UnmapPart() and Close() see this call or are seen by it. UnmapPart() does not wait for anybody.
  while (mapping_->cutting.load() || (isPatient_ && IsDeciding(mapping_))) {
    Rest();
    std::this_thread::sleep_for(std::chrono::microseconds(50));
    mapping_->calls.fetch_add(1);
    counts_ = true;
  }
  const int state = Check();
  if (state != 0) Leave();
  return state;
}

int Pin::Check() const {
  if (!isPatient_ && mapping_->closing.load()) return kGone;
  const int state = StateOf(mapping_);
  if (state != 0) return state;
  if (!mapping_->isChanged.load()) return mapping_->flags & kWritable ? 0 : kReadOnly;
  const uint32_t access = AccessAt(mapping_->slot, address_, size_);
  if (access & kAccessHole) return kGone;
  return access & kAccessWrite ? 0 : kReadOnly;
}

int Pin::Enter(const Napi::CallbackInfo& info, size_t index, size_t size, size_t alignment) {
  Place place;
  const int found = PlaceOf(info, index, &place);
  if (found != 0) return found;
  if (place.length < size || reinterpret_cast<uintptr_t>(place.address) % alignment != 0) {
    return -EINVAL;
  }
  address_ = place.address;
  size_ = size;
  mapping_ = place.mapping;
  return Count();
}

int Pin::EnterPatiently(const Napi::CallbackInfo& info, size_t index, size_t size,
                        size_t alignment) {
  isPatient_ = true;
  return Enter(info, index, size, alignment);
}

int Pin::Enter(const Pin& other) {
  address_ = other.address_;
  size_ = other.size_;
  mapping_ = other.mapping_;
  Retain(mapping_);
  keeps_ = true;
  return Count();
}

void Pin::Leave() {
  if (!mapping_) return;
  Rest();
  if (keeps_) Release(mapping_);
  mapping_ = nullptr;
}

void Pin::Rest() {
  if (mapping_ && counts_) mapping_->calls.fetch_sub(1);
  counts_ = false;
}

void Holds::Add(const Pin& pin, bool robust) {
  Hold(pin.mapping());
  holds_.push_back({pin.Get<void>(), pin.mapping(), robust});
}

bool Holds::Has(const void* object) const {
  for (const Held& held : holds_) {
    if (held.object == object) return true;
  }
  return false;
}

int Holds::Check(const Pin& pin) const {
  const pthread_mutex_t* mutex = pin.Get<pthread_mutex_t>();
  const auto has = [&](const void* object) { return Has(object); };
  for (const Held& held : holds_) {
    if (held.object != mutex) continue;
    const bool sound =
        IsRobust(mutex) == held.robust && (!held.robust || IsLinked(mutex, has)) && IsMutex(mutex);
    // The look may have been the first to touch pages that are gone.
    const int state = pin.Check();
    return state != 0 || sound ? state : kCorrupt;
  }
  return 0;
}

bool Holds::Remove(const void* object) {
  for (size_t i = holds_.size(); i-- > 0;) {
    if (holds_[i].object != object) continue;
    Mapping* mapping = holds_[i].mapping;
    holds_.erase(holds_.begin() + static_cast<ptrdiff_t>(i));
    LetGo(mapping);
    return true;
  }
  return false;
}

void Holds::Clear() {
  for (const Held& held : holds_) LetGo(held.mapping);
  holds_.clear();
}

void Holds::Abandon(pid_t threadId) {
  for (const Held& held : holds_) LetGoAfter(held.mapping, threadId);
  holds_.clear();
}

Holds* HoldsOf(Environment* environment) {
  if (!environment->holds) {
    environment->holds = std::make_shared<Holds>();
    // Of a thread that has not ended yet, and whose locks it takes along.
    napi_add_env_cleanup_hook(
        environment->env,
        [](void* data) {
          static_cast<Environment*>(data)->holds->Abandon(static_cast<int>(syscall(SYS_gettid)));
        },
        environment);
  }
  return environment->holds.get();
}

}  // namespace memspan
