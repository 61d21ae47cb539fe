# What `cmake --install` puts where. Every path inside the prefix is relative, so that the prefix may be moved:
#   bin/gptask   lib/libgpt.so, libgptask_*.so   lib/gptask/plugins/*.so   include/gpt, include/gptask
#   lib/cmake/gptask (find_package)   lib/pkgconfig (gpt.pc, gptask.pc)
# The build tree carries the same CMake package in lib/cmake/gptask, for plugins that are built against it.
include(CMakePackageConfigHelpers)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/gptask)
set(plugin_dir ${CMAKE_INSTALL_LIBDIR}/gptask/plugins)

# Libraries find their own beside them.
set(libraries gpt)
foreach(task toolkit classification sentiment qa text_to_text summarization translation multiple_choice)
  list(APPEND libraries gptask_${task})
  install(DIRECTORY tasks/${task}/include/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN *.h)
endforeach()
install(DIRECTORY libgpt/include/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN *.h)
set_target_properties(${libraries} PROPERTIES INSTALL_RPATH $ORIGIN)
install(TARGETS ${libraries} EXPORT gptaskTargets LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})

file(RELATIVE_PATH to_libraries ${CMAKE_INSTALL_FULL_BINDIR} ${CMAKE_INSTALL_FULL_LIBDIR})
set_target_properties(gptask PROPERTIES INSTALL_RPATH $ORIGIN/${to_libraries})
install(TARGETS gptask RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})

# GPTASK_PLUGINS: the plugins that plugins/CMakeLists.txt built.
get_property(plugins GLOBAL PROPERTY GPTASK_PLUGINS)
set_target_properties(${plugins} PROPERTIES INSTALL_RPATH $ORIGIN/../.. INSTALL_RPATH_USE_LINK_PATH OFF)
install(TARGETS ${plugins} LIBRARY DESTINATION ${plugin_dir})

# The CMake package.
configure_package_config_file(cmake/gptaskConfig.cmake.in ${CMAKE_BINARY_DIR}/lib/cmake/gptask/gptaskConfig.cmake INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(${CMAKE_BINARY_DIR}/lib/cmake/gptask/gptaskConfigVersion.cmake COMPATIBILITY SameMinorVersion)
configure_file(cmake/GptaskAddPlugin.cmake ${CMAKE_BINARY_DIR}/lib/cmake/gptask/GptaskAddPlugin.cmake COPYONLY)
install(FILES ${CMAKE_BINARY_DIR}/lib/cmake/gptask/gptaskConfig.cmake ${CMAKE_BINARY_DIR}/lib/cmake/gptask/gptaskConfigVersion.cmake
              cmake/GptaskAddPlugin.cmake DESTINATION ${package_dir})
install(EXPORT gptaskTargets NAMESPACE gptask:: DESTINATION ${package_dir})
export(EXPORT gptaskTargets NAMESPACE gptask:: FILE ${CMAKE_BINARY_DIR}/lib/cmake/gptask/gptaskTargets.cmake)

# pkg-config files, which find the prefix from where they lie.
file(RELATIVE_PATH to_prefix ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_PREFIX})
string(REGEX REPLACE "/$" "" to_prefix "${to_prefix}")
foreach(name gpt gptask)
  configure_file(cmake/${name}.pc.in ${name}.pc @ONLY)
  install(FILES ${CMAKE_CURRENT_BINARY_DIR}/${name}.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
endforeach()
