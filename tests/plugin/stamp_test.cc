#include "gpt/plugin/stamp.h"

#include <elf.h>

#include "plugin/fixture.h"
#include "support/errors.h"

using namespace gpt;
using Catch::Matchers::Contains;

TEST_CASE("a plugin's stamp is read from its file", "[plugin]") {
  const BuildStamp stamp = read_build_stamp(test::fixture("good"));
  CHECK(stamp.fields() == BuildStamp::own().fields());
  CHECK(stamp.field("interface") == std::to_string(GPT_PLUGIN_INTERFACE));
  CHECK(stamp.field("gptask") == GPTASK_VERSION);
  CHECK(stamp.field("colour").empty());
  CHECK(compare_stamps(stamp, BuildStamp::own()).empty());
}

TEST_CASE("stamps differ by field, and of the version only the series counts", "[plugin]") {
  const auto host = BuildStamp::parse("interface=1\ngptask=0.1.0\ncompiler=gcc-12\n");
  CHECK(compare_stamps(BuildStamp::parse("interface=1\ngptask=0.1.7\ncompiler=gcc-12\n"), host).empty());
  const auto differences = compare_stamps(BuildStamp::parse("interface=1\ngptask=0.2.0\nlayout=packed\n"), host);
  REQUIRE(differences.size() == 3);
  CHECK((differences[0].field == "gptask" && differences[0].found == "0.2.0" && differences[0].needed == "0.1.0"));
  CHECK((differences[1].field == "compiler" && differences[1].found.empty() && differences[1].needed == "gcc-12"));
  CHECK((differences[2].field == "layout" && differences[2].found == "packed" && differences[2].needed.empty()));
}

TEST_CASE("a stamp is lines of NAME=VALUE", "[plugin]") {
  CHECK_THAT(test::error_of([] { BuildStamp::parse("interface=1\nnonsense\n"); }),
             Contains("line 2 of the build stamp"));
  CHECK_THAT(test::error_of([] { BuildStamp::parse("=1\n"); }), Contains("line 1"));
  CHECK_THAT(test::error_of([] { BuildStamp::parse("a=\x1b[2J\n"); }), Contains("line 1"));
  CHECK(BuildStamp::parse("").fields().empty());
}

TEST_CASE("what is no plugin says why", "[plugin]") {
  const test::TemporaryFolder folder;
  const auto reason = [&](const std::string& bytes) {
    const auto file = test::write(folder, "x.so", bytes);
    const std::string message = test::error_of([&] { read_build_stamp(file); });
    CHECK_THAT(message, Contains(file.string()));
    return message;
  };
  const std::string good = test::get(test::fixture("good"));
  CHECK_THAT(reason("GROUP ( libgpt.so )\n"), Contains("it is no ELF shared library"));
  CHECK_THAT(reason(""), Contains("it is no ELF shared library"));

  std::string changed = good;
  changed[EI_CLASS] = ELFCLASS32;
  CHECK_THAT(reason(changed), Contains("it is a 32-bit, little-endian library"));
  changed = good;
  changed[offsetof(Elf64_Ehdr, e_machine)] = static_cast<char>(EM_S390);
  CHECK_THAT(reason(changed), Contains("it was built for machine 22, this machine is"));
  changed = good;
  changed[offsetof(Elf64_Ehdr, e_type)] = ET_REL;
  CHECK_THAT(reason(changed), Contains("an ELF file of type 1, not a shared library"));
  changed = good;
  changed.replace(changed.find("gptask\0"), 6, "gpfisk");
  CHECK_THAT(reason(changed), Contains("it carries no build stamp"));
  changed = good;
  changed[changed.find("interface=") + 3] = '\n';
  CHECK_THAT(reason(changed), Contains("line 1 of the build stamp is not NAME=VALUE"));
  CHECK_THAT(test::error_of([&] { read_build_stamp(folder.path() / "gone.so"); }),
             Contains((folder.path() / "gone.so").string()));
  CHECK_THAT(test::error_of([&] { read_build_stamp(folder.path()); }), Contains(folder.path().string()));
}

TEST_CASE("a plugin that is cut short is refused at every length", "[plugin]") {
  const test::TemporaryFolder folder;
  const std::string good = test::get(test::fixture("good"));
  for (std::size_t size = 0; size < good.size(); size += size < 1200 ? 1 : 977) {
    const auto file = test::write(folder, "cut.so", good.substr(0, size));
    const std::string message = test::error_of([&] { read_build_stamp(file); });
    INFO("the first " << size << " bytes");
    const bool said_so = message.find("cut short or damaged") != std::string::npos ||
                         (size < EI_NIDENT && message.find("no ELF") != std::string::npos);
    CHECK(said_so);
  }
}

TEST_CASE("any header byte may be wrong", "[plugin]") {
  const test::TemporaryFolder folder;
  const std::string good = test::get(test::fixture("good"));
  for (std::size_t at = 0; at < 1200; ++at)
    for (const char value : {'\0', '\x7f', '\xff'}) {
      std::string changed = good;
      changed[at] = value;
      const auto file = test::write(folder, "changed.so", changed);
      test::error_of([&] { read_build_stamp(file); });  // an Error or a stamp, nothing else
    }
}
