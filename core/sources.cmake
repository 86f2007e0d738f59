# The files of core/, for every build system that can read this.  err_text.c links apart: a device
# may leave the texts out.
set(FOTA_CORE_SOURCES
  err.c
  crc32.c
  sha256.c
  flash.c
  model.c
  rangedec.c
  delta.c
  delta_bytes.c
  delta_ops.c
  delta_map.c
  delta_words.c
  thumb.c
  isa.c
  isa_aarch64.c
  isa_arm.c
  isa_riscv.c
  isa_xtensa.c
  app.c
  app_standard.c
  app_trial.c
  at_line.c
  at_client.c
  at_client_answer.c
  at_client_reply.c
  at_client_talk.c
  at_client_transfer.c
  at_client_update.c
  at_fetch.c
  at_fetch_steps.c
  at_fetch_tcp.c
  at_server.c
  at_server_answer.c
  at_server_basic.c
  package.c
  package_choice.c
  profile.c
  profile_check.c
  sign.c
  record_store.c
  identity.c
  image_hash.c
  staging.c
  tcp_answer.c
  trial.c
  journal.c
  package_check.c
  updater.c
  updater_end.c
  updater_source.c
  updater_unit.c
  boot.c)

# What each program of a device needs; all paths absolute.
function(fota_core_part variable regex)
  set(part ${FOTA_CORE_SOURCES})
  list(FILTER part INCLUDE REGEX "${regex}")
  list(TRANSFORM part PREPEND "${CMAKE_CURRENT_FUNCTION_LIST_DIR}/")
  set(${variable} ${part} PARENT_SCOPE)
endfunction()
fota_core_part(FOTA_BOOT_SOURCES "^(boot|updater.*|delta.*|model|rangedec|thumb|isa.*)\\.c$")
fota_core_part(FOTA_CLIENT_SOURCES "^(at_client.*|at_fetch.*|tcp_answer)\\.c$")
fota_core_part(FOTA_ALL_SOURCES ".")
set(FOTA_APP_SOURCES ${FOTA_ALL_SOURCES})
list(REMOVE_ITEM FOTA_APP_SOURCES ${FOTA_BOOT_SOURCES} ${FOTA_CLIENT_SOURCES})
set(FOTA_TEXT_SOURCES "${CMAKE_CURRENT_LIST_DIR}/err_text.c")
