// demo prepare | play: the cast and the story of `./qungong demo`, played through the gateway like
// any client.
#include <cstdio>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/strings/string_view.h"
#include "tests/demo/cast.h"

ABSL_FLAG(int, port, 8080, "port of the gateway");
ABSL_FLAG(std::string, run_dir, ".run", "directory of the running suite");
ABSL_FLAG(std::string, qungong, "./qungong", "the script, to stop, kill and start processes");

int main(int argc, char** argv) {
  const std::vector<char*> words = absl::ParseCommandLine(argc, argv);
  qungong::demo::Stage stage;
  stage.port = absl::GetFlag(FLAGS_port);
  stage.run_dir = absl::GetFlag(FLAGS_run_dir);
  stage.qungong = absl::GetFlag(FLAGS_qungong);
  const absl::string_view command = words.size() == 2 ? absl::string_view(words[1]) : "";
  if (command == "prepare") return qungong::demo::Prepare(stage);
  if (command == "play") return qungong::demo::Play(stage);
  std::fputs("demo prepare | play\n", stderr);
  return 2;
}
