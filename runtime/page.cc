#include "runtime/page.h"

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "runtime/crypto.h"
#include "runtime/status.h"

namespace qungong {
namespace {

constexpr size_t kTagBytes = 16;
constexpr size_t kMaxTokenBytes = 4096;

// The length keeps question and cursor apart: no part of one can pass for the other.
std::string Tag(const std::string& key, absl::string_view question, absl::string_view cursor) {
  return HmacSha256(key, absl::StrCat(question.size(), ":", question, cursor)).substr(0, kTagBytes);
}

absl::Status InvalidToken() {
  return WithChinese(
      WithReason(absl::InvalidArgumentError(
                     "page_token was not made for this list; begin at its first page"),
                 "PAGE_TOKEN_INVALID"),
      "翻页标记无效,请从第一页重新查看。");
}

}  // namespace

std::string PageCodec::Encode(absl::string_view question, absl::string_view cursor) const {
  return absl::WebSafeBase64Escape(absl::StrCat(Tag(key_, question, cursor), cursor));
}

absl::StatusOr<std::string> PageCodec::Decode(absl::string_view question,
                                              absl::string_view token) const {
  if (token.empty()) return std::string();
  std::string bytes;
  if (token.size() > kMaxTokenBytes || !absl::WebSafeBase64Unescape(token, &bytes) ||
      bytes.size() < kTagBytes) {
    return InvalidToken();
  }
  std::string cursor = bytes.substr(kTagBytes);
  if (!EqualSecrets(Tag(key_, question, cursor), absl::string_view(bytes).substr(0, kTagBytes)))
    return InvalidToken();
  return cursor;
}

}  // namespace qungong
