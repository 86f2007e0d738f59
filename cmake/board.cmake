# What every Cortex-M board project shares: the core, Monocypher, and two programs.
#
#   cmake -S port/<board> -B <build> -DCMAKE_TOOLCHAIN_FILE=cmake/arm-none-eabi.cmake
#         -DFOTA_PROVISION=<host program> -DFOTA_PUBLIC_KEY=<maker.pub>
#
# Include it behind project(), with BOARD_SOURCES and BOARD_PROFILE set; BOARD_TONES: the firmware
# carries sound samples as a resource.
get_filename_component(FOTA_ROOT ${CMAKE_CURRENT_LIST_DIR} DIRECTORY)
set(CMAKE_C_STANDARD 11)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR})
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release)
endif()
set(FOTA_PROVISION "" CACHE FILEPATH "fota-provision, built for the workstation")
set(FOTA_PUBLIC_KEY "" CACHE FILEPATH "the maker's public key (fota keygen)")
set(FOTA_MONOCYPHER_DIR "${FOTA_ROOT}/.cache/monocypher" CACHE PATH "Monocypher source")

add_library(fota_warnings INTERFACE)
target_compile_options(fota_warnings INTERFACE
  -Wall -Wextra -Werror -Wconversion -Wsign-conversion -Wshadow -Wundef -Wvla
  -Wcast-qual -Wswitch-enum -Wstrict-prototypes -Wmissing-prototypes)
target_include_directories(fota_warnings INTERFACE ${FOTA_ROOT})
add_compile_definitions(FOTA_ARCH_MASK=0x3U) # packages for Cortex-M: data and Thumb
add_subdirectory(${FOTA_ROOT}/core core)
add_subdirectory(${FOTA_ROOT}/port/monocypher monocypher)

# The device profile and the trusted key as headers, so that no program carries a parser for them.
set(generated ${CMAKE_BINARY_DIR}/generated)
file(MAKE_DIRECTORY ${generated})
add_custom_command(OUTPUT ${generated}/board_layout.h
  COMMAND ${FOTA_PROVISION} layout ${BOARD_PROFILE} ${generated}/board_layout.h
  DEPENDS ${BOARD_PROFILE} ${FOTA_PROVISION})
add_custom_command(OUTPUT ${generated}/board_key.h
  COMMAND ${FOTA_PROVISION} key ${FOTA_PUBLIC_KEY} ${generated}/board_key.h
  DEPENDS ${FOTA_PUBLIC_KEY} ${FOTA_PROVISION})
add_custom_target(board_headers DEPENDS ${generated}/board_layout.h ${generated}/board_key.h)

# The firmware's copy of the core and of Monocypher may be compiled otherwise than the boot loader's.
# BOARD_FIRMWARE_OPTIONS: set by the board, behind the other options.
function(board_firmware_library name original)
  get_target_property(sources ${original} SOURCES)
  get_target_property(folder ${original} SOURCE_DIR)
  add_library(${name} STATIC)
  foreach(source ${sources})
    cmake_path(ABSOLUTE_PATH source BASE_DIRECTORY ${folder})
    target_sources(${name} PRIVATE ${source})
  endforeach()
  target_link_libraries(${name} PUBLIC fota_warnings)
  target_include_directories(${name} SYSTEM PRIVATE ${FOTA_MONOCYPHER_DIR})
  target_compile_options(${name} PRIVATE -ffreestanding ${BOARD_FIRMWARE_OPTIONS})
endfunction()
board_firmware_library(firmware_core fota_core)
board_firmware_library(firmware_core_text fota_core_text)
board_firmware_library(firmware_verifier fota_monocypher)
board_firmware_library(firmware_monocypher monocypher)
target_compile_options(firmware_monocypher PRIVATE -w)

# board_program(NAME LINKER_SCRIPT SOURCE...): NAME.elf and NAME.bin
function(board_program name script)
  add_executable(${name}.elf ${ARGN} ${BOARD_SOURCES}
    ${FOTA_ROOT}/port/cortex-m/cortex_m.c
    ${FOTA_ROOT}/port/board/device.c
    ${FOTA_ROOT}/port/board/serve.c)
  add_dependencies(${name}.elf board_headers)
  target_include_directories(${name}.elf PRIVATE ${generated})
  target_link_libraries(${name}.elf PRIVATE fota_warnings)
  target_link_options(${name}.elf PRIVATE
    -T ${CMAKE_CURRENT_SOURCE_DIR}/${script} -L ${FOTA_ROOT} -Wl,-Map=${name}.map --specs=nano.specs)
  set_target_properties(${name}.elf PROPERTIES
    LINK_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/${script};${FOTA_ROOT}/port/cortex-m/sections.ld")
  add_custom_command(TARGET ${name}.elf POST_BUILD
    COMMAND ${CMAKE_OBJCOPY} -O binary --gap-fill 0xff ${name}.elf ${name}.bin
    WORKING_DIRECTORY ${CMAKE_BINARY_DIR})
endfunction()

board_program(boot boot.ld ${FOTA_ROOT}/port/board/boot_main.c)
target_link_libraries(boot.elf PRIVATE fota_core fota_monocypher)

# The sample firmware in two releases.  Release 8 has two files more, and its files lie in another
# order in the image, as happens when a project grows.
set(firmware ${FOTA_ROOT}/port/firmware)
set(firmware_a07
  ${firmware}/commands.c ${firmware}/help.c ${firmware}/errors.c ${firmware}/operators.c
  ${firmware}/self_test.c ${firmware}/shell.c ${firmware}/text.c ${firmware}/day.c
  ${firmware}/alphabet.c ${firmware}/countries.c ${firmware}/language.c ${firmware}/version.c)
set(firmware_a08
  ${firmware}/version.c ${firmware}/language.c ${firmware}/countries.c ${firmware}/alphabet.c ${firmware}/calc.c ${firmware}/number.c
  ${firmware}/commands.c ${firmware}/day.c ${firmware}/help.c ${firmware}/operators.c
  ${firmware}/errors.c ${firmware}/self_test.c ${firmware}/shell.c ${firmware}/text.c)
foreach(release 7 8)
  set(name firmware-a0${release})
  board_program(${name} firmware.ld
    ${FOTA_ROOT}/port/board/firmware_main.c ${firmware_a0${release}})
  target_link_libraries(${name}.elf PRIVATE
    firmware_verifier firmware_monocypher firmware_core firmware_core_text)
  target_compile_options(${name}.elf PRIVATE ${BOARD_FIRMWARE_OPTIONS})
  target_compile_definitions(${name}.elf PRIVATE FIRMWARE_RELEASE=${release})
  if(BOARD_TONES)
    # Sound samples as resource data; the board's language must include ASM.
    set(tones ${generated}/tones-a0${release}.bin)
    add_custom_command(OUTPUT ${tones}
      COMMAND python3 ${firmware}/make_tones.py ${release} ${tones}
      DEPENDS ${firmware}/make_tones.py)
    set_source_files_properties(${firmware}/tones.S PROPERTIES OBJECT_DEPENDS
      "${generated}/tones-a07.bin;${generated}/tones-a08.bin")
    target_sources(${name}.elf PRIVATE ${firmware}/tones.c ${firmware}/tones.S ${tones})
    target_compile_definitions(${name}.elf PRIVATE FIRMWARE_TONES="${tones}")
  endif()
endforeach()
