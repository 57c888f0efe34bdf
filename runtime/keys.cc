#include "runtime/keys.h"

#include <openssl/evp.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <limits>
#include <memory>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "runtime/crypto.h"
#include "runtime/status.h"

namespace qungong {
namespace {

constexpr char kVersion = 1;
constexpr size_t kKeyBytes = 32;
constexpr size_t kNonceBytes = 12;
constexpr size_t kTagBytes = 16;
constexpr size_t kHeadBytes = 1 + kNonceBytes;
// Of one IN list; a power of two, and shorter lists are filled up to one, so that few statements
// are prepared.
constexpr size_t kLoadBatch = 64;

constexpr char kInsertKey[] =
    "INSERT INTO subject_keys (id, subject, master_id, wrapped) VALUES (?, ?, ?, ?)";
constexpr char kSelectKey[] =
    "SELECT master_id, wrapped, destroyed_at FROM subject_keys WHERE id = ?";
constexpr char kSelectKeys[] =
    "SELECT id, master_id, wrapped FROM subject_keys WHERE destroyed_at IS NULL AND id IN ";
constexpr char kDestroyKey[] =
    "UPDATE subject_keys SET wrapped = '', destroyed_at = NOW(6) WHERE id = ? AND destroyed_at IS "
    "NULL";
constexpr char kSelectOld[] = R"sql(
SELECT id, master_id, wrapped FROM subject_keys
WHERE master_id <> ? AND destroyed_at IS NULL ORDER BY master_id LIMIT ? FOR UPDATE)sql";
constexpr char kRewrapKey[] = "UPDATE subject_keys SET master_id = ?, wrapped = ? WHERE id = ?";

using Cipher = std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)>;

uint8_t* Bytes(std::string& text, size_t at = 0) {
  return reinterpret_cast<uint8_t*>(text.data()) + at;
}
const uint8_t* Bytes(absl::string_view text) {
  return reinterpret_cast<const uint8_t*>(text.data());
}
int Size(absl::string_view text) {
  if (text.size() > static_cast<size_t>(std::numeric_limits<int>::max())) std::abort();
  return static_cast<int>(text.size());
}

Cipher NewCipher(absl::string_view key) {
  Cipher cipher(EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free);
  if (cipher == nullptr || key.size() != kKeyBytes) std::abort();
  return cipher;
}

absl::Status BrokenSeal() {
  return WithReason(absl::DataLossError("sealed data does not open with its key in this place"),
                    "SEAL_BROKEN");
}

// A wrapped key cannot be moved to another subject.
std::string WrapContext(const Uuid& id) { return absl::StrCat("subject_keys/", id.ToString()); }

}  // namespace

std::string SealWith(absl::string_view key, absl::string_view plaintext,
                     absl::string_view context) {
  const Cipher cipher = NewCipher(key);
  std::string sealed(1, kVersion);
  sealed += RandomBytes(kNonceBytes);
  sealed.resize(kHeadBytes + plaintext.size() + kTagBytes);
  int size = 0;
  const bool ok =
      EVP_EncryptInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr, Bytes(key), Bytes(sealed, 1)) ==
          1 &&
      (context.empty() ||
       EVP_EncryptUpdate(cipher.get(), nullptr, &size, Bytes(context), Size(context)) == 1) &&
      (plaintext.empty() || EVP_EncryptUpdate(cipher.get(), Bytes(sealed, kHeadBytes), &size,
                                              Bytes(plaintext), Size(plaintext)) == 1) &&
      EVP_EncryptFinal_ex(cipher.get(), Bytes(sealed, kHeadBytes + plaintext.size()), &size) == 1 &&
      EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_GET_TAG, kTagBytes,
                          Bytes(sealed, kHeadBytes + plaintext.size())) == 1;
  if (!ok) std::abort();
  return sealed;
}

absl::StatusOr<std::string> OpenWith(absl::string_view key, absl::string_view sealed,
                                     absl::string_view context) {
  if (sealed.size() < kHeadBytes + kTagBytes || sealed[0] != kVersion) return BrokenSeal();
  const Cipher cipher = NewCipher(key);
  const absl::string_view nonce = sealed.substr(1, kNonceBytes);
  const absl::string_view text = sealed.substr(kHeadBytes, sealed.size() - kHeadBytes - kTagBytes);
  std::string tag(sealed.substr(sealed.size() - kTagBytes));
  std::string plaintext(text.size(), '\0');
  int size = 0;
  const bool ok =
      EVP_DecryptInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr, Bytes(key), Bytes(nonce)) == 1 &&
      (context.empty() ||
       EVP_DecryptUpdate(cipher.get(), nullptr, &size, Bytes(context), Size(context)) == 1) &&
      (text.empty() ||
       EVP_DecryptUpdate(cipher.get(), Bytes(plaintext), &size, Bytes(text), Size(text)) == 1) &&
      EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_SET_TAG, kTagBytes, Bytes(tag)) == 1 &&
      EVP_DecryptFinal_ex(cipher.get(), Bytes(plaintext, plaintext.size()), &size) == 1;
  if (!ok) return BrokenSeal();
  return plaintext;
}

