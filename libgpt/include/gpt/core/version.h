// The version of gptask; CMakeLists.txt takes it from here.
#pragma once

#define GPTASK_VERSION "0.1.0"
