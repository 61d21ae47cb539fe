# What every target of ours is compiled with, in one place.
find_program(CCACHE ccache)
if(CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
endif()

# Warnings, sanitizers and the exact floating-point contract for a target of ours.
function(gptask_compile_options target)
  target_compile_options(${target} PRIVATE -Wall -Wextra -Wpedantic -Wconversion -ffp-contract=off)
  if(GPTASK_WERROR)
    target_compile_options(${target} PRIVATE -Werror)
  endif()
  if(GPTASK_SANITIZE)
    target_compile_options(${target} PRIVATE -fsanitize=${GPTASK_SANITIZE} -fno-omit-frame-pointer)
    target_link_options(${target} PRIVATE -fsanitize=${GPTASK_SANITIZE})
  endif()
endfunction()
