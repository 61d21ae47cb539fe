// tokenizer.json files made to do harm: each is refused with the place, quickly and without large allocations, or
// loads.
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <new>

#include "gpt/core/error.h"
#include "support/catch.h"
#include "support/errors.h"
#include "text/pipeline.h"
#include "text/readers.h"
#include "text/tiny_tokenizer.h"

#ifndef GPTASK_SANITIZED  // the sanitizers bring their own

namespace {

std::atomic<std::size_t> largest{0}, held{0}, most_held{0};

constexpr std::size_t kHeader = alignof(std::max_align_t);

/// Every allocation of this program is measured; its size stands in front of it.
void* measured(std::size_t size) {
  auto* memory = static_cast<char*>(std::malloc(size + kHeader));
  if (memory == nullptr) throw std::bad_alloc();
  *reinterpret_cast<std::size_t*>(memory) = size;
  if (size > largest) largest = size;
  const std::size_t now = held += size;
  if (now > most_held) most_held = now;
  return memory + kHeader;
}

void release(void* memory) {
  if (memory == nullptr) return;
  char* begin = static_cast<char*>(memory) - kHeader;
  held -= *reinterpret_cast<std::size_t*>(begin);
  std::free(begin);
}

}  // namespace

void* operator new(std::size_t size) { return measured(size); }
void* operator new[](std::size_t size) { return measured(size); }
void operator delete(void* memory) noexcept { release(memory); }
void operator delete[](void* memory) noexcept { release(memory); }
void operator delete(void* memory, std::size_t) noexcept { release(memory); }
void operator delete[](void* memory, std::size_t) noexcept { release(memory); }

#endif

using gpt::test::tiny_tokenizer;
using nlohmann::json;

