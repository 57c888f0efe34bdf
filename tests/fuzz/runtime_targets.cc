// Page tokens, access tokens and uploaded files.
#include <unistd.h>

#include <fstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/time/clock.h"
#include "org-service/csv.h"
#include "runtime/page.h"
#include "runtime/token.h"
#include "tests/fuzz/fuzz.h"
#include "tests/support/test_keys.h"

namespace qungong::fuzz {
namespace {

std::string FileOf(const std::string& name, const char* content) {
  const std::string path = absl::StrCat("/tmp/qungong-fuzz-", getpid(), "-", name);
  std::ofstream(path) << content;
  return path;
}

}  // namespace

// Nothing but what was made for the question is a page token of it.
void PageToken(absl::string_view data) {
  static const PageCodec codec(std::string(32, 'k'));
  const auto decoded = codec.Decode("question", data);
  PROMISE(!decoded.ok() || data.empty());
  const std::string token = codec.Encode("question", data);
  if (token.size() > 1024) return;
  const auto cursor = codec.Decode("question", token);
  PROMISE(cursor.ok() && *cursor == data);
  PROMISE(!codec.Decode("another question", token).ok());
}

// No bytes are an access token, nor is a real one with any byte changed.
void Token(absl::string_view data) {
  static const auto* const verifier =
      TokenVerifier::FromFile(FileOf("jwks", testing::kPublicJwks))->release();
  static const absl::Time now = absl::FromUnixSeconds(1438219800);
  static const auto* const token =
      new std::string(*(*TokenSigner::FromFile(FileOf("jwk", testing::kPrivateJwk)))
                           ->Sign({"accounts/0190f3a1-7b1c-7def-8123-456789abcdef", "", now,
                                   now + absl::Minutes(15)}));
  PROMISE(const_cast<TokenVerifier*>(verifier)->Verify(*token, now).ok());
  PROMISE(!const_cast<TokenVerifier*>(verifier)->Verify(data, now).ok() || data == *token);
  if (data.size() < 2) return;
  std::string changed = *token;
  for (size_t i = 0; i + 1 < data.size(); i += 2) {
    const size_t at = static_cast<unsigned char>(data[i]) * changed.size() / 256;
    changed[at] = data[i + 1];
  }
  // The last character of a part of base64 may have bits that mean nothing.
  const auto verified = const_cast<TokenVerifier*>(verifier)->Verify(changed, now);
  PROMISE(!verified.ok() || changed == *token);
}

// What was read can be written so that it is read alike.
void Csv(absl::string_view data) {
  const auto rows = org::ParseCsv(data, {"code", "name"});
  if (!rows.ok()) return;
  std::string text = "code,name\n";
  int line = 0;
  for (const org::CsvRow& row : *rows) {
    PROMISE(row.fields.size() == 2 && row.line > line);
    line = row.line;
    absl::StrAppend(&text, "\"", absl::StrReplaceAll(row.fields[0], {{"\"", "\"\""}}), "\",\"",
                    absl::StrReplaceAll(row.fields[1], {{"\"", "\"\""}}), "\"\n");
  }
  const auto again = org::ParseCsv(text, {"code", "name"});
  PROMISE(again.ok() && again->size() == rows->size());
  for (size_t i = 0; i < rows->size(); ++i) PROMISE((*again)[i].fields == (*rows)[i].fields);
}

}  // namespace qungong::fuzz
