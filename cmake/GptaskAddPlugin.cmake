# gptask_add_plugin(NAME SOURCES file... [LIBRARIES target...])
#
# A loadable plugin NAME.so: one source file has GPTASK_PLUGIN(registrar) { ... }, the libraries are those of tasks
# (gptask::classification, ...) or others. Symbols that nothing defines are found when linking, not when a user loads it.
function(gptask_add_plugin name)
  cmake_parse_arguments(PARSE_ARGV 1 PLUGIN "" "" "SOURCES;LIBRARIES")
  if(NOT PLUGIN_SOURCES OR PLUGIN_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "gptask_add_plugin(${name} SOURCES file... [LIBRARIES target...]): sources are missing or there is "
                        "more than that: \"${PLUGIN_UNPARSED_ARGUMENTS}\"")
  endif()
  add_library(${name} MODULE ${PLUGIN_SOURCES})
  target_link_libraries(${name} PRIVATE gptask::gpt ${PLUGIN_LIBRARIES})
  set_target_properties(${name} PROPERTIES PREFIX "" SUFFIX ".so" CXX_VISIBILITY_PRESET hidden INSTALL_RPATH_USE_LINK_PATH ON)
  if(NOT "${CMAKE_CXX_FLAGS} ${GPTASK_SANITIZE}" MATCHES "sanitize|address|thread")  # a sanitizer's own symbols come from the program
    target_link_options(${name} PRIVATE LINKER:-z,defs)
  endif()
endfunction()
