# Toolchain for Cortex-M boards: gcc-arm-none-eabi.  The board names its core in FOTA_CPU.
set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR arm)
set(CMAKE_C_COMPILER arm-none-eabi-gcc)
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
set(CMAKE_C_FLAGS_INIT "-mcpu=${FOTA_CPU} -mthumb -ffunction-sections -fdata-sections -g")
set(CMAKE_C_FLAGS_RELEASE "-Os" CACHE STRING "")
set(CMAKE_EXE_LINKER_FLAGS_INIT "-nostartfiles -Wl,--gc-sections")
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES FOTA_CPU)
