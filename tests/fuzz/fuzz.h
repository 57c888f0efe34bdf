// A fuzz target is one function of bytes that must neither crash nor break a promise.
// corpus_test.cc runs each over its corpus, fuzzer.cc over what libFuzzer thinks of.
#ifndef QUNGONG_TESTS_FUZZ_FUZZ_H_
#define QUNGONG_TESTS_FUZZ_FUZZ_H_

#include <cstdio>
#include <cstdlib>
#include <vector>

#include "absl/strings/string_view.h"

// A broken promise ends the process, as fuzzers expect.
#define PROMISE(condition)                                                                 \
  do {                                                                                     \
    if (!(condition)) {                                                                    \
      std::fprintf(stderr, "%s:%d: broken promise: %s\n", __FILE__, __LINE__, #condition); \
      std::abort();                                                                        \
    }                                                                                      \
  } while (false)

namespace qungong::fuzz {

void HttpTemplate(absl::string_view data);
void Json(absl::string_view data);
void Transcoder(absl::string_view data);
void PageToken(absl::string_view data);
void Token(absl::string_view data);
void Csv(absl::string_view data);
void HttpHead(absl::string_view data);

struct Target {
  const char* name;  // of its corpus, too
  void (*run)(absl::string_view data);
};
const std::vector<Target>& Targets();

}  // namespace qungong::fuzz

#endif  // QUNGONG_TESTS_FUZZ_FUZZ_H_
