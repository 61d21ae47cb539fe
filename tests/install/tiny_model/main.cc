// Writes model/ (a few thousand random weights) and train.csv into a folder.
#include <cstdio>
#include <exception>
#include <filesystem>

#include "support/tiny_model.h"

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  try {
    const std::filesystem::path folder = argv[1];
    gpt::test::write_tiny_model(folder / "model");
    gpt::test::write_reviews(folder / "train.csv", 64);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "tiny_model: %s\n", error.what());
    return 1;
  }
  return 0;
}
