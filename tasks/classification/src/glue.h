// The GLUE tasks that answer a row with a label, or with a number: their columns, as the files and as the Hugging Face
// data sets name them, and their metric.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "gptask/classification/columns.h"

namespace gptask {

struct GlueTask {
  std::string name;
  ColumnNames columns;
  std::string metric;
  /// The columns of a tsv file that comes without a header, by number; empty where the files have one.
  ColumnWish without_header = {};
};

/// Null for "". Error invalid_option for a name that is none of them.
const GlueTask* find_glue_task(std::string_view name);

std::vector<std::string> glue_task_names();

}  // namespace gptask
