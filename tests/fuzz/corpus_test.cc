// Runs every fuzz target over its corpus: what was found once is never found again.
#include <filesystem>
#include <fstream>
#include <iterator>

#include "gtest/gtest.h"
#include "tests/fuzz/fuzz.h"

namespace qungong::fuzz {

void PrintTo(const Target& target, std::ostream* out) { *out << target.name; }

namespace {

class CorpusTest : public ::testing::TestWithParam<Target> {};

TEST_P(CorpusTest, BreaksNoPromise) {
  int inputs = 0;
  const std::filesystem::path corpus =
      std::filesystem::path(QUNGONG_SOURCE_DIR) / "tests/fuzz/corpus" / GetParam().name;
  for (const auto& file : std::filesystem::directory_iterator(corpus)) {
    std::ifstream in(file.path(), std::ios::binary);
    GetParam().run(std::string(std::istreambuf_iterator<char>(in), {}));
    ++inputs;
  }
  EXPECT_GT(inputs, 0);
  GetParam().run("");
}

INSTANTIATE_TEST_SUITE_P(, CorpusTest, ::testing::ValuesIn(Targets()),
                         [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace qungong::fuzz
