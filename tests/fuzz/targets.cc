#include "tests/fuzz/fuzz.h"

namespace qungong::fuzz {

const std::vector<Target>& Targets() {
  static const auto* const kTargets = new std::vector<Target>{
      {"http_template", HttpTemplate}, {"json", Json},   {"transcoder", Transcoder},
      {"page_token", PageToken},       {"token", Token}, {"csv", Csv},
      {"http_head", HttpHead}};
  return *kTargets;
}

}  // namespace qungong::fuzz
