// UUIDs made by the application: BINARY(16) in the database, 36 characters in resource names.
#ifndef QUNGONG_RUNTIME_IDS_H_
#define QUNGONG_RUNTIME_IDS_H_

#include <array>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace qungong {

struct Uuid {
  std::array<uint8_t, 16> bytes{};

  std::string ToString() const;    // 0190f3a1-…
  absl::string_view View() const;  // the 16 bytes
  bool IsNil() const { return *this == Uuid{}; }
  static absl::StatusOr<Uuid> Parse(absl::string_view text);       // canonical form only
  static absl::StatusOr<Uuid> FromBytes(absl::string_view bytes);  // exactly 16 bytes

  friend bool operator==(const Uuid& a, const Uuid& b) { return a.bytes == b.bytes; }
  friend bool operator!=(const Uuid& a, const Uuid& b) { return a.bytes != b.bytes; }
  friend bool operator<(const Uuid& a, const Uuid& b) { return a.bytes < b.bytes; }
  template <typename H>
  friend H AbslHashValue(H h, const Uuid& id) {
    return H::combine(std::move(h), id.bytes);
  }
};

// A version 7 UUID: milliseconds of `now`, then 74 random bits. Thread-safe.
Uuid NewUuidV7(absl::Time now);
// A version 5 UUID: the same name always gives the same id.
Uuid NameUuid(absl::string_view name);

// Makes ids for one call. Rewound before each attempt, so that a retried transaction makes the same
// ids again. Owned by one worker.
class IdSource {
 public:
  explicit IdSource(absl::Time now) : now_(now) {}
  Uuid Next();
  void Rewind() { next_ = 0; }

 private:
  absl::Time now_;
  std::vector<Uuid> made_;
  size_t next_ = 0;
};

// "units" + id -> "units/0190…"
std::string ResourceName(absl::string_view collection, const Uuid& id);
// The id of a resource name of the given collection; INVALID_ARGUMENT otherwise.
absl::StatusOr<Uuid> ParseResourceName(absl::string_view collection, absl::string_view name);

}  // namespace qungong

#endif  // QUNGONG_RUNTIME_IDS_H_
