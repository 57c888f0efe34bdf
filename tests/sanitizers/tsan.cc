// What ThreadSanitizer has to know of Debian's packages, which are built without it; only in
// programs that are built with -fsanitize=thread.
//
// It does not see what absl::Mutex orders, and would take everything that one guards for a race. So
// these definitions come before the library's, in the library's own calls and gRPC's too, tell it,
// and call them in turn.
#include <dlfcn.h>
#include <sanitizer/tsan_interface.h>

#include <cstdlib>
#include <type_traits>

#include "absl/cleanup/cleanup.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

// Inside the packages, and in what they do to memory of ours, it sees half of what happens: races
// of gRPC with itself are not reported.
extern "C" const char* __tsan_default_options() { return "ignore_noninstrumented_modules=1"; }

// Nor does it see how gRPC hands a finished call over to the thread that takes it down.
extern "C" const char* __tsan_default_suppressions() { return "race:Impl::CallOnDone\n"; }

namespace {

// The library's function of this mangled name.
template <typename Function>
Function* Real(const char* name) {
  void* const found = dlsym(RTLD_NEXT, name);
  if (found == nullptr) std::abort();
  return reinterpret_cast<Function*>(found);
}

using absl::Mutex;

// Whether this thread is in one of the library's functions: they call each other, and are told of
// once.
thread_local bool inside = false;

template <typename F>
auto Inside(const F& real) {
  inside = true;
  const absl::Cleanup leave = [] { inside = false; };
  return real();
}

// What happens between the two calls of a pair is the library's own affair and not looked at.
template <typename F>
auto Locking(Mutex* mutex, unsigned flags, const F& real) {
  if (inside) return real();
  __tsan_mutex_pre_lock(mutex, flags);
  if constexpr (std::is_void_v<decltype(real())>) {
    Inside(real);
    __tsan_mutex_post_lock(mutex, flags, 0);
  } else {
    const bool result = Inside(real);
    const bool failed = (flags & __tsan_mutex_try_lock) != 0 && !result;
    __tsan_mutex_post_lock(mutex, failed ? flags | __tsan_mutex_try_lock_failed : flags, 0);
    return result;
  }
}

// A wait gives the mutex away and takes it back.
template <typename F>
auto Waiting(Mutex* mutex, const F& real) {
  if (inside) return real();
  __tsan_mutex_pre_unlock(mutex, 0);
  __tsan_mutex_post_unlock(mutex, 0);
  return Locking(mutex, 0, real);
}

template <typename F>
void Unlocking(Mutex* mutex, unsigned flags, const F& real) {
  if (inside) return real();
  __tsan_mutex_pre_unlock(mutex, flags);
  Inside(real);
  __tsan_mutex_post_unlock(mutex, flags);
}

}  // namespace

// The mangled names of members of absl::Mutex and absl::CondVar, with Debian's inline namespace.
#define QUNGONG_MUTEX "_ZN4absl7debian35Mutex"
#define QUNGONG_CONDVAR "_ZN4absl7debian37CondVar"

namespace absl {
ABSL_NAMESPACE_BEGIN

void Mutex::Lock() {
  static auto* const real = Real<void(Mutex*)>(QUNGONG_MUTEX "4LockEv");
  return Locking(this, 0, [&] { return real(this); });
}

void Mutex::Unlock() {
  static auto* const real = Real<void(Mutex*)>(QUNGONG_MUTEX "6UnlockEv");
  Unlocking(this, 0, [&] { real(this); });
}

bool Mutex::TryLock() {
  static auto* const real = Real<bool(Mutex*)>(QUNGONG_MUTEX "7TryLockEv");
  return Locking(this, __tsan_mutex_try_lock, [&] { return real(this); });
}

void Mutex::ReaderLock() {
  static auto* const real = Real<void(Mutex*)>(QUNGONG_MUTEX "10ReaderLockEv");
  return Locking(this, __tsan_mutex_read_lock, [&] { return real(this); });
}

void Mutex::ReaderUnlock() {
  static auto* const real = Real<void(Mutex*)>(QUNGONG_MUTEX "12ReaderUnlockEv");
  Unlocking(this, __tsan_mutex_read_lock, [&] { real(this); });
}

void Mutex::LockWhen(const Condition& cond) {
  static auto* const real =
      Real<void(Mutex*, const Condition&)>(QUNGONG_MUTEX "8LockWhenERKNS0_9ConditionE");
  return Locking(this, 0, [&] { return real(this, cond); });
}

bool Mutex::LockWhenWithTimeout(const Condition& cond, Duration timeout) {
  static auto* const real = Real<bool(Mutex*, const Condition&, Duration)>(
      QUNGONG_MUTEX "19LockWhenWithTimeoutERKNS0_9ConditionENS0_8DurationE");
  return Locking(this, 0, [&] { return real(this, cond, timeout); });
}

void Mutex::Await(const Condition& cond) {
  static auto* const real =
      Real<void(Mutex*, const Condition&)>(QUNGONG_MUTEX "5AwaitERKNS0_9ConditionE");
  return Waiting(this, [&] { return real(this, cond); });
}

bool Mutex::AwaitWithTimeout(const Condition& cond, Duration timeout) {
  static auto* const real = Real<bool(Mutex*, const Condition&, Duration)>(
      QUNGONG_MUTEX "16AwaitWithTimeoutERKNS0_9ConditionENS0_8DurationE");
  return Waiting(this, [&] { return real(this, cond, timeout); });
}

bool Mutex::AwaitWithDeadline(const Condition& cond, Time deadline) {
  static auto* const real = Real<bool(Mutex*, const Condition&, Time)>(
      QUNGONG_MUTEX "17AwaitWithDeadlineERKNS0_9ConditionENS0_4TimeE");
  return Waiting(this, [&] { return real(this, cond, deadline); });
}

void CondVar::Wait(Mutex* mu) {
  static auto* const real = Real<void(CondVar*, Mutex*)>(QUNGONG_CONDVAR "4WaitEPNS0_5MutexE");
  return Waiting(mu, [&] { return real(this, mu); });
}

bool CondVar::WaitWithTimeout(Mutex* mu, Duration timeout) {
  static auto* const real = Real<bool(CondVar*, Mutex*, Duration)>(
      QUNGONG_CONDVAR "15WaitWithTimeoutEPNS0_5MutexENS0_8DurationE");
  return Waiting(mu, [&] { return real(this, mu, timeout); });
}

bool CondVar::WaitWithDeadline(Mutex* mu, Time deadline) {
  static auto* const real = Real<bool(CondVar*, Mutex*, Time)>(
      QUNGONG_CONDVAR "16WaitWithDeadlineEPNS0_5MutexENS0_4TimeE");
  return Waiting(mu, [&] { return real(this, mu, deadline); });
}

ABSL_NAMESPACE_END
}  // namespace absl
