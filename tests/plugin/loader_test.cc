#include "gpt/plugin/loader.h"

#include <cstdlib>

#include "plugin/fixture.h"
#include "support/errors.h"

using namespace gpt;
using Catch::Matchers::Contains;

static std::string refusal(const std::filesystem::path& file, Registry& registry) {
  const std::size_t before = registry.tasks().size();
  const std::string message = test::error_of([&] { load_plugin(file, registry); });
  CHECK(registry.tasks().size() == before);
  CHECK_THAT(message, Contains(file.string()));
  return message;
}

/// Sets GPTASK_PLUGIN_PATH for one test.
struct PluginPath {
  explicit PluginPath(const std::string& value) { ::setenv("GPTASK_PLUGIN_PATH", value.c_str(), 1); }
  ~PluginPath() { ::unsetenv("GPTASK_PLUGIN_PATH"); }
};

TEST_CASE("a plugin is loaded once and its tasks can be made", "[plugin]") {
  Registry registry;
  const PluginReport report = load_plugin(test::fixture("good"), registry);
  CHECK(report.loaded());
  REQUIRE(report.tasks.size() == 2);
  CHECK((report.tasks[0].name == "fixture-one" && report.tasks[0].version == 3));
  CHECK(registry.find("fixture-two").make()->main_metric() == "stub");
  CHECK(registry.find("fixture-two").plugin == std::filesystem::canonical(test::fixture("good")));

  CHECK(load_plugin(test::fixture("good"), registry).tasks.size() == 2);
  const test::TemporaryFolder folder;
  std::filesystem::create_symlink(test::fixture("good"), folder.path() / "alias.so");
  CHECK(load_plugin(folder.path() / "alias.so", registry).tasks.size() == 2);
  CHECK(registry.tasks().size() == 2);
}

TEST_CASE("a plugin that does not fit is refused and nothing of it stays", "[plugin]") {
  Registry registry;
  load_plugin(test::fixture("good"), registry);
  CHECK_THAT(refusal(test::fixture("duplicate"), registry),
             Contains("registers the task \"fixture-one\", which") && Contains("fixture_good.so has registered"));
  CHECK_THAT(refusal(test::fixture("throws"), registry),
             Contains("failed while it registered its tasks: the dictionary words.txt is missing"));
  CHECK_THAT(refusal(test::fixture("throws_number"), registry), Contains("an exception that is no std::exception"));
  CHECK_THAT(refusal(test::fixture("empty"), registry), Contains("registers no task"));
  CHECK_THAT(refusal(test::fixture("no_entry_point"), registry), Contains("has no entry point gptask_plugin_register"));
  CHECK_THAT(
      refusal(test::fixture("missing_symbol"), registry),
      Contains("undefined symbol: _ZN7fixture15defined_nowhereEi (fixture::defined_nowhere(int)); name the library"));
  CHECK_THAT(refusal(test::fixture("gone"), registry), Contains("fixture_gone.so"));
  const test::TemporaryFolder folder;
  CHECK_THAT(refusal(test::write(folder, "text.so", "hello"), registry), Contains("no ELF shared library"));
  const std::string good = test::get(test::fixture("good"));
  CHECK_THAT(refusal(test::write(folder, "cut.so", good.substr(0, good.size() / 2)), registry),
             Contains("cut short or damaged"));
  CHECK(registry.find("fixture-one").make()->main_metric() == "stub");
}

TEST_CASE("a plugin built differently is refused before its code runs, with what to do", "[plugin]") {
  Registry registry;
  ::unsetenv("GPTASK_FIXTURE_RAN");
  const std::string message = refusal(test::fixture("wrong_build"), registry);
  CHECK_THAT(message, Contains("cxx11_abi is 0, needed is 1; debug_containers is 1, needed is 0"));
  CHECK_THAT(message,
             Contains("cmake -S SOURCE -B BUILD -Dgptask_DIR=") &&
                 Contains("-DCMAKE_CXX_FLAGS=\"-D_GLIBCXX_USE_CXX11_ABI=1 -U_GLIBCXX_DEBUG\" && cmake --build BUILD"));
  CHECK(std::getenv("GPTASK_FIXTURE_RAN") == nullptr);

  const test::TemporaryFolder folder;
  std::string changed = test::get(test::fixture("good"));
  changed[changed.find("interface=") + 10] = '9';
  changed.replace(changed.find("compiler=") + 9, 3, "tcc");
  const std::string interface = refusal(test::write(folder, "interface.so", changed), registry);
  CHECK_THAT(interface, Contains(fmt::format("interface is 9, needed is {}; compiler is tcc", GPT_PLUGIN_INTERFACE)) &&
                            Contains("-DCMAKE_CXX_COMPILER="));
}

TEST_CASE("plugins are searched in the order --plugin, GPTASK_PLUGIN_PATH, installed", "[plugin]") {
  const test::TemporaryFolder one, two;
  const std::string good = test::get(test::fixture("good"));
  test::write(one, "b.so", good);
  test::write(one, "a.so", "not a library");
  test::write(one, "readme.txt", good);
  test::write(two, "c.so", good);
  const PluginPath path(":" + two.path().string() + "::" + one.path().string() + ":" + two.path().string() + "/gone");
  Registry registry;
  const auto reports = discover_plugins({.paths = {test::fixture("throws"), one.path()}, .installed = false}, registry);
  REQUIRE(reports.size() == 4);
  CHECK((reports[0].path.filename() == "fixture_throws.so" && reports[0].requested && !reports[0].loaded()));
  CHECK((reports[1].path == one.path() / "a.so" && !reports[1].requested && !reports[1].loaded()));
  CHECK((reports[2].path == one.path() / "b.so" && reports[2].loaded() && reports[2].tasks.size() == 2));
  CHECK((reports[3].path == two.path() / "c.so" && !reports[3].loaded()));
  CHECK(reports[2].stamp.field("gptask") == GPTASK_VERSION);
  CHECK_THAT(reports[3].refusal, Contains((one.path() / "b.so").string() + " has registered already"));

  const std::string message = test::error_of([&] { registry.find("fixture"); });
  CHECK_THAT(message, Contains("the tasks are: fixture-one, fixture-two") &&
                          Contains(one.path().string() + ", " + two.path().string()) &&
                          Contains("/gone (no such folder)"));
  CHECK(registry.searched().size() == 4);
}

TEST_CASE("the current directory is never searched", "[plugin]") {
  const test::TemporaryFolder folder;
  test::write(folder, "x.so", test::get(test::fixture("good")));
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(folder.path());
  Registry registry;
  CHECK(discover_plugins({.environment = false, .installed = false}, registry).empty());
  {
    const PluginPath path("::.");
    const auto reports = discover_plugins({.installed = false}, registry);
    REQUIRE(reports.size() == 1);
    CHECK_THAT(reports[0].refusal, Contains("relative to the current one, which is never searched"));
  }
  CHECK(registry.tasks().empty());
  const auto reports = discover_plugins({.paths = {"x.so"}, .environment = false, .installed = false}, registry);
  std::filesystem::current_path(before);
  REQUIRE(reports.size() == 1);
  CHECK(reports[0].loaded());
}

TEST_CASE("the installed folder lies beside libgpt", "[plugin]") {
  const auto folder = installed_plugin_folder();
  CHECK(folder.is_absolute());
  CHECK_THAT(folder.string(), Catch::Matchers::EndsWith("/lib/gptask/plugins"));
  bool beside = false;
  for (const auto& item : std::filesystem::directory_iterator(folder.parent_path().parent_path()))
    beside = beside || item.path().filename() == "libgpt.so";
  CHECK(beside);
}
