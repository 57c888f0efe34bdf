// Instants between absl::Time and protobuf, at the database's precision of microseconds.
#ifndef QUNGONG_TICKET_SERVICE_PROTO_TIME_H_
#define QUNGONG_TICKET_SERVICE_PROTO_TIME_H_

#include "absl/time/time.h"
#include "google/protobuf/timestamp.pb.h"

namespace qungong::ticket {

// What the database would give back.
inline absl::Time ToMicros(absl::Time t) { return absl::FromUnixMicros(absl::ToUnixMicros(t)); }

inline google::protobuf::Timestamp ToProto(absl::Time t) {
  const int64_t micros = absl::ToUnixMicros(t);
  google::protobuf::Timestamp timestamp;
  const int64_t remainder = ((micros % 1000000) + 1000000) % 1000000;
  timestamp.set_seconds((micros - remainder) / 1000000);
  timestamp.set_nanos(static_cast<int32_t>(remainder * 1000));
  return timestamp;
}

inline absl::Time FromProto(const google::protobuf::Timestamp& t) {
  return ToMicros(absl::FromUnixSeconds(t.seconds()) + absl::Nanoseconds(t.nanos()));
}

}  // namespace qungong::ticket

#endif  // QUNGONG_TICKET_SERVICE_PROTO_TIME_H_
