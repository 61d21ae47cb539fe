// The commands of docs/datasets.md, tried as they stand there.
#include <sstream>

#include "apps/gptask.h"
#include "support/catch.h"
#include "support/paths.h"

using namespace gptask::test;

namespace {

/// The words of each `finetune ...` in the file, DATA/ replaced.
std::vector<std::vector<std::string>> commands_of(const std::filesystem::path& file, const std::string& data) {
  std::vector<std::vector<std::string>> commands;
  std::istringstream lines(get(file));
  for (std::string line; std::getline(lines, line);) {
    const std::size_t begin = line.find("`finetune "), end = line.find('`', begin + 1);
    if (line.rfind("| ", 0) != 0 || begin == std::string::npos) continue;
    commands.emplace_back();
    std::istringstream words(line.substr(begin + 1, end - begin - 1));
    for (std::string word; words >> word;) {
      if (word.rfind("DATA/", 0) == 0) word.replace(0, 4, data);
      commands.back().push_back(word);
    }
  }
  return commands;
}

}  // namespace

TEST_CASE("every data set is read by the flags that docs/datasets.md gives for it", "[apps]") {
  GPT_NEED(data, gpt::test::data());
  const TemporaryFolder scratch;
  const std::string mini = (std::filesystem::path(GPTASK_SOURCE_DIR) / "models" / "mini").string();
  const auto commands = commands_of(std::filesystem::path(GPTASK_SOURCE_DIR) / "docs" / "datasets.md", data.string());
  REQUIRE(commands.size() >= 19);
  for (std::vector<std::string> words : commands) {
    std::string shown;
    for (const std::string& word : words) shown += word + " ";
    INFO(shown);
    words.insert(words.end(), {"--model", mini, "--output-dir", (scratch / "run").string(), "--threads", "2",
                               "--dry-run", "--json"});
    const auto outcome = run_gptask(words);
    INFO(outcome.err << outcome.out);
    REQUIRE(outcome.code == 0);
    const Json plan = Json::parse(outcome.out);
    CHECK(plan.at("samples").size() == 3);
    CHECK(plan.at("template").is_string());
    for (const Json& sample : plan.at("samples")) CHECK_FALSE(sample.at("text").get<std::string>().empty());
  }
}
