// Checkpoints: what the chain of events was at an instant, signed and kept outside the database.
// Whoever can write the database can rewrite an event and every hash after it; a checkpoint that
// has left the database then no longer fits.
#ifndef QUNGONG_RUNTIME_CHECKPOINT_H_
#define QUNGONG_RUNTIME_CHECKPOINT_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "runtime/jws.h"
#include "runtime/mysql.h"

namespace qungong {

struct Checkpoint {
  std::string service;  // "ticket-service"
  std::string epoch;    // of the feed
  int64_t sequence = 0;
  std::string hash;  // of the chain up to that event, 32 bytes
  absl::Time time;   // when it was signed
};

// A JWS of type "checkpoint+jwt".
absl::StatusOr<std::string> SignCheckpoint(const JwsSigner& signer, const Checkpoint& checkpoint);
absl::StatusOr<Checkpoint> ParseCheckpoint(JwsVerifier& verifier, absl::string_view jws);
// A file of them, one a line, all of `service`. INVALID_ARGUMENT names the first line that is not.
absl::StatusOr<std::vector<Checkpoint>> ReadCheckpoints(const std::string& file,
                                                        JwsVerifier& verifier,
                                                        absl::string_view service);

// Signs a checkpoint whenever the chain has grown; it goes to the log, to `file` (flushed to the
// disk; "" for none) and to whoever asks. Thread-safe.
class Checkpoints {
 public:
  Checkpoints(std::string service, std::unique_ptr<JwsSigner> signer, std::string file);
  // Makes the file, so that a missing one is one that somebody took away.
  absl::Status Open() const;
  // True if there was something new to sign.
  absl::StatusOr<bool> Take(mysql::Session& session, absl::Time now);
  // The newest, "" before the first.
  std::string newest() const;

 private:
  const std::string service_;
  const std::unique_ptr<JwsSigner> signer_;
  const std::string file_;
  mutable absl::Mutex mutex_;
  int64_t sequence_ ABSL_GUARDED_BY(mutex_) = 0;
  std::string newest_ ABSL_GUARDED_BY(mutex_);
};

// Derives the chain again from the first event and holds it against the checkpoints; the last
// number. DATA_LOSS, reason CHAIN_BROKEN with `sequence`, names the first event that does not fit
// the chain, or the first checkpoint that the chain does not fit.
absl::StatusOr<int64_t> VerifyChain(mysql::Session& session,
                                    absl::Span<const Checkpoint> checkpoints = {});

// The same for people, in a sentence, with the checkpoints of `file` ("" for none) and the keys
// that sign them. FAILED_PRECONDITION or UNAVAILABLE if what there is to compare cannot be read.
absl::StatusOr<std::string> DescribeChain(mysql::Session& session, absl::string_view service,
                                          const std::string& file, const std::string& keys_file);

}  // namespace qungong

#endif  // QUNGONG_RUNTIME_CHECKPOINT_H_
