// One target under libFuzzer: FUZZ_TARGET=json fuzzer [LIBFUZZER FLAGS] CORPUS…
#include <cstddef>
#include <cstdint>

#include "tests/fuzz/fuzz.h"

namespace {

// The witness: breaks its promise for three bytes that stand in no corpus.
void Planted(absl::string_view data) {
  constexpr absl::string_view kWord = "qun";
  size_t equal = 0;
  while (equal < kWord.size() && equal < data.size() && data[equal] == kWord[equal]) ++equal;
  PROMISE(equal < kWord.size());
}
constexpr qungong::fuzz::Target kPlanted = {"planted", Planted};

const qungong::fuzz::Target& Chosen() {
  const char* const wanted = std::getenv("FUZZ_TARGET");
  if (wanted != nullptr && absl::string_view(wanted) == kPlanted.name) return kPlanted;
  for (const qungong::fuzz::Target& target : qungong::fuzz::Targets()) {
    if (wanted != nullptr && absl::string_view(wanted) == target.name) return target;
  }
  std::fputs("FUZZ_TARGET is none of", stderr);
  for (const auto& target : qungong::fuzz::Targets()) std::fprintf(stderr, " %s", target.name);
  std::fputs("\n", stderr);
  std::exit(2);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const qungong::fuzz::Target& target = Chosen();
  target.run({reinterpret_cast<const char*>(data), size});
  return 0;
}
