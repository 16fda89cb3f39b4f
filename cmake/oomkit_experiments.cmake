# The experiments of `oom lab`, in the order in which they are told, and the source file
# that holds their texts: the program carries them with it and needs no file at run time.
set(oomkit_experiments
  v1-limit v1-oom-control v1-512k v1-eventfd v1-pressure-level
  v2-limit v2-oom-group-0 v2-oom-group-1 v2-high v2-low-min v2-swap-max
  global-no-swap global-swap thrash order fork-bomb percent-host percent-memcg
  overcommit-0 overcommit-1 overcommit-2-ratio overcommit-2-kbytes
  allocating-task-0 allocating-task-1 adj oom-adj child vfork sysrq-f
  panic-0 panic-1 panic-2 dump-tasks-off
  cpuset mempolicy
  socket-memory tmpfs page-tables slab kernel-module-give-back kernel-module-keep
  avoidance-none avoidance-overcommit-off avoidance-swap-on avoidance-scores
  avoidance-allocating-task
  coredump coredump-hook)

set(oomkit_experiment_texts ${PROJECT_BINARY_DIR}/experiment_texts.cc)
list(TRANSFORM oomkit_experiments PREPEND ${PROJECT_SOURCE_DIR}/experiments/
  OUTPUT_VARIABLE oomkit_experiment_files)
list(TRANSFORM oomkit_experiment_files APPEND .toml)
add_custom_command(
  OUTPUT ${oomkit_experiment_texts}
  COMMAND ${CMAKE_COMMAND} -DOUTPUT=${oomkit_experiment_texts}
    -DFOLDER=${PROJECT_SOURCE_DIR}/experiments "-DNAMES=${oomkit_experiments}"
    -P ${PROJECT_SOURCE_DIR}/cmake/embed_experiments.cmake
  DEPENDS ${oomkit_experiment_files} ${PROJECT_SOURCE_DIR}/cmake/embed_experiments.cmake
  VERBATIM)
