// Encryption of personal data: one key per person or ticket, wrapped by a master key. Erasure is
// the destruction of a key: what it sealed stays where it is, in rows, events and backups, and can
// never be read again.
#ifndef QUNGONG_RUNTIME_KEYS_H_
#define QUNGONG_RUNTIME_KEYS_H_

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "runtime/ids.h"
#include "runtime/mysql.h"

namespace qungong {

// AES-256-GCM with a fresh nonce; `context` is authenticated, not stored: what is sealed for one
// place cannot be moved to another. Ciphertext = version byte, nonce (12), text, tag (16).
std::string SealWith(absl::string_view key, absl::string_view plaintext, absl::string_view context);
absl::StatusOr<std::string> OpenWith(absl::string_view key, absl::string_view sealed,
                                     absl::string_view context);

// The key of one subject, unwrapped, for the time of one transaction.
class SubjectKey {
 public:
  SubjectKey(Uuid id, std::string key) : id_(id), key_(std::move(key)) {}
  const Uuid& id() const { return id_; }
  std::string Seal(absl::string_view plaintext, absl::string_view context) const {
    return SealWith(key_, plaintext, context);
  }
  absl::StatusOr<std::string> Open(absl::string_view sealed, absl::string_view context) const {
    return OpenWith(key_, sealed, context);
  }

 private:
  friend class KeyRing;
  Uuid id_;
  std::string key_;
};

// Thread-safe; holds the master keys, reads and writes table subject_keys.
class KeyRing {
 public:
  // `file` has lines "ID BASE64(32 bytes)"; the last is current, earlier ones still unwrap.
  static absl::StatusOr<KeyRing> FromFile(const std::string& file);
  static KeyRing ForTest();

  // Makes a key for a subject, such as a ticket or a person.
  absl::StatusOr<SubjectKey> Create(mysql::Tx& tx, const Uuid& id, absl::string_view subject) const;
  // FAILED_PRECONDITION ERASED if the key was destroyed.
  absl::StatusOr<SubjectKey> Load(mysql::Tx& tx, const Uuid& id) const;
  // The keys that still exist; erased ones are missing from the answer.
  absl::StatusOr<std::map<Uuid, SubjectKey>> LoadAll(mysql::Tx& tx,
                                                     absl::Span<const Uuid> ids) const;
  // Destroys a key for ever. Destroying it again succeeds.
  absl::Status Destroy(mysql::Tx& tx, const Uuid& id) const;
  // Wraps up to `limit` keys anew that an older master key wraps; returns how many.
  absl::StatusOr<int> Rewrap(mysql::Tx& tx, int limit) const;

  // Keyed HMAC-SHA-256 of a normalized value, to find equals without reading them (blind index).
  std::string BlindIndex(absl::string_view purpose, absl::string_view value) const;
  // A key for one purpose (page tokens, …), derived from the first master key.
  std::string Derive(absl::string_view purpose) const;

 private:
  struct Master {
    int id;
    std::string key;
  };
  KeyRing() = default;
  const Master* Find(int id) const;
  std::string Wrap(const Uuid& id, absl::string_view key) const;
  absl::StatusOr<SubjectKey> Unwrap(const Uuid& id, int master_id, absl::string_view wrapped) const;

  std::vector<Master> masters_;  // never empty
};

}  // namespace qungong

#endif  // QUNGONG_RUNTIME_KEYS_H_
