#include "runtime/checkpoint.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "runtime/feed.h"
#include "runtime/jansson.h"
#include "runtime/log.h"
#include "runtime/status.h"

namespace qungong {
namespace {

constexpr char kType[] = "checkpoint+jwt";
constexpr size_t kHashBytes = 32;

std::string Instant(absl::Time t) {
  return absl::FormatTime("%Y-%m-%d %H:%M:%SZ", t, absl::UTCTimeZone());
}

// Appends a text and waits until the disk has it. Makes the file if there is none.
absl::Status Append(const std::string& file, const std::string& text) {
  const int fd = open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  const auto failed = [&] {
    return absl::UnavailableError(absl::StrCat("cannot write ", file, ": ", std::strerror(errno)));
  };
  if (fd < 0) return failed();
  const bool written = write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
                       fdatasync(fd) == 0;
  const absl::Status status = written ? absl::OkStatus() : failed();
  close(fd);
  return status;
}

absl::Status Broken(int64_t sequence, absl::string_view what) {
  return WithReason(absl::DataLossError(absl::StrCat("event ", sequence, " ", what)),
                    "CHAIN_BROKEN", {{"sequence", absl::StrCat(sequence)}});
}

// What stands in the way of a checkpoint that the chain does not reach or fit.
absl::Status Rewritten(const Checkpoint& c, int64_t last_good) {
  return Broken(c.sequence,
                absl::StrCat("is not what was signed on ", Instant(c.time), ": something in ",
                             last_good + 1, " to ", c.sequence, " was rewritten or removed"));
}

}  // namespace

absl::StatusOr<std::string> SignCheckpoint(const JwsSigner& signer, const Checkpoint& checkpoint) {
  const std::string hash = absl::BytesToHexString(checkpoint.hash);
  const Json body(json_pack("{s:s%, s:s%, s:I, s:s%, s:I}", "service", checkpoint.service.data(),
                            checkpoint.service.size(), "epoch", checkpoint.epoch.data(),
                            checkpoint.epoch.size(), "sequence", json_int_t{checkpoint.sequence},
                            "hash", hash.data(), hash.size(), "iat",
                            json_int_t{absl::ToUnixSeconds(checkpoint.time)}));
  if (body == nullptr) return absl::InternalError("cannot write a checkpoint");
  return signer.Sign(kType, JsonText(body.get()));
}

absl::StatusOr<Checkpoint> ParseCheckpoint(JwsVerifier& verifier, absl::string_view jws) {
  ASSIGN_OR_RETURN(const std::string payload, verifier.Verify(kType, jws));
  const Json body = ParseJson(payload);
  const std::string hash = StringOf(body.get(), "hash");
  Checkpoint checkpoint;
  checkpoint.service = StringOf(body.get(), "service");
  checkpoint.epoch = StringOf(body.get(), "epoch");
  checkpoint.sequence = json_integer_value(json_object_get(body.get(), "sequence"));
  checkpoint.hash = absl::HexStringToBytes(hash);
  checkpoint.time = absl::FromUnixSeconds(json_integer_value(json_object_get(body.get(), "iat")));
  if (checkpoint.sequence < 1 || hash.size() != 2 * kHashBytes)
    return absl::InvalidArgumentError("it is not a checkpoint");
  return checkpoint;
}

absl::StatusOr<std::vector<Checkpoint>> ReadCheckpoints(const std::string& file,
                                                        JwsVerifier& verifier,
                                                        absl::string_view service) {
  std::ifstream in(file);
  if (!in) return absl::NotFoundError(absl::StrCat("cannot read ", file));
  std::vector<Checkpoint> checkpoints;
  std::string line;
  for (int number = 1; std::getline(in, line); ++number) {
    const absl::StatusOr<Checkpoint> checkpoint = ParseCheckpoint(verifier, line);
    const auto bad = [&](absl::string_view why) {
      return absl::InvalidArgumentError(absl::StrCat(file, " line ", number, ": ", why));
    };
    if (!checkpoint.ok()) return bad(checkpoint.status().message());
    if (checkpoint->service != service) return bad("a checkpoint of another service");
    checkpoints.push_back(*checkpoint);
  }
  return checkpoints;
}

Checkpoints::Checkpoints(std::string service, std::unique_ptr<JwsSigner> signer, std::string file)
    : service_(std::move(service)), signer_(std::move(signer)), file_(std::move(file)) {}

absl::Status Checkpoints::Open() const {
  return file_.empty() ? absl::OkStatus() : Append(file_, "");
}

absl::StatusOr<bool> Checkpoints::Take(mysql::Session& session, absl::Time now) {
  FeedHead head;
  RETURN_IF_ERROR(session.Transact({.read_only = true}, [&](mysql::Tx& tx) -> absl::Status {
    ASSIGN_OR_RETURN(head, LoadFeedHead(tx));
    return absl::OkStatus();
  }));
  absl::MutexLock lock(&mutex_);
  if (head.sequence == sequence_) return false;
  ASSIGN_OR_RETURN(std::string jws, SignCheckpoint(*signer_, {service_, head.epoch.ToString(),
                                                              head.sequence, head.hash, now}));
  if (!file_.empty()) RETURN_IF_ERROR(Append(file_, jws + "\n"));
  log::Line(log::Severity::kInfo, "checkpoint").Set("sequence", head.sequence).Set("jws", jws);
  sequence_ = head.sequence;
  newest_ = std::move(jws);
  return true;
}

std::string Checkpoints::newest() const {
  absl::MutexLock lock(&mutex_);
  return newest_;
}

absl::StatusOr<int64_t> VerifyChain(mysql::Session& session,
                                    absl::Span<const Checkpoint> checkpoints) {
  constexpr int kBatch = 1000;
  std::vector<Checkpoint> signed_heads(checkpoints.begin(), checkpoints.end());
  std::stable_sort(signed_heads.begin(), signed_heads.end(),
                   [](const auto& a, const auto& b) { return a.sequence < b.sequence; });
  auto next = signed_heads.begin();
  std::string hash(kHashBytes, '\0');
  int64_t sequence = 0;
  int64_t last_good = 0;
  FeedHead head;
  bool more = true;
  while (more) {
    std::vector<std::pair<StoredEvent, std::string>> chain;
    RETURN_IF_ERROR(session.Transact({.read_only = true}, [&](mysql::Tx& tx) -> absl::Status {
      ASSIGN_OR_RETURN(chain, LoadChain(tx, sequence, kBatch));
      ASSIGN_OR_RETURN(head, LoadFeedHead(tx));
      return absl::OkStatus();
    }));
    for (const auto& [event, stored] : chain) {
      if (event.sequence != sequence + 1) return Broken(sequence + 1, "is missing");
      hash = ChainHash(hash, event);
      if (stored != hash) return Broken(event.sequence, "was changed");
      sequence = event.sequence;
      for (; next != signed_heads.end() && next->sequence == sequence; ++next) {
        if (next->hash != hash) return Rewritten(*next, last_good);
        last_good = sequence;
      }
    }
    more = chain.size() == static_cast<size_t>(kBatch);
  }
  if (next != signed_heads.end()) return Rewritten(*next, last_good);
  if (head.sequence > sequence) return Broken(sequence + 1, "is missing");
  if (head.sequence < sequence || head.hash != hash)
    return Broken(sequence, "does not end the chain that the head knows");
  return sequence;
}

absl::StatusOr<std::string> DescribeChain(mysql::Session& session, absl::string_view service,
                                          const std::string& file, const std::string& keys_file) {
  std::vector<Checkpoint> checkpoints;
  if (!file.empty()) {
    const auto keys = JwsVerifier::FromFile(keys_file);
    if (!keys.ok()) return absl::FailedPreconditionError(keys.status().message());
    ASSIGN_OR_RETURN(checkpoints, ReadCheckpoints(file, **keys, service));
  }
  ASSIGN_OR_RETURN(const int64_t last, VerifyChain(session, checkpoints));
  std::string found = absl::StrCat(service, ": ", last, " events form one chain; ");
  if (checkpoints.empty()) {
    absl::StrAppend(&found, "no checkpoints to hold it against");
  } else {
    absl::StrAppend(&found, checkpoints.size(), " checkpoints fit it, the last at event ",
                    checkpoints.back().sequence, " of ", Instant(checkpoints.back().time));
  }
  return found;
}

}  // namespace qungong