namespace {

struct Hostile {
  std::string name;
  std::string content;
  std::string answer;  ///< what the message holds
};

json with(const std::string& pointer, const json& value) {
  json result = tiny_tokenizer();
  result[json::json_pointer(pointer)] = value;
  return result;
}

std::string replaced(std::string text, const std::string& what, const std::string& by) {
  const auto at = text.find(what);
  REQUIRE(at != std::string::npos);
  return text.replace(at, what.size(), by);
}

json split(const std::string& regex) {
  return {{"type", "Split"}, {"pattern", {{"Regex", regex}}}, {"behavior", "Isolated"}, {"invert", false}};
}

json steps(const json& step) {
  return {{"type", "Sequence"}, {"pretokenizers", json::array({step, tiny_tokenizer()["pre_tokenizer"]})}};
}

std::string repeated(const std::string& text, int count) {
  std::string result;
  for (int i = 0; i < count; ++i) result += text;
  return result;
}

json nested_sequence(int depth) {
  json value = {{"type", "NFC"}};
  for (int i = 0; i < depth; ++i) value = {{"type", "Sequence"}, {"normalizers", json::array({value})}};
  return value;
}

/// A template that adds a list of ids several times.
json added_by_template(const std::vector<int>& ids, int times) {
  const json special = {{"SpecialToken", {{"id", "x"}, {"type_id", 0}}}};
  json single = json::array({{{"Sequence", {{"id", "A"}, {"type_id", 0}}}}});
  for (int i = 0; i < times; ++i) single.push_back(special);
  return with("/post_processor", {{"type", "TemplateProcessing"},
                                  {"single", single},
                                  {"pair", single},
                                  {"special_tokens", {{"x", {{"id", "x"}, {"ids", ids}, {"tokens", {"a"}}}}}}});
}

std::vector<Hostile> hostile_files() {
  const std::string tiny = tiny_tokenizer().dump();
  return {
      {"nothing", "", "line 1, column 1 (byte 0)"},
      {"zeros", std::string(100, '\0'), "byte 0"},
      {"no JSON", "GGUF", "byte 0"},
      {"a list", "[]", "an object is expected here, found []"},
      {"a number", "1e400", "number overflow"},
      {"deep lists", std::string(100000, '['), "nested deeper than 100 levels"},
      {"deep objects", repeated("{\"model\":", 5000), "nested deeper than 100 levels"},
      {"trailing bytes", tiny + "x", "byte " + std::to_string(tiny.size())},
      {"a second document", tiny + tiny, "byte " + std::to_string(tiny.size())},
      {"bytes that are no UTF-8", replaced(tiny, "endoftext", "endof\xFFtext"),
       "invalid string: ill-formed UTF-8 byte"},
      {"half a surrogate", replaced(tiny, "endoftext", "\\ud800"), "surrogate"},
      {"a surrogate of the wrong half", replaced(tiny, "endoftext", "\\udc00"), "surrogate"},
      {"an escape that is none", replaced(tiny, "endoftext", "\\u12G4"), "invalid string"},
      {"a string without end", tiny.substr(0, tiny.find("endoftext") + 3), "missing closing quote"},
      {"model twice", replaced(tiny, "\"model\":", "\"model\":1,\"model\":"), "the name 'model' occurs twice"},
      {"vocab twice", replaced(tiny, "\"vocab\":{", "\"vocab\":{},\"vocab\":{"), "the name 'vocab' occurs twice"},
      {"merges twice", replaced(tiny, "\"merges\":[", "\"merges\":[],\"merges\":["), "the name 'merges' occurs twice"},
      {"a token twice", replaced(tiny, "\"vocab\":{", "\"vocab\":{\"a\":97,"), "token 'a' is given twice"},
      {"a token with two ids", replaced(tiny, "\"vocab\":{", "\"vocab\":{\"a\":300,"), "token 'a' has two ids"},
      {"an id with two tokens", with("/model/vocab/zz", 97).dump(), "id 97 belongs to two tokens"},
      {"the largest id", with("/model/vocab/zz", 16777215).dump(), "has the id 16777215, but there are only 263"},
      {"an id beyond 2^24", with("/model/vocab/zz", 16777216).dump(), "'zz' is 16777216, but an id from 0 to 16777215"},
      {"an id beyond 2^64", with("/model/vocab/zz", 1e30).dump(), "'zz' is 1e+30"},
      {"a negative id", with("/model/vocab/zz", -1).dump(), "'zz' is -1"},
      {"a broken id", with("/model/vocab/zz", 1.5).dump(), "'zz' is 1.5"},
      {"a list as id", with("/model/vocab/zz", json::array()).dump(), "'zz' is []"},
      {"a list as vocab", with("/model/vocab", json::array({json::array({"a", 1})})).dump(),
       "'vocab' is missing, but an object is expected"},
      {"a text as merges", with("/model/merges", "l l").dump(), "'merges' is \"l l\", but a list"},
      {"an object as merges", with("/model/merges", json::object()).dump(), "'merges' is {}"},
      {"a merge of three", with("/model/merges/0", {"l", "l", "l"}).dump(), "merges[0] is [\"l\",\"l\"]"},
      {"a merge of one", with("/model/merges/0", {"l"}).dump(), "merges[0] is [\"l\"]"},
      {"a merge with a number", with("/model/merges/0", {"l", 1}).dump(), "merges[0] is 1"},
      {"a merge in a merge", with("/model/merges/0", {"l", {"l"}}).dump(), "merges[0] is []"},
      {"a merge of nothing", with("/model/merges/0", {"", ""}).dump(), "merge 0 ('' with '')"},
      {"a merge without tokens", with("/model/merges/0", "q q").dump(), "needs the token 'qq'"},
      {"unk without token", with("/model/unk_token", "[UNK]").dump(), "'unk_token' is \"[UNK]\""},
      {"unk as number", with("/model/unk_token", 0).dump(), "'unk_token' is 0, but a text"},
      {"dropout as text", with("/model/dropout", "x").dump(), "dropout \"x\""},
      {"an added id far away", with("/added_tokens/0/id", 16777215).dump(), "added_tokens[0]: the id is 16777215"},
      {"an added id twice", with("/added_tokens/1", {{"id", 262}, {"content", "other"}}).dump(), "'other' has id 262"},
      {"added tokens as object", with("/added_tokens", json::object()).dump(), "'added_tokens' is {}"},
      {"added content as number", with("/added_tokens/0/content", 1).dump(), "added_tokens[0]: 'content' is 1"},
      {"a template id without token", added_by_template({999}, 1).dump(), "post_processor adds the token 999"},
      {"a template that grows", added_by_template(std::vector<int>(2000, 97), 2000).dump(),
       "a template of more than 1000 tokens"},
      {"sequences in sequences", with("/normalizer", nested_sequence(60)).dump(), "nested deeper than 100 levels"},
      {"a normalizer as text", with("/normalizer", "NFC").dump(), "normalizer: an object is expected"},
      {"a type as number", with("/pre_tokenizer/type", 1).dump(), "'type' is 1, but a text"},
      {"a behavior unknown", with("/pre_tokenizer", steps({{"type", "Punctuation"}, {"behavior", "Up"}})).dump(),
       "'behavior' is \"Up\""},
      {"a long replacement sign", with("/pre_tokenizer", {{"type", "Metaspace"}, {"replacement", "ab"}}).dump(),
       "'replacement' is \"ab\", but a text of one character"},
      {"a negative count", with("/decoder", {{"type", "Strip"}, {"content", " "}, {"start", -1}, {"stop", 0}}).dump(),
       "'start' is -1, but a count"},
      {"a regex without end", with("/pre_tokenizer", steps(split("[a"))).dump(), "a set without its end"},
      {"a regex of brackets", with("/pre_tokenizer", steps(split(std::string(150, '(')))).dump(),
       "((( is not supported"},
      {"a regex too long", with("/pre_tokenizer", steps(split(std::string(20000, 'a')))).dump(), "16384 bytes"},
      {"a regex that counts far", with("/pre_tokenizer", steps(split("(a{1000}){1001}"))).dump(),
       "more than 1000 times"},
  };
}

/// Loads the content as the library does a file.
std::string answer_of(const std::string& content) {
  return gpt::test::error_of(
      [&] { gpt::text::PipelineTokenizer(gpt::text::parse_tokenizer_json(content, "bad/tokenizer.json")); });
}

}  // namespace