absl::StatusOr<KeyRing> KeyRing::FromFile(const std::string& file) {
  std::ifstream in(file);
  if (!in) return absl::NotFoundError(absl::StrCat("cannot read the master keys in ", file));
  KeyRing ring;
  int number = 0;
  for (std::string line; std::getline(in, line);) {
    ++number;
    const std::vector<std::string> words =
        absl::StrSplit(line, absl::ByAnyChar(" \t\r"), absl::SkipEmpty());
    if (words.empty()) continue;
    Master master{};
    const bool valid = words.size() == 2 && absl::SimpleAtoi(words[0], &master.id) &&
                       master.id > 0 && absl::Base64Unescape(words[1], &master.key) &&
                       master.key.size() == kKeyBytes && ring.Find(master.id) == nullptr;
    if (!valid) {
      return absl::InvalidArgumentError(
          absl::StrCat(file, " line ", number,
                       " is not \"ID BASE64\" with a new ID above 0 and a key of 32 bytes"));
    }
    ring.masters_.push_back(std::move(master));
  }
  if (ring.masters_.empty())
    return absl::InvalidArgumentError(absl::StrCat(file, " holds no master key"));
  return ring;
}

KeyRing KeyRing::ForTest() {
  KeyRing ring;
  ring.masters_.push_back({1, std::string(kKeyBytes, 't')});
  return ring;
}

const KeyRing::Master* KeyRing::Find(int id) const {
  const auto found =
      std::find_if(masters_.begin(), masters_.end(), [id](const Master& m) { return m.id == id; });
  return found == masters_.end() ? nullptr : &*found;
}

std::string KeyRing::Wrap(const Uuid& id, absl::string_view key) const {
  return SealWith(masters_.back().key, key, WrapContext(id));
}

absl::StatusOr<SubjectKey> KeyRing::Unwrap(const Uuid& id, int master_id,
                                           absl::string_view wrapped) const {
  const Master* master = Find(master_id);
  if (master == nullptr) {
    return WithReason(
        absl::InternalError(absl::StrCat("master key ", master_id, " is not in the file")),
        "MASTER_KEY_MISSING");
  }
  ASSIGN_OR_RETURN(std::string key, OpenWith(master->key, wrapped, WrapContext(id)));
  return SubjectKey(id, std::move(key));
}

absl::StatusOr<SubjectKey> KeyRing::Create(mysql::Tx& tx, const Uuid& id,
                                           absl::string_view subject) const {
  std::string key = RandomBytes(kKeyBytes);
  RETURN_IF_ERROR(tx.Later(kInsertKey, id, subject, masters_.back().id, Wrap(id, key)));
  return SubjectKey(id, std::move(key));
}

absl::StatusOr<SubjectKey> KeyRing::Load(mysql::Tx& tx, const Uuid& id) const {
  ASSIGN_OR_RETURN(const std::optional<mysql::Row> row, tx.QueryOne(kSelectKey, id));
  if (!row.has_value())
    return absl::InternalError(absl::StrCat("there is no subject key ", id.ToString()));
  if (!row->IsNull(2)) {
    return WithChinese(
        WithReason(absl::FailedPreconditionError("the personal data was erased"), "ERASED"),
        "个人信息已依法删除,无法查看。");
  }
  return Unwrap(id, row->Int32(0), row->String(1));
}

absl::StatusOr<std::map<Uuid, SubjectKey>> KeyRing::LoadAll(mysql::Tx& tx,
                                                            absl::Span<const Uuid> ids) const {
  std::map<Uuid, SubjectKey> keys;
  for (size_t begin = 0; begin < ids.size(); begin += kLoadBatch) {
    const absl::Span<const Uuid> batch = ids.subspan(begin, kLoadBatch);
    size_t width = 1;
    while (width < batch.size()) width *= 2;
    std::vector<mysql::Param> params(batch.begin(), batch.end());
    params.resize(width, mysql::Param(batch.back()));
    const std::string sql = absl::StrCat(
        kSelectKeys, "(", absl::StrJoin(std::vector<absl::string_view>(width, "?"), ","), ")");
    ASSIGN_OR_RETURN(const mysql::Rows rows, tx.Query(sql, absl::MakeConstSpan(params)));
    for (const mysql::Row& row : rows) {
      ASSIGN_OR_RETURN(SubjectKey key, Unwrap(row.Id(0), row.Int32(1), row.String(2)));
      keys.emplace(row.Id(0), std::move(key));
    }
  }
  return keys;
}

absl::Status KeyRing::Destroy(mysql::Tx& tx, const Uuid& id) const {
  return tx.Execute(kDestroyKey, id).status();
}

absl::StatusOr<int> KeyRing::Rewrap(mysql::Tx& tx, int limit) const {
  const Master& current = masters_.back();
  ASSIGN_OR_RETURN(const mysql::Rows rows, tx.Query(kSelectOld, current.id, limit));
  for (const mysql::Row& row : rows) {
    const Uuid id = row.Id(0);
    ASSIGN_OR_RETURN(const SubjectKey key, Unwrap(id, row.Int32(1), row.String(2)));
    RETURN_IF_ERROR(tx.Execute(kRewrapKey, current.id, Wrap(id, key.key_), id).status());
  }
  return static_cast<int>(rows.size());
}

std::string KeyRing::BlindIndex(absl::string_view purpose, absl::string_view value) const {
  return HmacSha256(Derive(absl::StrCat("blind index/", purpose)), value);
}

std::string KeyRing::Derive(absl::string_view purpose) const {
  return HkdfSha256(masters_.front().key, absl::StrCat("qungong/", purpose), kKeyBytes);
}

}  // namespace qungong
