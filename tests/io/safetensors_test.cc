#include "gpt/io/safetensors.h"

#include <cstring>

#include "support/catch.h"
#include "support/errors.h"
#include "support/paths.h"
#include "support/temporary_folder.h"

using namespace gpt;

namespace {

std::vector<float> values_of(const WeightSource& source, std::string_view name) {
  const auto* tensor = source.find(name);
  REQUIRE(tensor != nullptr);
  std::vector<float> values(static_cast<std::size_t>(tensor->elements()));
  read_f32(*tensor, 0, values);
  return values;
}

}  // namespace

TEST_CASE("tensors that are written can be read") {
  const test::TemporaryFolder folder;
  const auto path = folder / "a.safetensors";
  std::vector<float> data(200'000);
  for (std::size_t i = 0; i < data.size(); ++i) data[i] = static_cast<float>(i) / 7;
  const std::vector<float> small{1, -2, 0.5F};
  write_safetensors(path,
                    {{"half \"quoted\" \n", StoredType::f16, {3}, small.data()},
                     {"big", StoredType::f32, {2, 100'000}, data.data()},
                     {"brain", StoredType::bf16, {200'000}, data.data()},
                     {"scalar", StoredType::f32, {}, small.data()},
                     {"empty", StoredType::f32, {0, 5}, nullptr}},
                    {{"format", "pt"}, {"note", "ü"}});
  const SafetensorsFile file(path);
  CHECK(file.metadata() == SafetensorsMetadata{{"format", "pt"}, {"note", "ü"}});
  CHECK(values_of(file, "half \"quoted\" \n") == small);
  CHECK(values_of(file, "big") == data);
  CHECK(values_of(file, "scalar") == std::vector<float>{1});
  CHECK(values_of(file, "empty").empty());
  CHECK(file.find("big")->shape == std::vector<std::int64_t>{2, 100'000});
  const auto rounded = values_of(file, "brain");
  for (std::size_t i = 0; i < data.size(); ++i) REQUIRE(rounded[i] == Approx(data[i]).epsilon(0.004));
  CHECK(view_f32(*file.find("big")).size() == data.size());
  CHECK(view_f32(*file.find("brain")).empty());
  CHECK(file.find("missing") == nullptr);
  CHECK(reinterpret_cast<std::uintptr_t>(file.tensors().front().bytes.data()) % 8 == 0);
}

TEST_CASE("a view outlives the file object") {
  const test::TemporaryFolder folder;
  const float one = 1;
  write_safetensors(folder / "a.safetensors", {{"t", StoredType::f32, {1}, &one}});
  auto file = std::make_unique<SafetensorsFile>(folder / "a.safetensors");
  const auto view = view_f32(*file->find("t"));
  const auto keep = file->keep_alive();
  file.reset();
  CHECK(view[0] == 1);
}

TEST_CASE("a header of any length opens, though its first byte is that of a pickle") {
  const test::TemporaryFolder folder;
  const float value = 1;
  for (std::size_t length = 0; length < 256; length += 8) {  // one of them makes the header's length end with 0x80
    const auto path = folder / ("a" + std::to_string(length) + ".safetensors");
    write_safetensors(path, {{"x", StoredType::f32, {1}, &value}}, {{"note", std::string(length, 'n')}});
    CHECK(open_weights(path)->find("x") != nullptr);
  }
  test::put(folder / "b.safetensors", "\x80\x02}q");
  CHECK_ERROR(open_weights(folder / "b.safetensors"), "unsupported", "pickled PyTorch weights");
}

TEST_CASE("what cannot be written is refused") {
  const test::TemporaryFolder folder;
  const auto path = folder / "a.safetensors";
  const float one = 1;
  CHECK_ERROR(write_safetensors(path, {{"t", StoredType::i8, {1}, &one}}), "invalid_option", "cannot be written as i8");
  CHECK_ERROR(write_safetensors(path, {{"t", StoredType::f32, {1}, &one}, {"t", StoredType::f32, {1}, &one}}),
              "invalid_option", "'t' would be written twice");
  CHECK_ERROR(write_safetensors(path, {{"t", StoredType::f32, {-1}, &one}}), "invalid_option", "shape [-1]");
  CHECK_FALSE(std::filesystem::exists(path));
}

TEST_CASE("reference checkpoints open") {
  GPT_NEED(reference, test::reference());
  const auto gpt2 = open_weights(reference / "models" / "gpt2");
  CHECK(gpt2->tensors().size() > 20);
  CHECK(gpt2->find("transformer.wte.weight") != nullptr);
  CHECK(open_weights(reference / "models" / "gpt2-lora")->path().filename() == "adapter_model.safetensors");
}

TEST_CASE("a sharded folder reads as one") {
  const test::TemporaryFolder folder;
  const std::vector<float> data{1, 2, 3, 4};
  write_safetensors(folder / "model-00001-of-00002.safetensors",
                    {{"a", StoredType::f32, {2}, data.data()}, {"unused", StoredType::f32, {1}, data.data()}});
  write_safetensors(folder / "model-00002-of-00002.safetensors", {{"b", StoredType::bf16, {2}, data.data() + 2}});
  const auto index = folder / "model.safetensors.index.json";
  const auto open = [&](const std::string& map) {
    test::put(index, R"({"metadata": {"total_size": 12}, "weight_map": )" + map + "}");
    return open_weights(folder.path());
  };
  const auto both = open(R"({"a": "model-00001-of-00002.safetensors", "b": "model-00002-of-00002.safetensors"})");
  CHECK(both->tensors().size() == 2);
  CHECK(values_of(*both, "b") == std::vector<float>{3, 4});
  CHECK(both->path() == index);

  CHECK_ERROR(open(R"({"c": "model-00001-of-00002.safetensors"})"), "mismatch", "tensor 'c' should be in");
  CHECK_ERROR(open(R"({"a": "model-00003-of-00002.safetensors"})"), "not_found", "model-00003-of-00002.safetensors");
  CHECK_ERROR(open(R"({"a": "../model.safetensors"})"), "malformed", "a file of the same folder");
  CHECK_ERROR(open("[]"), "malformed", "'weight_map'");
  CHECK_ERROR(open(R"({"a": 3})"), "malformed", "tensor 'a'");
}

TEST_CASE("open_weights says what it looked for") {
  const test::TemporaryFolder folder;
  CHECK_ERROR(open_weights(folder / "none"), "not_found", "no such file or folder");
  CHECK_ERROR(open_weights(folder.path()), "not_found", "looked for model.safetensors");
  test::put(folder / "pytorch_model.bin", "PK\3\4....");
  CHECK_ERROR(open_weights(folder.path()), "unsupported", "save_pretrained");
  CHECK_ERROR(open_weights(folder / "pytorch_model.bin"), "unsupported", "can run code");
  test::put(folder / "a.gguf", "GGUF");
  CHECK_ERROR(open_weights(folder.path()), "malformed", "the version");
  test::put(folder / "b.gguf", "GGUF");
  CHECK_ERROR(open_weights(folder.path()), "mismatch", "holds 2 GGUF files");
}
