#include "gpt/plugin/registry.h"

#include "plugin/fixtures/stub_task.h"
#include "support/errors.h"

using namespace gpt;
using Catch::Matchers::Contains;

static Registrar with(std::initializer_list<const char*> names) {
  Registrar registrar;
  for (const char* name : names) registrar.task<StubTask>(name, 1);
  return registrar;
}

TEST_CASE("tasks are found by name and made", "[plugin]") {
  Registry registry;
  registry.add(with({"classification", "sentiment"}), "/p/a.so");
  CHECK(registry.find("sentiment").plugin == "/p/a.so");
  CHECK(registry.find("sentiment").version == 1);
  CHECK(registry.find("classification").make()->main_metric() == "stub");
}

TEST_CASE("an unknown task names those there are and where plugins were looked for", "[plugin]") {
  Registry registry;
  CHECK(test::error_of([&] { registry.find("sentiment"); }) ==
        "not_found: there is no task \"sentiment\"; the tasks are: none; plugins were looked for in: no folder; "
        "--plugin FILE "
        "adds one");
  registry.add(with({"sentiment", "classification"}), "/p/a.so");
  registry.note_searched("/p");
  registry.note_searched("/q");
  registry.note_searched("/p");
  CHECK(test::error_of([&] { registry.find("sentimnt"); }) ==
        "not_found: there is no task \"sentimnt\" (did you mean \"sentiment\"?); the tasks are: classification, "
        "sentiment; "
        "plugins were "
        "looked for in: /p, /q; --plugin FILE adds one");
}

TEST_CASE("a name that is taken refuses all that was registered with it", "[plugin]") {
  Registry registry;
  registry.add(with({"a"}), "/p/a.so");
  const std::string message = test::error_of([&] { registry.add(with({"b", "a"}), "/p/b.so"); });
  CHECK_THAT(message, Contains("/p/b.so registers the task \"a\", which /p/a.so has registered already"));
  CHECK(registry.tasks().size() == 1);
  CHECK_THAT(test::error_of([&] { registry.add(with({"c", "c"}), {}); }), Contains("the program itself"));
  CHECK_THAT(test::error_of([&] {
               registry.add(with({"d", ""}), "/p/d.so");
             }),
             Contains("a name has at least one letter"));
  CHECK(registry.tasks().size() == 1);
}