TEST_CASE("hostile tokenizer.json files are refused with the place", "[text]") {
  const auto files = hostile_files();
  CHECK(files.size() >= 20);
  for (const Hostile& hostile : files) {
    INFO(hostile.name);
    const auto start = std::chrono::steady_clock::now();
    const std::string answer = answer_of(hostile.content);
    CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(5));
    CHECK_THAT(answer, Catch::Contains("bad/tokenizer.json"));
    CHECK_THAT(answer, Catch::Contains(hostile.answer));
    CHECK((answer.rfind("malformed: ", 0) == 0 || answer.rfind("unsupported: ", 0) == 0));
  }
}

TEST_CASE("a tokenizer.json cut anywhere is refused", "[text]") {
  for (const std::string& text : {tiny_tokenizer().dump(), gpt::test::tiny_sentencepiece().dump(1)}) {
    for (std::size_t size = 0; size < text.size(); ++size) {
      const std::string answer = answer_of(text.substr(0, size));
      if (answer.rfind("malformed: bad/tokenizer.json: line ", 0) != 0) FAIL("cut at byte " << size << ": " << answer);
    }
    CHECK(answer_of(text) == "no error");
  }
}

TEST_CASE("texts that blow up are stopped or stay in bounds", "[text]") {
  const auto encode = [](const json& tokenizer, const std::string& text) {
    const gpt::text::PipelineTokenizer loaded(gpt::text::parse_tokenizer_json(tokenizer.dump(), "tokenizer.json"));
    return gpt::test::error_of([&] { loaded.encode(text, false); });
  };
  CHECK_THAT(encode(with("/pre_tokenizer", steps(split("(?:a|a)+$b"))), std::string(100, 'a')),
             Catch::Contains("needs too many steps on a text of 100 bytes"));
  const auto replace = [](const std::string& pattern, const std::string& content) {
    return json{{"type", "Replace"}, {"pattern", {{"String", pattern}}}, {"content", content}};
  };
  json growing = json::array();
  for (int i = 0; i < 60; ++i) growing.push_back(replace("a", "aa"));
  const json bomb = with("/normalizer", {{"type", "Sequence"}, {"normalizers", growing}});
  CHECK_THAT(encode(bomb, "a"), Catch::Contains("makes a text of more than"));
  CHECK(encode(with("/normalizer", replace("a", std::string(1000, 'b'))), "banana") == "no error");
}

#ifndef GPTASK_SANITIZED

TEST_CASE("reading a tokenizer.json takes little memory", "[text]") {
  const auto check = [](const std::string& content) {
    std::string copy = content;
    const std::size_t before = held;
    largest = 0;
    most_held = before;
    gpt::test::error_of([&] { gpt::text::parse_tokenizer_json(std::move(copy), "tokenizer.json"); });
    const std::size_t bound = 2 * content.size() + (std::size_t{16} << 20);
    CHECK(most_held - before <= bound);  // all of them together
    gpt::test::error_of(
        [&] { gpt::text::PipelineTokenizer(gpt::text::parse_tokenizer_json(content, "tokenizer.json")); });
    CHECK(largest <= bound);  // any one of them, with all that is built from the file
  };
  for (const Hostile& hostile : hostile_files()) {
    INFO(hostile.name);
    check(hostile.content);
  }
  json large = tiny_tokenizer();  // as large as Qwen2's
  std::string before = "h";
  for (int i = 0; i < 150000; ++i) {
    const std::string token = std::to_string(i) + "h";
    large["model"]["vocab"][token] = 1000 + i;
    large["model"]["merges"].push_back({token.substr(0, token.size() - 1), "h"});
  }
  check(large.dump());
  check("{\"model\":{\"vocab\":{},\"merges\":[" + repeated("[\"\",\"\"],", 900000) + "\"\"]}}");
}

#endif
