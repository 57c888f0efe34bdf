// Rows of people: sealed, and found by keyed hashes.
#ifndef QUNGONG_ORG_SERVICE_PERSON_STORE_H_
#define QUNGONG_ORG_SERVICE_PERSON_STORE_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "org-service/listing.h"
#include "qungong/org/v1/person_service.pb.h"
#include "runtime/ids.h"
#include "runtime/keys.h"
#include "runtime/mysql.h"

namespace qungong::org {

// What is personal, in the clear, for the time of one transaction. Numbers are in their normal
// form.
struct PersonalData {
  std::string display_name;
  std::string phone;
  std::string id_number;
};

// A person as stored. The subject key has the person's own id.
struct StoredPerson {
  Uuid id;
  Uuid unit;
  v1::Person::State state = v1::Person::REGISTERED;
  std::string name_sealed;
  std::string phone_sealed;
  std::string id_sealed;
  std::optional<std::string> phone_index;
  std::optional<std::string> id_index;
  absl::Time created;
  int64_t version = 1;

  std::string Name() const { return ResourceName("people", id); }
  void Seal(const KeyRing& keys, const SubjectKey& key, const PersonalData& data);
  absl::StatusOr<PersonalData> Open(const SubjectKey& key) const;
  // Forgets the sealed data and the indexes too, though without the key they say nothing.
  void Erase();
  // Masked; without personal data if it was erased.
  v1::Person ToProto(const PersonalData& data) const;
};

std::string PhoneIndex(const KeyRing& keys, const std::string& normal_phone);
std::string IdNumberIndex(const KeyRing& keys, const std::string& normal_id_number);

// Locks a person who is given a post or an account, so that nobody erases them meanwhile.
// DeniedOrAbsent, FAILED_PRECONDITION PERSON_ERASED.
absl::Status LockPerson(mysql::Tx& tx, const Uuid& id);
// FAILED_PRECONDITION PERSON_ERASED.
absl::Status CheckNotErased(const StoredPerson& person);

absl::StatusOr<std::optional<StoredPerson>> FindPerson(mysql::Tx& tx, const Uuid& id, RowLock lock);
// ALREADY_EXISTS PERSON_KNOWN.
absl::Status InsertPerson(mysql::Tx& tx, const StoredPerson& person);
// Writes everything as version + 1. ALREADY_EXISTS PERSON_KNOWN.
absl::Status UpdatePersonRow(mysql::Tx& tx, StoredPerson& person);
// Oldest first.
absl::StatusOr<std::vector<StoredPerson>> ListPersonRows(mysql::Tx& tx,
                                                         const Conditions& conditions, int limit);

absl::Status InsertUnmasking(mysql::Tx& tx, const Uuid& id, const Uuid& person, const Uuid& account,
                             v1::Person::Field field, const std::string& purpose, absl::Time now);
// Newest first; conditions may name u (unmaskings) and p (people).
absl::StatusOr<std::vector<v1::Unmasking>> ListUnmaskingRows(mysql::Tx& tx,
                                                             const Conditions& conditions,
                                                             int limit);

}  // namespace qungong::org

#endif  // QUNGONG_ORG_SERVICE_PERSON_STORE_H_
