// Options: kinds, defaults, names, messages, JSON.
#include "gpt/core/options.h"

#include <nlohmann/json.hpp>

#include "support/errors.h"

using namespace gpt;
using Kind = OptionSpec::Kind;

namespace {

Options declared() {
  Options o;
  o.declare({"text_column", Kind::text, "text", "the column"});
  o.declare({"max-length", Kind::integer, "128", "tokens", {}, {"max_seq_length", "max-seq-len"}});
  o.declare({"learning_rate", Kind::number, "5e-5", "step size"});
  o.declare({"shuffle", Kind::flag, "true", "new order each epoch"});
  o.declare({"tuning", Kind::text, "full", "what trains", {"full", "lora", "head"}});
  o.declare({"targets", Kind::list, "", "projections"});
  o.declare({"limit", Kind::integer, "", "no default"});
  return o;
}

}  // namespace

TEST_CASE("options: defaults until something is given") {
  Options o = declared();
  CHECK(o.text("text_column") == "text");
  CHECK(o.integer("max_length") == 128);
  CHECK(o.number("learning_rate") == 5e-5);
  CHECK(o.flag("shuffle"));
  CHECK(o.list("targets").empty());
  CHECK(o.integer("limit") == 0);
  CHECK_FALSE(o.given("max_length"));
  o.set("max_length", "128");
  CHECK(o.given("max_length"));
}

TEST_CASE("options: names with dashes, underscores and aliases are one option") {
  Options o = declared();
  REQUIRE(o.find("max-length") != nullptr);
  CHECK(o.find("max-length")->name == "max_length");
  for (const char* name : {"max_length", "max-length", "max_seq_length", "max-seq-length", "max_seq_len"}) {
    INFO(name);
    CHECK(o.find(name) == o.find("max_length"));
    o.set(name, "7");
    CHECK(o.integer("max_length") == 7);
    o.set(name, "8");
  }
  CHECK(o.find("maxlength") == nullptr);
}

TEST_CASE("options: declaring a name twice is an error") {
  Options o = declared();
  CHECK_ERROR(o.declare({"max_length", Kind::text, "", ""}), "invalid_option", "--max_length is declared twice");
  CHECK_ERROR(o.declare({"max-seq-len", Kind::text, "", ""}), "invalid_option", "--max_seq_len is declared twice");
}

TEST_CASE("options: values of each kind") {
  Options o = declared();
  for (const char* yes : {"true", "True", "TRUE", "1", "yes"}) {
    o.set("shuffle", yes);
    CHECK(o.flag("shuffle"));
  }
  for (const char* no : {"false", "False", "0", "no"}) {
    o.set("shuffle", no);
    CHECK_FALSE(o.flag("shuffle"));
  }
  o.set("max_length", "-3");
  CHECK(o.integer("max_length") == -3);
  o.set("learning_rate", "1");
  CHECK(o.number("learning_rate") == 1.0);
  o.set("learning_rate", "-2.5E-3");
  CHECK(o.number("learning_rate") == -2.5e-3);
  o.set("tuning", "lora");
  CHECK(o.text("tuning") == "lora");
  o.set("targets", "q_proj,v_proj");
  CHECK(o.list("targets") == std::vector<std::string>{"q_proj", "v_proj"});
  o.set("targets", ",,q_proj,,v_proj,");
  CHECK(o.list("targets") == std::vector<std::string>{"q_proj", "v_proj"});
}

TEST_CASE("options: a wrong value names the option and the value, and changes nothing") {
  Options o = declared();
  CHECK_ERROR(o.set("shuffle", "maybe"), "invalid_option", "--shuffle takes true or false, not \"maybe\"");
  for (const char* wrong : {"", "ten", "1.5", "12x", " 1", "99999999999999999999"}) {
    INFO(wrong);
    CHECK_ERROR(o.set("max-length", wrong), "invalid_option",
                "--max_length takes a whole number, not \"" + std::string(wrong) + "\"");
  }
  for (const char* wrong : {"", "fast", "1,5", "nan", "inf", "1e999"}) {
    INFO(wrong);
    CHECK_ERROR(o.set("learning_rate", wrong), "invalid_option",
                "--learning_rate takes a finite number, not \"" + std::string(wrong) + "\"");
  }
  CHECK_ERROR(o.set("tuning", "qlora"), "invalid_option", "--tuning takes one of full, lora, head, not \"qlora\"");
  CHECK(o.integer("max_length") == 128);
  CHECK(o.text("tuning") == "full");
  CHECK_FALSE(o.given("tuning"));
}

TEST_CASE("options: an unknown name offers the nearest") {
  Options o = declared();
  CHECK_ERROR(o.set("learning-rat", "1"), "invalid_option",
              "there is no option --learning-rat; did you mean --learning_rate?");
  CHECK_ERROR(o.integer("qwertyuiop"), "invalid_option", "there is no option --qwertyuiop; --help lists them");
  CHECK_ERROR(o.given("max_lenght"), "invalid_option", "did you mean --max_length?");
}

TEST_CASE("nearest_name: at most three edits, the first of equals") {
  const std::vector<std::string> known{"alpha", "beta", "alpine"};
  CHECK(nearest_name("alpha", known) == "alpha");
  CHECK(nearest_name("alpah", known) == "alpha");
  CHECK(nearest_name("alpinist", known) == "alpine");
  CHECK(nearest_name("bet", known) == "beta");
  CHECK(nearest_name("completely", known).empty());
  CHECK(nearest_name("alp", {"alxx", "alyy"}) == "alxx");
  CHECK(nearest_name("", {"abcd"}).empty());
  CHECK(nearest_name("x", {}).empty());
}

TEST_CASE("options: to JSON and back") {
  Options o = declared();
  o.set("targets", "a,b");
  o.set("learning_rate", "0.1");
  const nlohmann::json json = o.to_json();
  CHECK(json == nlohmann::json{{"text_column", "text"},
                               {"max_length", 128},
                               {"learning_rate", 0.1},
                               {"shuffle", true},
                               {"tuning", "full"},
                               {"targets", {"a", "b"}}});
  Options copy = declared();
  copy.merge_json(json);
  CHECK(copy.to_json() == json);
  CHECK(copy.number("learning_rate") == 0.1);
  CHECK(copy.given("shuffle"));
}

TEST_CASE("options: a JSON file's entries") {
  Options o = declared();
  o.merge_json({{"max-length", "64"}, {"learning_rate", 2}, {"shuffle", false}, {"targets", nlohmann::json::array()}});
  CHECK(o.integer("max_length") == 64);
  CHECK(o.number("learning_rate") == 2.0);
  CHECK_FALSE(o.flag("shuffle"));
  CHECK(o.list("targets").empty());
  SECTION("null leaves the default") {
    o.merge_json({{"text_column", nullptr}, {"limit", nullptr}});
    CHECK(o.text("text_column") == "text");
    CHECK_FALSE(o.given("limit"));
  }
  SECTION("errors") {
    CHECK_ERROR(o.merge_json({{"max_lenth", 1}}), "invalid_option", "did you mean --max_length?");
    CHECK_ERROR(o.merge_json({{"max_lenth", nullptr}}), "invalid_option", "did you mean --max_length?");
    CHECK_ERROR(o.merge_json({{"max_length", 1.5}}), "invalid_option",
                "--max_length takes a whole number, not \"1.5\"");
    CHECK_ERROR(o.merge_json({{"shuffle", "perhaps"}}), "invalid_option", "--shuffle takes true or false");
    CHECK_ERROR(o.merge_json(nlohmann::json::array({1, 2})), "invalid_option", "an object");
  }
}
