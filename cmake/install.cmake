# The core as a library for others: target fota::core (and fota::text, the texts of the errors) by
# add_subdirectory, FetchContent or find_package(fota); pkg-config: fota.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)
function(fota_library name objects)
  add_library(fota_${name}_library STATIC $<TARGET_OBJECTS:${objects}>)
  set_target_properties(fota_${name}_library PROPERTIES
    OUTPUT_NAME fota-${name} EXPORT_NAME ${name} LINKER_LANGUAGE C)
  target_include_directories(fota_${name}_library PUBLIC
    $<BUILD_INTERFACE:${fota_SOURCE_DIR}> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}/fota>)
  add_library(fota::${name} ALIAS fota_${name}_library)
endfunction()
fota_library(core fota_core)
fota_library(text fota_core_text)
target_link_libraries(fota_text_library PUBLIC fota_core_library)

install(TARGETS fota_core_library fota_text_library EXPORT fota COMPONENT library
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY ${fota_SOURCE_DIR}/core/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/fota/core
  COMPONENT library FILES_MATCHING PATTERN "*.h" PATTERN "*.def")
install(EXPORT fota NAMESPACE fota:: FILE fotaConfig.cmake COMPONENT library
  DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/fota)
write_basic_package_version_file(${fota_BINARY_DIR}/fotaConfigVersion.cmake
  VERSION ${fota_VERSION} COMPATIBILITY SameMinorVersion)
configure_file(${fota_SOURCE_DIR}/cmake/fota.pc.in ${fota_BINARY_DIR}/fota.pc @ONLY)
install(FILES ${fota_BINARY_DIR}/fotaConfigVersion.cmake COMPONENT library
  DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/fota)
install(FILES ${fota_BINARY_DIR}/fota.pc COMPONENT library
  DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
