// What a user reads when a tokenizer cannot be loaded.
#include "gpt/core/error.h"
#include "gpt/text/tokenizer.h"
#include "support/catch.h"
#include "text/tiny_tokenizer.h"

using Catch::Contains;
using gpt::test::put;
using gpt::test::TemporaryFolder;
using gpt::test::tiny_tokenizer;

namespace {

/// Loads the text as tokenizer.json, expects the error, checks that the message names the file, and returns the
/// message.
std::string error_of(const std::string& text, gpt::ErrorCode code) {
  const TemporaryFolder folder;
  put(folder / "tokenizer.json", text);
  try {
    gpt::Tokenizer::load(folder.path());
  } catch (const gpt::Error& error) {
    CHECK(gpt::error_name(error.code()) == gpt::error_name(code));
    CHECK_THAT(error.what(), Contains((folder / "tokenizer.json").string()));
    return error.what();
  }
  FAIL("no error for " << text.substr(0, 200));
  return "";
}

/// The message for the tiny tokenizer with one value replaced.
std::string error_with(const std::string& pointer, const nlohmann::json& value, gpt::ErrorCode code) {
  nlohmann::json json = tiny_tokenizer();
  json[nlohmann::json::json_pointer(pointer)] = value;
  return error_of(json.dump(), code);
}

}  // namespace

TEST_CASE("parts we do not know are refused by name", "[text]") {
  const auto unsupported = gpt::ErrorCode::unsupported;
  const auto split = [](const nlohmann::json& pattern) {
    return nlohmann::json{{"type", "Split"}, {"pattern", pattern}, {"behavior", "Isolated"}, {"invert", false}};
  };
  CHECK_THAT(error_with("/model/type", "Unigram", unsupported), Contains("model: the type 'Unigram' is not supported"));
  CHECK_THAT(error_with("/normalizer", {{"type", "BertNormalizer"}}, unsupported),
             Contains("normalizer: the type 'BertNormalizer'"));
  CHECK_THAT(error_with("/pre_tokenizer", {{"type", "UnicodeScripts"}}, unsupported),
             Contains("the type 'UnicodeScripts'"));
  CHECK_THAT(error_with("/decoder", {{"type", "CTC"}}, unsupported), Contains("decoder: the type 'CTC'"));
  CHECK_THAT(error_with("/post_processor", {{"type", "BertProcessing"}}, unsupported), Contains("'BertProcessing'"));
  CHECK_THAT(error_with("/model/dropout", 0.1, unsupported), Contains("dropout 0.1"));
  CHECK_THAT(error_with("/model/end_of_word_suffix", "</w>", unsupported), Contains("end_of_word_suffix '</w>'"));
  nlohmann::json steps = {{"type", "Sequence"}, {"pretokenizers", {split({{"Regex", "a\\Kb"}})}}};
  CHECK_THAT(error_with("/pre_tokenizer", steps, unsupported),
             Contains("pre_tokenizer: pretokenizers[0]: pattern: the regular expression a\\Kb is not supported: the "
                      "escape \\K (byte 1 of it)"));
  steps["pretokenizers"] = {tiny_tokenizer()["pre_tokenizer"], split({{"String", "-"}})};
  CHECK_THAT(error_with("/pre_tokenizer", steps, unsupported), Contains("[1]: the type 'Split' after ByteLevel"));
  nlohmann::json holes = tiny_tokenizer();
  holes["model"]["byte_fallback"] = true;
  holes["model"]["vocab"].erase("a");
  CHECK_THAT(error_of(holes.dump(), unsupported), Contains("byte_fallback after ByteLevel"));
}

TEST_CASE("malformed files are refused with the place", "[text]") {
  const auto malformed = gpt::ErrorCode::malformed;
  const std::string whole = tiny_tokenizer().dump();
  error_of(whole.substr(0, whole.size() / 2), malformed);
  error_of("", malformed);
  CHECK_THAT(error_of("[]", malformed), Contains("an object is expected here, found []"));
  CHECK_THAT(error_of("{}", malformed), Contains("'model' is missing"));
  CHECK_THAT(error_with("/model/vocab", 3, malformed), Contains("vocab: an object is expected here, found 3"));
  CHECK_THAT(error_with("/model/vocab/a", -1, malformed),
             Contains("'a' is -1, but an id from 0 to 16777215 is expected"));
  CHECK_THAT(error_with("/model/vocab/a", 1 << 30, malformed), Contains("'a' is 1073741824"));
  CHECK_THAT(error_with("/model/vocab/a", 16777215, malformed),
             Contains("'a' has the id 16777215, but there are only 262"));
  CHECK_THAT(error_with("/model/vocab/a", 98, malformed), Contains("id 98 belongs to two tokens, 'a' and 'b'"));
  CHECK_THAT(error_with("/model/merges/0", "l", malformed), Contains("merge 0 is \"l\", but two tokens"));
  CHECK_THAT(error_with("/model/merges/1", "h q", malformed), Contains("merge 1 ('h' with 'q') needs the token 'hq'"));
  CHECK_THAT(error_with("/model/merges/2", 7, malformed), Contains("merges[2] is 7"));
  CHECK_THAT(error_with("/model/unk_token", "[UNK]", malformed), Contains("'unk_token' is \"[UNK]\""));
  CHECK_THAT(error_with("/added_tokens/0/id", "x", malformed), Contains("added_tokens[0]: 'id' is \"x\""));
  CHECK_THAT(error_with("/added_tokens/0/content", "hell", malformed), Contains("that token at id 258"));
  CHECK_THAT(error_with("/added_tokens/0/special", 1, malformed), Contains("'special' is 1, but true or false"));
}

TEST_CASE("missing files are named", "[text]") {
  const TemporaryFolder folder;
  CHECK_THROWS_WITH(gpt::Tokenizer::load(folder / "nowhere"), Contains("nowhere: no such file or folder"));
  CHECK_THROWS_WITH(gpt::Tokenizer::load(folder.path()),
                    Contains("neither tokenizer.json nor vocab.json with merges.txt"));
  put(folder / "tokenizer.model", "x");
  CHECK_THROWS_WITH(gpt::Tokenizer::load(folder.path()), Contains("tokenizer.model: a SentencePiece model"));
}
