#include "gateway/http_template.h"

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "runtime/status.h"

namespace qungong::gateway {
namespace {

using Kind = TemplateSegment::Kind;

bool IsLiteralChar(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_' || c == '.' ||
         c == '~';
}

bool IsIdentChar(char c, bool first) {
  const auto u = static_cast<unsigned char>(c);
  return c == '_' || absl::ascii_isalpha(u) || (!first && absl::ascii_isdigit(u));
}

class Parser {
 public:
  explicit Parser(absl::string_view text) : text_(text) {}

  absl::StatusOr<HttpTemplate> Parse() {
    if (!Take('/')) return Wrong("'/'");
    RETURN_IF_ERROR(ParseSegments(/*in_variable=*/false));
    if (Take(':')) {
      ASSIGN_OR_RETURN(result_.verb, ParseLiteral());
    }
    if (at_ != text_.size()) return Wrong("the end");
    RETURN_IF_ERROR(CheckMany());
    return std::move(result_);
  }

 private:
  absl::Status Wrong(absl::string_view expected) const {
    return absl::InvalidArgumentError(
        absl::StrCat("path template \"", text_, "\": expected ", expected, " at ", at_));
  }
  bool Take(char c) {
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  absl::Status ParseSegments(bool in_variable) {
    do {
      RETURN_IF_ERROR(ParseSegment(in_variable));
    } while (Take('/'));
    return absl::OkStatus();
  }

  absl::Status ParseSegment(bool in_variable) {
    if (Take('{')) {
      if (in_variable) return Wrong("no variable inside a variable");
      return ParseVariable();
    }
    if (Take('*')) {
      result_.segments.push_back({Take('*') ? Kind::kMany : Kind::kOne, ""});
      return absl::OkStatus();
    }
    ASSIGN_OR_RETURN(std::string literal, ParseLiteral());
    result_.segments.push_back({Kind::kLiteral, std::move(literal)});
    return absl::OkStatus();
  }

  absl::StatusOr<std::string> ParseLiteral() {
    const size_t begin = at_;
    while (at_ < text_.size() && IsLiteralChar(text_[at_])) ++at_;
    if (at_ == begin) return Wrong("a segment");
    return std::string(text_.substr(begin, at_ - begin));
  }

  absl::Status ParseVariable() {
    TemplateVariable variable;
    ASSIGN_OR_RETURN(variable.field_path, ParseFieldPath());
    variable.begin = result_.segments.size();
    if (Take('=')) {
      RETURN_IF_ERROR(ParseSegments(/*in_variable=*/true));
    } else {
      result_.segments.push_back({Kind::kOne, ""});
    }
    if (!Take('}')) return Wrong("'}'");
    variable.end = result_.segments.size();
    variable.multi =
        variable.end - variable.begin > 1 || result_.segments[variable.begin].kind == Kind::kMany;
    for (const TemplateVariable& other : result_.variables) {
      if (other.field_path == variable.field_path) return Wrong("each variable once");
    }
    result_.variables.push_back(std::move(variable));
    return absl::OkStatus();
  }

  absl::StatusOr<std::string> ParseFieldPath() {
    const size_t begin = at_;
    do {
      const size_t start = at_;
      while (at_ < text_.size() && IsIdentChar(text_[at_], at_ == start)) ++at_;
      if (at_ == start) return Wrong("the name of a field");
    } while (Take('.'));
    return std::string(text_.substr(begin, at_ - begin));
  }

  absl::Status CheckMany() const {
    bool many = false;
    for (const TemplateSegment& segment : result_.segments) {
      if (many && segment.kind != Kind::kLiteral) {
        return absl::InvalidArgumentError(
            absl::StrCat("path template \"", text_, "\": only literals may follow **"));
      }
      many |= segment.kind == Kind::kMany;
    }
    return absl::OkStatus();
  }

  const absl::string_view text_;
  size_t at_ = 0;
  HttpTemplate result_;
};

}  // namespace

absl::StatusOr<HttpTemplate> ParseHttpTemplate(absl::string_view text) {
  return Parser(text).Parse();
}

}  // namespace qungong::gateway
