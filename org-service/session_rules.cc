#include "org-service/session_rules.h"

#include <algorithm>
#include <array>

namespace qungong::org {
namespace {

// Newest first.
const std::array<SignInPolicy, 1>& Policies() {
  static const std::array<SignInPolicy, 1> kPolicies = {
      {{absl::CivilDay(1970, 1, 1), 5, absl::Minutes(15), absl::Minutes(15)}}};
  return kPolicies;
}

}  // namespace

const SignInPolicy& SignInPolicyOn(absl::CivilDay day) {
  for (const SignInPolicy& policy : Policies()) {
    if (policy.from <= day) return policy;
  }
  return Policies().back();
}

std::optional<absl::Time> LockedUntil(absl::Span<const absl::Time> failures, absl::Time now,
                                      const SignInPolicy& policy) {
  if (failures.size() < policy.failures) return std::nullopt;
  const absl::Time first = failures[failures.size() - policy.failures];
  const absl::Time last = failures.back();
  if (last - first > policy.window || now >= last + policy.lock) return std::nullopt;
  return last + policy.lock;
}

std::vector<absl::Time> AfterFailure(std::vector<absl::Time> failures, absl::Time now,
                                     const SignInPolicy& policy) {
  // Whoever waited for the end of a lock begins anew.
  if (failures.size() >= policy.failures) failures.clear();
  failures.erase(std::remove_if(failures.begin(), failures.end(),
                                [&](absl::Time t) { return now - t > policy.window; }),
                 failures.end());
  failures.push_back(now);
  return failures;
}

absl::Time IdleExpiry(absl::Time now, absl::Time expires, const SessionLimits& limits) {
  return std::min(now + limits.idle, expires);
}

bool WorthExtending(absl::Time stored, absl::Time extended) {
  return extended - stored >= absl::Minutes(1);
}

}  // namespace qungong::org
